"""How well a denoiser does on photographs: known noise by the papers' protocol, and real noise.

Known noise: N(0, sigma / 255) is added to the clean image as floats, from a generator of seed 0 for
each image; once as it is (neither clipped nor rounded, as papers do) and once clipped and rounded
to 8 bits, as files are. The denoiser is not told the level unless `--told` is given. Its output is
rounded to 8 bits; PSNR is over all pixels with a range of 255, and the mean over images.

Real noise (`--pairs NOISY CLEAN`): both folders sorted by name. Beside the denoiser stands
scikit-image's fast non-local means with the estimated level (at least 3/255 where JPEG hides it),
or with that which the denoiser is told; which, and its filtering parameter, is chosen on every
fifth pair, and all scores are of the others, with 95 % intervals of the mean. The gain is the
denoiser's over it, pair by pair.
"""

import argparse
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from machine import print_table
from matplotlib.figure import Figure
from skimage.restoration import denoise_nl_means

from denoising_pipeline import Denoiser
from denoising_pipeline.denoiser.picture import Settings, denoise_page
from denoising_pipeline.denoiser.quality import Prediction
from denoising_pipeline.images.noise_level import UNDER_JPEG, estimate_noise
from denoising_pipeline.pictures.formats import open_picture

Image = npt.NDArray[np.float32]

SUFFIXES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"}

Predictions: TypeAlias = dict[str, list[tuple[Prediction, float]]]
"""By folder, what was predicted of each image, and its true PSNR in dB."""

PUBLISHED = {
    ("set12", 15): "32.37 / 32.75",
    ("set12", 25): "29.97 / 30.43",
    ("set12", 50): "26.72 / 27.32",
    ("bsd68", 15): "31.08 / 31.63",
    ("bsd68", 25): "28.57 / 29.19",
    ("bsd68", 50): "25.60 / 26.29",
    ("cbsd68", 15): "33.52 / 33.87",
    ("cbsd68", 25): "30.71 / 31.21",
    ("cbsd68", 50): "27.38 / 27.96",
    ("kodak24", 15): "34.28 / 34.63",
    ("kodak24", 25): "31.68 to 32.15 / 32.13",
    ("kodak24", 50): "28.46 / 28.98",
}
"""BM3D or CBM3D, and FFDNet, by name of the folder and sigma; as the papers print them."""

H_FACTORS = (0.4, 0.6, 0.8, 1.0, 1.15, 1.3, 1.5, 1.7, 2.0)
"""Of the level, which the filtering parameter of non-local means is chosen from."""


def main() -> None:
    """Score and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path, help="of clean images")
    parser.add_argument("--pairs", nargs=2, type=Path, action="append", default=[])
    parser.add_argument("--model", default="photos", help="name or file of a denoiser")
    parser.add_argument("--sigmas", type=int, nargs="+", default=[15, 25, 50])
    parser.add_argument("--first", type=int, help="images of each folder; without: all")
    parser.add_argument("--told", action="store_true", help="tell the denoiser the level")
    parser.add_argument("--best", action="store_true", help="average eight views")
    parser.add_argument("--plot", type=Path, help="file of a plot of predicted and true PSNR")
    options = parser.parse_args()
    denoiser = Denoiser.load(options.model)
    for folder in chain(options.folders, *options.pairs):
        if not folder.is_dir():
            print(f"{folder} is not there: left out.")
    predictions: Predictions = {}
    known = [
        known_noise(denoiser, folder, sigma, options, predictions)
        for folder in options.folders
        for sigma in options.sigmas
        if folder.is_dir()
    ]
    if known:
        print_table(
            [
                "images",
                "sigma",
                "noisy",
                "unclipped",
                "clipped, 8 bit",
                "of these, within the predicted interval",
                "BM3D / FFDNet, published",
            ],
            known,
        )
    if options.plot:
        reliability(predictions, options.plot)
    real = [
        real_noise(denoiser, noisy, clean, options)
        for noisy, clean in options.pairs
        if noisy.is_dir() and clean.is_dir()
    ]
    if real:
        print_table(["pairs", "scored", "noisy", "non-local means", "denoiser", "gain"], real)


def known_noise(
    denoiser: Denoiser,
    folder: Path,
    sigma: int,
    options: argparse.Namespace,
    predictions: Predictions,
) -> list[str]:
    """Score one folder at one level, and add what was predicted."""
    level = sigma / 255
    settings = Settings(sigma=level if options.told else None, best=options.best)
    scores, within = [], []
    for clean in images(folder, options.first):
        draws = np.random.default_rng(0)
        noisy = clean + np.float32(level) * draws.standard_normal(clean.shape, np.float32)
        rounded = eight_bits(noisy)
        (free, _), (found, page) = (
            denoise_page(seen, denoiser, settings) for seen in (noisy, rounded)
        )
        scores.append(
            [psnr(clean, image) for image in (noisy, eight_bits(free), eight_bits(found))]
        )
        if page.predicted:
            true = psnr(clean, found)
            within.append(page.predicted.low <= true <= page.predicted.high)
            predictions.setdefault(folder.name, []).append((page.predicted, true))
    means = [f"{value:.2f}" for value in np.mean(scores, axis=0)]
    share = f"{np.mean(within):.0%}" if within else ""
    return [folder.name, str(sigma), *means, share, PUBLISHED.get((folder.name.lower(), sigma), "")]


def reliability(predictions: Predictions, file: Path) -> None:
    """Draw true over predicted PSNR of every image, with the interval that was predicted."""
    figure = Figure(figsize=(6.5, 6), dpi=120, layout="constrained")
    axes = figure.subplots()
    ends: list[float] = []
    for (name, found), marker in zip(predictions.items(), "osD^vX*", strict=False):
        expected = np.array([one.psnr for one, _ in found])
        true = np.array([psnr for _, psnr in found])
        below = expected - [one.low for one, _ in found]
        above = np.array([one.high for one, _ in found]) - expected
        held = np.mean([one.low <= psnr <= one.high for one, psnr in found])
        style: dict[str, Any] = {"fmt": marker, "ms": 4, "alpha": 0.7, "elinewidth": 0.4}
        label = f"{name}: {held:.0%} of {len(found)} within the interval"
        axes.errorbar(expected, true, xerr=[below, above], label=label, **style)
        ends += [*expected, *true]
    low, high = min(ends) - 0.5, max(ends) + 0.5
    axes.plot([low, high], [low, high], color="black", linewidth=1)
    axes.set(xlim=(low, high), ylim=(low, high))
    axes.set(xlabel="predicted PSNR and its 90 % interval (dB)", ylabel="true PSNR (dB)")
    axes.legend(fontsize=8)
    figure.savefig(file)


def real_noise(
    denoiser: Denoiser, noisy: Path, clean: Path, options: argparse.Namespace
) -> list[str]:
    """Score pairs, non-local means being calibrated on every fifth."""
    settings = Settings(best=options.best)
    pairs = list(zip(images(noisy, options.first), images(clean, options.first), strict=True))
    calibrating, scored = pairs[::5], [pair for i, pair in enumerate(pairs) if i % 5]
    ways = [(factor, told) for factor in H_FACTORS for told in (False, True)]
    best = max(
        ways,
        key=lambda way: np.mean([psnr(one, non_local(seen, *way)) for seen, one in calibrating]),
    )
    print(f"Non-local means with h = {best[0]} of the level {'told' if best[1] else 'estimated'}.")
    before = [psnr(one, seen) for seen, one in scored]
    filtered = [psnr(one, non_local(seen, *best)) for seen, one in scored]
    denoised = [
        psnr(one, eight_bits(denoise_page(seen, denoiser, settings)[0])) for seen, one in scored
    ]
    gain = np.subtract(denoised, filtered).tolist()
    columns = map(with_interval, (before, filtered, denoised, gain))
    return [noisy.parent.name, str(len(scored)), *columns]


def non_local(noisy: Image, factor: float, told: bool = False) -> Image:
    """Return fast non-local means of 8 bits, for the level that the denoiser is told if `told`."""
    noise = estimate_noise(noisy)
    sigma = noise.told if told else max(noise.sigma, UNDER_JPEG if noise.hidden else 0)
    sigma = max(sigma, 1e-3)
    grey = noisy.shape[2] == 1
    found = denoise_nl_means(
        noisy[..., 0] if grey else noisy,
        patch_size=5,
        patch_distance=6,
        h=factor * sigma,
        sigma=sigma,
        fast_mode=True,
        channel_axis=None if grey else 2,
    )
    return eight_bits(np.asarray(found, np.float32).reshape(noisy.shape))


def images(folder: Path, first: int | None) -> Iterator[Image]:
    """Yield the images of a folder by name, float32 (H, W, C) in [0, 1]."""
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    for path in found[:first]:
        yield open_picture(path).read(0)


def eight_bits(image: Image) -> Image:
    """Clip and round to steps of 1/255."""
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.float32) / np.float32(255)


def psnr(clean: Image, other: Image) -> float:
    """PSNR in dB over all pixels; infinite for equal images."""
    with np.errstate(divide="ignore"):
        return float(-10 * np.log10(np.mean(np.square(clean - other, dtype=np.float64))))


def with_interval(scores: Sequence[float]) -> str:
    """Return the mean and half of its 95 % interval, normal approximation."""
    half = 1.96 * np.std(scores, ddof=1) / np.sqrt(len(scores))
    return f"{np.mean(scores):.2f} ± {half:.2f}"


if __name__ == "__main__":
    main()
