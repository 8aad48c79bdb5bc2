"""One blind denoiser against specialists of the same size and training, on validation images.

The blind one is trained on every noise model and level (`--env blind`), each specialist on Gaussian
noise of one sigma: by the base recipe, in as many epochs and with the learning rate and weight
decay that fit so many. All are scored on the same noisy validation images; test images are not
read. The blind one is also scored on the default level of every other noise model, without a
specialist.
"""

import argparse
import json

from machine import print_table
from project import in_its_own_process, recipe_parameters, training_images, validation_images

from denoising_pipeline.degradations import NOISES, Noise
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.evaluation.metrics import psnr
from denoising_pipeline.training import CleanExamples, train

SHARED = ("epochs", "learning_rate", "weight_decay")
"""Training options that specialists take from the blind recipe."""

SIGMAS = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
UNSCORED = {"gaussian", "blind"}
SCORED: dict[str, Noise] = {
    **{str(sigma): Gaussian(sigma=sigma) for sigma in SIGMAS},
    **{name: noise(name=name) for name, noise in NOISES.items() if name not in UNSCORED},
}
"""The noise of each row of the table: sigmas, then other noise models."""


def main() -> None:
    """Train the blind denoiser and the specialists, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=55_000, help="training images")
    parser.add_argument("--epochs", type=int, help="instead of the recipe's")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sigmas", type=float, nargs="*", choices=SIGMAS, default=SIGMAS[1:])
    parser.add_argument("--only", choices=["blind", *SCORED], help="train one, in this process")
    options = parser.parse_args()
    if options.only:
        print(json.dumps(scores(options.only, options.images, options.epochs, options.seed)))
        return
    blind = in_its_own_process("--only=blind")
    rows = []
    for name, noise in SCORED.items():
        special = name in map(str, options.sigmas) and in_its_own_process(f"--only={name}")
        both = blind[name], special[name] if special else None
        change = f"{both[0] - both[1]:+.3f}" if both[1] else ""
        noisy = f"{noisy_psnr(noise):.2f}"
        rows.append((noise.describe(), noisy, *(f"{x:.2f}" if x else "" for x in both), change))
    print_table(["noise", "noisy [dB]", "blind [dB]", "specialist [dB]", "blind's gain"], rows)


def scores(name: str, images: int, epochs: int | None, seed: int) -> dict[str, float]:
    """Train one denoiser and return its mean PSNR on validation by noise."""
    changes = [f"training.epochs={epochs}"] if epochs else []
    parameters = recipe_parameters("blind", [*changes, "training.keep=last"])
    if name != "blind":
        shared = {key: getattr(parameters.training, key) for key in (*SHARED, "keep")}
        changes = [f"training.{key}={value}" for key, value in shared.items()]
        parameters = recipe_parameters("base", changes)
    noise = parameters.noise_injection.root if name == "blind" else SCORED[name]
    val_clean, val_noisy = validation_images(noise)
    few = (val_noisy[:200], val_clean[:200])
    clean = training_images()[:images]
    examples = CleanExamples.of(clean, noise, parameters.training, seed)
    denoiser, _ = train(examples, few, parameters.training, seed, lambda epoch, metrics: None)
    names = SCORED if name == "blind" else (name,)
    return {scored: _score(denoiser, SCORED[scored]) for scored in names}


def noisy_psnr(noise: Noise) -> float:
    """Return the mean PSNR of doing nothing."""
    return float(psnr(*validation_images(noise)).mean())


def _score(denoiser: Denoiser, noise: Noise) -> float:
    clean, noisy = validation_images(noise)
    return float(psnr(clean, denoiser(noisy)).mean())


if __name__ == "__main__":
    main()
