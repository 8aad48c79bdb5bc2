"""What a curve around the shipped weights gives, learnt from noisy images alone (Noise2VST).

`pairs NOISY CLEAN`: real noise. `known CLEAN`: noise of photons and of reading, whose variance is
`gain` * signal + (`sigma` / 255)²; once it is drawn, nothing of it is told. Clean images are used
to score, never to learn or to choose.

By default a curve is learnt from each image alone, the image that it is scored on; with
`--together` one curve from all of them. The gain over the shipped weights, which estimate the
noise level, is paired, with a 95 % interval over images. Beside it, of known noise: the same
weights between the curve and its inverse that follow from the true gain and level (the generalized
Anscombe transform of M. Makitalo and A. Foi, 2013, with the simple algebraic inverse).
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from machine import print_table
from own_images import colour, gather, paired
from photos import Image, eight_bits, images, psnr, with_interval

from denoising_pipeline import Denoiser
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.training import NoisyExamples, train
from denoising_pipeline.training.options import TrainingParameters

SEED = 0
EPOCHS = 4


def main() -> None:
    """Learn curves, score and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    kinds = parser.add_subparsers(dest="kind", required=True)
    pairs = kinds.add_parser("pairs")
    pairs.add_argument("noisy", type=Path)
    pairs.add_argument("clean", type=Path)
    known = kinds.add_parser("known")
    known.add_argument("clean", type=Path)
    known.add_argument("--gain", type=float, default=0.05)
    known.add_argument("--sigma", type=float, default=2)
    for kind in (pairs, known):
        kind.add_argument("--every", type=int, default=1, help="take every n-th image")
        kind.add_argument("--first", type=int, help="take so many of these; without: all")
        kind.add_argument("--steps", type=int, default=200)
        kind.add_argument("--patch", type=int, default=64)
        kind.add_argument("--batch", type=int, default=4)
        kind.add_argument("--rate", type=float, default=0.02)
        kind.add_argument("--objective", default="fit_to_noise")
        kind.add_argument("--crop", type=int, default=4096, help="side of the middle that is taken")
        kind.add_argument("--together", action="store_true", help="one curve for all images")
    options = parser.parse_args()
    start = Denoiser.load("photos")
    clean = [colour(image) for image in images(options.clean, None)]
    clean = clean[:: options.every][: options.first]
    if options.kind == "pairs":
        noisy = [colour(image) for image in images(options.noisy, None)]
        noisy = noisy[:: options.every][: options.first]
    else:
        noisy = [with_photons(image, options.gain, options.sigma / 255) for image in clean]
    clean, noisy = ([middle(image, options.crop) for image in row] for row in (clean, noisy))
    columns: dict[str, list[Image]] = {"noisy": noisy}
    columns["photos"] = [start(image[np.newaxis])[0] for image in noisy]
    if options.kind == "known":
        told = options.gain, options.sigma / 255
        columns["photos, the true curve"] = [anscombe(start, image, *told) for image in noisy]
    began = time.perf_counter()
    groups = [range(len(noisy))] if options.together else [[i] for i in range(len(noisy))]
    found: list[Image] = []
    for group in groups:
        fitted = fit(start, gather(noisy, group), options)
        found += [fitted(noisy[i][np.newaxis])[0] for i in group]
    taken = (time.perf_counter() - began) / len(groups)
    columns[options.objective] = found
    scores = {
        name: np.array(
            [psnr(one, eight_bits(image)) for one, image in zip(clean, row, strict=True)]
        )
        for name, row in columns.items()
    }
    rows = [
        [name, with_interval(row.tolist()), paired(row - scores["photos"])]
        for name, row in scores.items()
    ]
    print_table([f"{options.clean}, {len(clean)} images", "PSNR", "over photos"], rows)
    print(f"{taken:.0f} s for a curve, {options.steps} steps of {options.batch} patches")


def fit(start: Denoiser, noisy: ImageSet, options: argparse.Namespace) -> Denoiser:
    """Learn a curve around a denoiser from noisy images."""
    given: dict[str, Any] = {
        "model": {"name": "stabilized", "network": start.architecture.model_dump()},
        "start": "photos",
        "objective": {"name": options.objective},
        "loss": "mse",
        "patch": options.patch,
        "patches_per_epoch": options.batch * max(1, options.steps // EPOCHS),
        "flips": "all",
        "batch_size": options.batch,
        "epochs": EPOCHS,
        "learning_rate": options.rate,
        "weight_decay": 0.0,
        "warmup": 0.03,
        "precision": "float32",
        "keep": "last",
    }
    chosen = TrainingParameters.model_validate(given)
    examples = NoisyExamples(
        noisy,
        seed=SEED,
        patch=chosen.patch,
        patches=chosen.patches_per_epoch,
        flips=chosen.flips,
    )
    ignore = lambda epoch, metrics: None  # noqa: E731
    return train(examples, (noisy, None), chosen, SEED, ignore, start=start)[0]


def middle(image: Image, side: int) -> Image:
    """Return the middle of an image, at most so many pixels high and wide."""
    top, left = (max(0, (size - side) // 2) for size in image.shape[:2])
    return np.ascontiguousarray(image[top : top + side, left : left + side])


def with_photons(clean: Image, gain: float, level: float) -> Image:
    """Return an image with noise of photons and of reading, in 8 bits; grey stays grey."""
    draws = np.random.default_rng(SEED)
    grey = (clean == clean[..., :1]).all()
    seen = clean[..., :1] if grey else clean
    noisy = gain * draws.poisson(seen / gain) + level * draws.standard_normal(seen.shape)
    return colour(eight_bits(noisy.astype(np.float32)))


def anscombe(start: Denoiser, noisy: Image, gain: float, level: float) -> Image:
    """Denoise between the curve of known noise, scaled to [0, 1], and its inverse."""
    added = 3 / 8 + (level / gain) ** 2
    low, high = (2 * np.sqrt(np.maximum(x / gain + added, 0)) for x in (0.0, 1.0))
    stable = 2 * np.sqrt(np.maximum(noisy / gain + added, 0))
    seen = ((stable - low) / (high - low)).astype(np.float32)
    denoised = start(seen[np.newaxis], sigma=float(1 / (high - low)))[0]
    back = gain * (np.square((low + denoised * (high - low)) / 2) - added)
    return np.asarray(back, np.float32)


if __name__ == "__main__":
    main()
