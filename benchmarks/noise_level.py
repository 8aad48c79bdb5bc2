"""Noise levels estimated from noisy photographs alone, beside `skimage.restoration.estimate_sigma`.

The first table adds Gaussian noise to every clean image of the folders, as papers do and then
clipped and rounded to 8 bits. An error is (estimate - truth) / truth; where no noise is added the
estimate itself stands there, in 1/255. The second takes pairs of folders with files of the same
order: a noisy shot and its clean mean; the truth is the standard deviation of their difference
within 8x8 pixels, as exposures differ. The third shows how often each warning comes, which is found
by the words that head its columns. Seconds are of CPU, for one image. Folders that are missing are
left out, which is said.
"""

import argparse
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from machine import print_table
from skimage.restoration import estimate_sigma

from denoising_pipeline.core.seeding import generator
from denoising_pipeline.images.blocks import Image, band_sizes, sampled_blocks
from denoising_pipeline.images.files import SUFFIXES, read_image
from denoising_pipeline.images.noise_level import NoiseEstimate, estimate_noise
from denoising_pipeline.pictures.noise_warnings import noise_warnings

NEAR = 0.05
HIGHEST = 75 / 255
"""Noise level up to which `photos` was trained."""

KINDS = (
    "level is not known",
    "looks clean",
    "removed the fine",
    "trained on",
    "correlated",
    "stripes",
    "blocks",
    "values",
)


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path, help="clean images")
    parser.add_argument(
        "--pairs", nargs=2, type=Path, action="append", default=[], metavar=("NOISY", "CLEAN")
    )
    parser.add_argument("--sigmas", type=float, nargs="+", default=[0, 2, 5, 10, 15, 25, 50, 75])
    parser.add_argument("--images", type=int, default=10**6, help="of each folder, at most")
    options = parser.parse_args()
    levels: list[Sequence[object]] = []
    warned: list[Sequence[object]] = []
    for folder in present(options.folders):
        clean = [read(path) for path in files(folder)[: options.images]]
        for rounded in (False, True):
            for sigma in options.sigmas:
                name = f"{folder.name}, {'8 bits' if rounded else 'unclipped'}, {sigma:g}"
                noisy = [added(image, sigma / 255, i, rounded) for i, image in enumerate(clean)]
                row, estimates = compared(noisy, [sigma / 255] * len(noisy))
                levels.append((name, *row))
                warned.append((name, *rates(estimates)))
    pairs: list[Sequence[object]] = []
    for folders in options.pairs:
        if len(list(present(folders))) < len(folders):
            continue
        shots, means = ([read(path) for path in files(f)[: options.images]] for f in folders)
        truth = [within_blocks(a - b) for a, b in zip(shots, means, strict=True)]
        name = f"{folders[0].parent.name}, real noise, {255 * np.median(truth):.1f} (median)"
        row, estimates = compared(shots, truth)
        pairs.append((name, *row))
        warned.append((name, *rates(estimates)))
    columns = [
        "images, noise",
        "this: median error",
        "within 5 %",
        "worst",
        "estimate_sigma: median error",
        "within 5 %",
        "worst",
        "this, seconds",
        "estimate_sigma, seconds",
    ]
    print_table(columns, [*levels, *pairs])
    print_table(["images, noise", *KINDS, "any"], warned)


def present(folders: Iterable[Path]) -> Iterator[Path]:
    """Yield the folders that exist, and name the others."""
    for folder in folders:
        if folder.is_dir():
            yield folder
        else:
            print(f"{folder} is missing and left out.", file=sys.stderr)


def files(folder: Path) -> list[Path]:
    """Return the image files of a folder in the order of their names."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)


def read(path: Path) -> Image:
    """Read an image as float32 (H, W, C) in [0, 1]."""
    pixels = read_image(path)
    scale = np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 1
    return pixels.astype(np.float32) / np.float32(scale)


def added(clean: Image, sigma: float, index: int, rounded: bool) -> Image:
    """Add Gaussian noise, the same for both protocols."""
    noise = generator(0, "noise", index=index).normal(0, sigma, clean.shape)
    noisy = clean + noise
    if rounded:
        noisy = np.rint(np.clip(noisy, 0, 1) * 255) / 255
    return noisy.astype(np.float32)


def within_blocks(difference: Image) -> float:
    """Return the standard deviation within blocks of 8x8 pixels."""
    energy = sampled_blocks(difference, clipped=False).energy.mean((1, 2))
    return float(np.sqrt(np.average(energy, weights=band_sizes())))


def compared(
    noisy: Sequence[Image], truth: Sequence[float]
) -> tuple[Sequence[object], list[NoiseEstimate]]:
    """Estimate all levels in both ways, and return the cells of a row."""
    started = time.process_time()
    estimates = [estimate_noise(image) for image in noisy]
    between = time.process_time()
    others = [float(np.mean(estimate_sigma(image, channel_axis=-1))) for image in noisy]
    ended = time.process_time()
    cells = (
        *errors([estimate.sigma for estimate in estimates], truth),
        *errors(others, truth),
        f"{(between - started) / len(noisy):.2f}",
        f"{(ended - between) / len(noisy):.2f}",
    )
    return cells, estimates


def errors(estimates: Sequence[float], truth: Sequence[float]) -> Sequence[str]:
    """Return median error, share of images within 5 %, and worst error; 1/255 without noise."""
    if not any(truth):
        level = 255 * np.array(estimates)
        return f"{np.median(level):.2f}", f"{(level <= 1).mean():.0%} up to 1", f"{level.max():.2f}"
    error = np.array(estimates) / np.array(truth) - 1
    worst = error[np.abs(error).argmax()]
    return f"{np.median(error):+.1%}", f"{(np.abs(error) <= NEAR).mean():.0%}", f"{worst:+.0%}"


def rates(estimates: Sequence[NoiseEstimate]) -> list[str]:
    """Return how often each warning comes, and how often any but that an image is clean."""
    found = [noise_warnings([estimate], HIGHEST) for estimate in estimates]
    shares = [np.mean([any(kind in line for line in lines) for lines in found]) for kind in KINDS]
    some = np.mean([any("looks clean" not in line for line in lines) for lines in found])
    return [f"{share:.0%}" for share in (*shares, some)]


if __name__ == "__main__":
    main()
