"""What each part of the default training, and other sizes of its network, are worth on validation.

Every variant trains on the same images for the same number of passes, in a process of its own, and
is scored on the last 5,000 images of the training file; test images are not read.
"""

import argparse
import json
import sys
from typing import Any

from machine import print_table
from project import in_its_own_process, recipe_parameters, training_images, validation_images

from denoising_pipeline.evaluation.metrics import psnr
from denoising_pipeline.training import CleanExamples, loop, train
from denoising_pipeline.training.optimizers import keras_optimizer
from denoising_pipeline.training.options import TrainingParameters

PARTS: dict[str, list[str]] = {
    "base": [],
    "loss: binary cross-entropy": ["training.loss=binary_crossentropy"],
    "loss: MSE": ["training.loss=mse"],
    "optimizer: Adam": ["training.optimizer=adam"],
    "batches of 64": ["training.batch_size=64"],
    "batches of 16": ["training.batch_size=16"],
    "learning rate 0.002": ["training.learning_rate=0.002"],
    "learning rate 0.008": ["training.learning_rate=0.008"],
    "beta_2 0.999 (Keras's default)": ["training.beta_2=0.999"],
    "no weight decay": ["training.weight_decay=0.0"],
    "constant learning rate": ["training.schedule=constant"],
    "no warm-up": ["training.warmup=0.0"],
    "no gradient clipping": ["training.gradient_clip=null"],
    "gradient clipping at 1": ["training.gradient_clip=1.0"],
    "float32": ["training.precision=float32"],
    "frozen noise": ["training.fresh_noise=false"],
    "shifts of up to 1 pixel": ["training.shift=1"],
    "shifts of up to 2 pixels": ["training.shift=2"],
    "EMA of weights, 0.99 a step": [],
    "EMA of weights, 0.99 a step, constant learning rate": ["training.schedule=constant"],
    "two blocks instead of three": ["training.model.blocks=[2]"],
    "two levels instead of one": [
        "training.model.widths=[64,128]",
        "training.model.blocks=[1,2]",
    ],
    "one value in the bottleneck": ["training.model.latent_dim=1"],
    "gated output": ["training.model.output=gated"],
}
"""Changes by variant, as `kedro run --params` takes them."""

SIZES: dict[str, list[str]] = {
    f"widths {list(widths)}, blocks {list(blocks)}, code_channels {channels}": [
        f"training.model.widths=[{','.join(map(str, widths))}]",
        f"training.model.blocks=[{','.join(map(str, blocks))}]",
        f"training.model.code_channels={channels}",
    ]
    for widths, blocks, channels in (
        ((64, 128), (1, 2), 32),
        ((64, 128), (1, 1), 32),
        ((48, 128), (1, 1), 32),
        ((96, 128), (1, 1), 32),
        ((64, 96), (1, 1), 32),
        ((64, 192), (1, 1), 32),
        ((128, 96), (1, 1), 32),
        ((64, 64), (2, 1), 32),
        ((96, 96), (2, 1), 32),
        ((64, 128), (3, 1), 32),
        ((64, 96), (4, 1), 32),
        ((128, 96), (2, 1), 32),
        ((64,), (3,), 8),
        ((64,), (4,), 8),
        ((96,), (2,), 8),
        ((96,), (2,), 16),
        ((96,), (3,), 8),
        ((128,), (1,), 8),
        ((128,), (2,), 8),
        ((64,), (4,), 16),
        ((96,), (3,), 16),
        ((128,), (2,), 16),
        ((64,), (3,), 16),
        ((64,), (3,), 32),
        ((72,), (3,), 16),
        ((80,), (2,), 16),
    )
}
"""The same for networks of other sizes; the first was the default, that of 64, 3, 32 is it."""

VARIANTS = {**PARTS, **SIZES}


def main() -> None:
    """Train the variants, one after the other, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=13_760, help="training images")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--variants", nargs="*", choices=VARIANTS, default=list(PARTS))
    parser.add_argument("--sizes", action="store_true", help="the networks of other sizes")
    parser.add_argument("--only", choices=VARIANTS, help="train one, in this process")
    options = parser.parse_args()
    if options.only:
        print(json.dumps(score(options.only, options.images, options.epochs)))
        return
    rows: list[tuple[str, ...]] = []
    reference = 0.0
    for name in SIZES if options.sizes else options.variants:
        scores = in_its_own_process("--only", name)
        reference = reference or scores["psnr"]
        change = f"{scores['psnr'] - reference:+.2f}"
        rows.append((name, f"{scores['psnr']:.2f}", change, f"{scores['seconds']:.0f}"))
        print(*rows[-1], sep=", ", file=sys.stderr)
    trained = f"{options.images:,} images, {options.epochs} passes"
    print_table([trained, "val PSNR [dB]", "against base", "seconds"], rows)


def score(name: str, images: int, epochs: int) -> dict[str, Any]:
    """Train one variant and return its mean PSNR on validation and its seconds."""
    if name.startswith("EMA"):
        vars(loop)["keras_optimizer"] = averaging_optimizer
    changes = [f"training.epochs={epochs}", "training.keep=last", *VARIANTS[name]]
    parameters = recipe_parameters("base", changes)
    noise, seed = parameters.noise_injection.root, parameters.seed
    val_clean, val_noisy = validation_images(noise)
    clean = training_images()[:images]
    few = (val_noisy[:1], val_clean[:1])
    examples = CleanExamples.of(clean, noise, parameters.training, seed)
    denoiser, history = train(examples, few, parameters.training, seed, lambda epoch, metrics: None)
    seconds = float(history["seconds"].sum())
    return {"psnr": float(psnr(val_clean, denoiser(val_noisy)).mean()), "seconds": seconds}


def averaging_optimizer(options: TrainingParameters, learning_rate: Any) -> Any:
    """Return the optimizer of the options, which averages the weights as well."""
    optimizer = keras_optimizer(options, learning_rate)
    optimizer.use_ema, optimizer.ema_momentum = True, 0.99
    return optimizer


if __name__ == "__main__":
    main()
