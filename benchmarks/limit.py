"""How far the default denoiser is from the best that is possible: evidence, on validation images.

All networks see as many training images in all (`--budget`), so that what differs is how many of
them are different ones, or how many weights there are. Test images are not read. The plot is
written beside this file. `limit.md` says what follows from the figures.
"""

import argparse
import json
import tempfile
from itertools import product
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from machine import describe_machine, print_table
from project import in_its_own_process, recipe_parameters, training_images, validation_images
from sklearn.ensemble import HistGradientBoostingRegressor

from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.evaluation.metrics import mse, pooled_psnr, psnr
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.training import CleanExamples, train

HALF = 27_500
TRAININGS: dict[str, tuple[slice, int]] = {
    "a quarter of the images": (slice(0, HALF // 2), 64),
    "an eighth of the images": (slice(0, HALF // 4), 64),
    "first half of the images": (slice(0, HALF), 64),
    "second half of the images": (slice(HALF, 2 * HALF), 64),
    "all images": (slice(0, 2 * HALF), 64),
    "all images, half the width": (slice(0, 2 * HALF), 32),
    "all images, a quarter of the width": (slice(0, 2 * HALF), 16),
}
"""Training images and channels by name; half as many of them enter the bottleneck."""

BY_IMAGES = ["an eighth of the images", "a quarter of the images", "first half of the images"]
BY_WEIGHTS = ["all images, a quarter of the width", "all images, half the width"]
WHOLE = "all images"


def main() -> None:
    """Train, compare and plot."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--budget", type=int, default=110_000, help="images seen by each network")
    parser.add_argument("--only", nargs=2, metavar=("TRAINING", "FOLDER"), help="train one")
    options = parser.parse_args()
    if options.only:
        name, folder = options.only
        print(json.dumps(train_and_denoise(name, Path(folder), options.budget)))
        return
    val_clean, _ = validation_images(recipe_parameters("base").noise_injection.root)
    with tempfile.TemporaryDirectory() as folder:
        facts = {name: in_its_own_process("--only", name, folder) for name in TRAININGS}
        outputs = {name: np.load(Path(folder, f"{name}.npy")) for name in TRAININGS}
        shifted = np.load(Path(folder, "shifted.npy"))
    halves = [outputs["first half of the images"], outputs["second half of the images"]]
    averages = {
        "average of the two halves": (halves[0] + halves[1]) / 2,
        "all images, averaged over shifts of up to 1 pixel": shifted,
        "average of all three": (halves[0] + halves[1] + outputs[WHOLE]) / 3,
    }
    print_table(
        ["denoiser", "images", "weights", "PSNR [dB]", "pooled [dB]"],
        [
            (
                name,
                *((facts[name]["images"], facts[name]["weights"]) if name in facts else ("", "")),
                f"{psnr(val_clean, denoised).mean():.3f}",
                f"{pooled_psnr(mse(val_clean, denoised)):.3f}",
            )
            for name, denoised in (outputs | averages).items()
        ],
    )
    report_disagreement(val_clean, *halves)
    print(f"R² of the residual on held-out images: {headroom(val_clean, outputs[WHOLE]):.4f}")
    plot(facts, {name: float(psnr(val_clean, x).mean()) for name, x in outputs.items()})


def train_and_denoise(name: str, folder: Path, budget: int) -> dict[str, int]:
    """Train one network, write what it makes of the validation images, and describe it."""
    images, channels = TRAININGS[name]
    clean = training_images()[images]
    epochs = round(budget / len(clean))
    changes = [f"training.epochs={epochs}", "training.keep=last"]
    network = [f"widths=[{channels}]", f"code_channels={channels // 2}"]
    changes += [f"training.model.{size}" for size in network]
    parameters = recipe_parameters("base", changes)
    noise, seed = parameters.noise_injection.root, parameters.seed
    val_clean, val_noisy = validation_images(noise)
    few = (val_noisy[:500], val_clean[:500])
    examples = CleanExamples.of(clean, noise, parameters.training, seed)
    denoiser, _ = train(examples, few, parameters.training, seed, lambda epoch, metrics: None)
    np.save(folder / f"{name}.npy", denoiser(val_noisy))
    if name == WHOLE:
        np.save(folder / "shifted.npy", averaged_over_shifts(denoiser, val_noisy))
    return {"images": len(clean), "weights": denoiser.weight_count}


def averaged_over_shifts(denoiser: Denoiser, noisy: Images, pixels: int = 1) -> Images:
    """Return the mean of what the denoiser makes of all shifts of the images, shifted back."""
    shifts = list(product(range(-pixels, pixels + 1), repeat=2))
    total = np.zeros_like(noisy)
    for shift in shifts:
        back = (-shift[0], -shift[1])
        total += np.roll(denoiser(np.roll(noisy, shift, (1, 2))), back, (1, 2))
    return total / np.float32(len(shifts))


def report_disagreement(clean: Images, one: Images, other: Images) -> None:
    """Print what averaging gains, and what it would gain without end.

    MSE(average) = mean MSE - E|f1 - f2|²/4 holds for any two; were their errors about their common
    mean independent and equally large, endless averaging would take E|f1 - f2|²/2.
    """
    mean = float((mse(clean, one) + mse(clean, other)).mean()) / 2
    disagreement = float(mse(one, other).mean())
    for name, share in (("one network", 0.0), ("two", 0.25), ("without end", 0.5)):
        value = mean - share * disagreement
        print(f"Networks of half the images, {name}: pooled {-10 * np.log10(value):.3f} dB")


def headroom(clean: Images, denoised: Images) -> float:
    """Return the R² on held-out images of the residual, regressed on the output around a pixel."""
    border = ((0, 0), (2, 2), (2, 2), (0, 0))
    padded = np.pad(denoised, border)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5), axis=(1, 2))
    features = windows.reshape(len(clean), -1, 25)
    residual = (clean - denoised).reshape(len(clean), -1)
    middle = len(clean) // 2
    some = np.random.default_rng(0).random(residual.shape) < 0.1  # noqa: PLR2004
    fit, held_out = some[:middle], some[middle:]
    model = HistGradientBoostingRegressor(random_state=0)
    model.fit(features[:middle][fit], residual[:middle][fit])
    return float(model.score(features[middle:][held_out], residual[middle:][held_out]))


def plot(facts: dict[str, Any], scores: dict[str, float]) -> None:
    """Draw the scaling curves into `limit.png`."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True, layout="constrained")
    for axis, key, names in zip(axes, ("images", "weights"), (BY_IMAGES, BY_WEIGHTS), strict=True):
        line = [*names, WHOLE]
        places = [facts[n][key] for n in line]
        axis.semilogx(places, [scores[n] for n in line], "o-")
        axis.minorticks_off()
        axis.set_xticks(places, [f"{place:,}" for place in places])
        axis.set(xlabel={"images": "training images", "weights": "weights"}[key])
        axis.grid(alpha=0.3)
    axes[0].set(ylabel="mean PSNR on validation [dB]")
    figure.suptitle("What more images and more weights give, for equal training")
    path = Path(__file__).with_name("limit.png")
    figure.savefig(path, dpi=120)
    print(f"{path.name} drawn on {describe_machine()}")


if __name__ == "__main__":
    main()
