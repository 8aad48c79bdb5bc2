"""How often the predicted PSNR and the warnings of a denoiser are right, on images it has not seen.

Prediction: Gaussian noise of several levels is added to clean images, clipped and rounded to 8 bits
as files are (a generator of seed 0 for each image), and the PSNR that was predicted is held beside
the true one: by folder and level, and by what was predicted; error is the root of its mean square.
`--pairs NOISY CLEAN` does the same with real noise. Intervals are meant to hold nine times of ten;
it is told how many of the images without a prediction, or with a wrong one, had a warning.

Warnings: what they are about is put into the clean images, one thing at a time, and the warning of
that reason is looked for. Images with nothing but Gaussian noise tell how often each is a false
alarm. What else is true of an image, such as that JPEG makes noise correlated, is no false alarm.
"""

import argparse
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
from machine import print_table
from photos import Image, Predictions, eight_bits, images, psnr, reliability
from PIL import Image as Pillow
from scipy.ndimage import gaussian_filter

from denoising_pipeline import Denoiser
from denoising_pipeline.denoiser.picture import denoise_page
from denoising_pipeline.denoiser.quality import Prediction
from denoising_pipeline.images.noise_level import estimate_noise
from denoising_pipeline.pictures.noise_warnings import noise_warnings

Make: TypeAlias = Callable[[Image, np.random.Generator], Image | None]
"""Makes of a clean image one with something in it; None: it cannot be said whether it is in it."""

REASONS = {
    "clean": "looks clean",
    "growing": "grows with brightness",
    "correlated": "correlated",
    "sharpened": "opposite",
    "stripes": "stripes",
    "JPEG blocks": "blocks",
    "hidden by JPEG": "removed the fine",
    "beyond training": "trained on",
    "clipped": "values are black or white",
    "unknown": "level is not known",
}
"""Words that a warning is known by, by its reason."""

ALREADY = frozenset({"clean", "correlated", "sharpened", "hidden by JPEG"})
"""Reasons that speak of an image that was denoised before."""

JPEG = frozenset({"JPEG blocks", "hidden by JPEG"})

BINS = (0, 26, 28, 30, 32, 34, 36, 38, 40, 100)
"""Of predicted PSNR, in dB."""


class Case(NamedTuple):
    """What is put into clean images.

    Attributes:
        name: What people call it.
        make: Puts it in.
        right: The reasons of which one at least has to be told.
        also: Reasons that are true as well.
    """

    name: str
    make: Make
    right: frozenset[str] = frozenset()
    also: frozenset[str] = frozenset()


class Judged(NamedTuple):
    """One image: what was predicted, its true PSNR in dB, and the reasons of its warnings."""

    predicted: Prediction | None
    psnr: float
    reasons: frozenset[str]

    @property
    def within(self) -> bool:
        """Whether the true PSNR is in the interval."""
        return self.predicted is not None and self.predicted.low <= self.psnr <= self.predicted.high


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path, help="of clean images")
    parser.add_argument("--pairs", nargs=2, type=Path, action="append", default=[])
    parser.add_argument("--model", default="photos", help="name or file of a denoiser")
    parser.add_argument("--sigmas", type=int, nargs="+", default=[5, 15, 25, 50, 75])
    parser.add_argument("--every", type=int, default=1, help="take every n-th image of a folder")
    parser.add_argument("--plot", type=Path, help="file of a plot of predicted and true PSNR")
    options = parser.parse_args()
    for folder in chain(options.folders, *options.pairs):
        if not folder.is_dir():
            print(f"{folder} is not there: left out.")
    folders = [folder for folder in options.folders if folder.is_dir()]
    real = [pair for pair in options.pairs if all(folder.is_dir() for folder in pair)]
    if not (folders or real):
        print("Nothing is measured: name folders of clean images, or --pairs NOISY CLEAN.")
        return
    denoiser, every = Denoiser.load(options.model), options.every
    clean = {folder.name: taken(folder, every) for folder in folders}
    found = {
        (name, f"Gaussian, {sigma}"): [
            judged(denoiser, noisy(sigma)(image, np.random.default_rng(0)), image)
            for image in those
        ]
        for name, those in clean.items()
        for sigma in options.sigmas
    }
    for shots, truth in real:
        pairs = zip(taken(shots, every), taken(truth, every), strict=True)
        found[shots.parent.name, "real"] = [judged(denoiser, *pair) for pair in pairs]
    columns = ["images", "noise", "number", "no prediction (of these warned)"]
    columns += ["mean predicted", "mean true", "error", "within the interval"]
    columns += ["outside (of these warned)", "within, yet warned"]
    print_table(columns, [row_of(*key, those) for key, those in found.items()])
    predictions: Predictions = {}
    for (name, _), those in found.items():
        pairs_of = [(one.predicted, one.psnr) for one in those if one.predicted]
        if pairs_of:
            predictions.setdefault(name, []).extend(pairs_of)
    columns = ["predicted", "images", "mean predicted", "mean true", "within the interval"]
    print_table(columns, by_bins(predictions))
    if options.plot:
        reliability(predictions, options.plot)
    together = [image for those in clean.values() for image in those]
    if together:
        columns = ["what was put in", "images", "warned of it", "false alarms", "of what"]
        print_table(columns, [warned(case, together, denoiser) for case in cases(denoiser)])


def taken(folder: Path, every: int) -> list[Image]:
    """Return every n-th image of a folder."""
    return [image for number, image in enumerate(images(folder, None)) if number % every == 0]


def judged(denoiser: Denoiser, noisy: Image | None, clean: Image) -> Judged:
    """Denoise an image, and return what is known of it."""
    assert noisy is not None  # noqa: S101  # only cases of contrast leave images out
    made, page = denoise_page(noisy, denoiser)
    said = noise_warnings([page.noise], denoiser.trained_up_to)
    return Judged(page.predicted, psnr(clean, eight_bits(made)), reasons(said))


def row_of(name: str, noise: str, those: Sequence[Judged]) -> list[str]:
    """Return a row of the table of predictions."""
    known = [each for each in those if each.predicted]
    without = [each for each in those if not each.predicted]
    outside = [each for each in known if not each.within]
    cells = [name, noise, str(len(those)), with_warning(without)]
    if not known:
        return [*cells, *[""] * 6]
    found = np.array([(each.predicted.psnr, each.psnr) for each in known if each.predicted])
    expected, true = found.mean(0)
    alarms = sum(bool(each.reasons) for each in known if each.within)
    return [
        *cells,
        f"{expected:.2f}",
        f"{true:.2f}",
        f"{np.sqrt(np.mean(np.square(found[:, 0] - found[:, 1]))):.2f}",
        f"{np.mean([each.within for each in known]):.0%}",
        with_warning(outside),
        str(alarms),
    ]


def with_warning(those: Sequence[Judged]) -> str:
    """Return how many there are, and how many of them had a warning."""
    return f"{len(those)} ({sum(bool(each.reasons) for each in those)})" if those else "0"


def by_bins(found: Predictions) -> Iterator[list[str]]:
    """Yield a row for each range of predicted PSNR that has images, by folder."""
    for name, pairs in found.items():
        places = np.digitize([one.psnr for one, _ in pairs], BINS)
        for place in sorted(set(places)):
            these = [pair for pair, at in zip(pairs, places, strict=True) if at == place]
            yield [
                f"{name}, {BINS[place - 1]} to {BINS[place]} dB",
                str(len(these)),
                f"{np.mean([one.psnr for one, _ in these]):.2f}",
                f"{np.mean([true for _, true in these]):.2f}",
                f"{np.mean([one.low <= true <= one.high for one, true in these]):.0%}",
            ]


def warned(case: Case, clean: Sequence[Image], denoiser: Denoiser) -> list[str]:
    """Return the row of a case: how often its warning was given, and how often others were."""
    draws = np.random.default_rng(0)
    made = [image for one in clean if (image := case.make(one, draws)) is not None]
    said = [
        reasons(noise_warnings([estimate_noise(image)], denoiser.trained_up_to)) for image in made
    ]
    false = [each - case.right - case.also for each in said]
    counts = Counter(reason for each in false for reason in each)
    hits = str(sum(bool(each & case.right) for each in said)) if case.right else ""
    of_what = ", ".join(f"{reason} {count}" for reason, count in counts.most_common())
    return [case.name, str(len(said)), hits, str(sum(map(bool, false))), of_what]


def reasons(lines: Sequence[str]) -> frozenset[str]:
    """Return which reasons sentences speak of."""
    return frozenset(
        name for name, words in REASONS.items() if any(words in line for line in lines)
    )


def cases(denoiser: Denoiser) -> Iterator[Case]:
    """Yield what is put into clean images."""
    yield Case("nothing", lambda clean, _: clean, frozenset({"clean"}))
    for sigma in (5, 10, 15, 25, 50, 75):
        yield Case(f"Gaussian, {sigma}", noisy(sigma))
    yield Case("Gaussian, 100", noisy(100), frozenset({"beyond training"}))
    for gain in (0.005, 0.02, 0.05):
        yield Case(f"photon noise, gain {gain:g}", photons(gain), frozenset({"growing"}))
    correlation = frozenset({"correlated"})
    for blur in (0.4, 0.6, 0.8, 1):
        name = f"correlated noise, 20: blurred, {blur:g} pixels"
        yield Case(name, correlated(20, blur), correlation)
    for strength in (3, 5, 10):
        name = f"stripes of {strength}, and Gaussian, 10"
        yield Case(name, striped(strength), frozenset({"stripes"}), correlation)
    for quality in (30, 60, 80, 90):
        name = f"Gaussian, 5, then JPEG of quality {quality}"
        yield Case(name, as_jpeg(5, quality), JPEG, ALREADY)
    yield Case("Gaussian, 25, denoised by the network", denoised(denoiser), ALREADY)
    yield Case("Gaussian, 25, blurred by 1 pixel", blurred, ALREADY)
    yield Case(
        "mostly black or white, Gaussian, 15", contrasted(12, most=True), frozenset({"clipped"})
    )
    yield Case("much, not most black or white, Gaussian, 15", contrasted(3, most=False))


def noisy(sigma: float) -> Make:
    """Return what adds Gaussian noise, and rounds."""
    return lambda clean, draws: eight_bits(added(clean, sigma, draws))


def photons(gain: float) -> Make:
    """Return what adds Gaussian noise of variance `gain` times the value, and rounds."""

    def make(clean: Image, draws: np.random.Generator) -> Image:
        level = np.sqrt(np.float32(gain) * clean)
        return eight_bits(clean + level * draws.standard_normal(clean.shape, np.float32))

    return make


def added(clean: Image, sigma: float, draws: np.random.Generator) -> Image:
    """Add Gaussian noise."""
    return clean + np.float32(sigma / 255) * draws.standard_normal(clean.shape, np.float32)


def correlated(sigma: float, blur: float) -> Make:
    """Return what adds Gaussian noise of this standard deviation that was blurred."""

    def make(clean: Image, draws: np.random.Generator) -> Image:
        noise = gaussian_filter(draws.standard_normal(clean.shape, np.float32), (blur, blur, 0))
        return eight_bits(clean + np.float32(sigma / 255) * noise / noise.std())

    return make


def striped(strength: float) -> Make:
    """Return what adds Gaussian noise of 10, and to each row a number of its own."""

    def make(clean: Image, draws: np.random.Generator) -> Image:
        rows = draws.normal(0, strength / 255, (len(clean), 1, 1)).astype(np.float32)
        return eight_bits(added(clean, 10, draws) + rows)

    return make


def as_jpeg(sigma: float, quality: int) -> Make:
    """Return what adds Gaussian noise and then saves as JPEG."""

    def make(clean: Image, draws: np.random.Generator) -> Image:
        pixels = np.rint(255 * eight_bits(added(clean, sigma, draws))).astype(np.uint8)
        shown = Pillow.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
        shown.save(file := io.BytesIO(), "JPEG", quality=quality)
        return np.atleast_3d(np.asarray(Pillow.open(file), np.float32) / np.float32(255))

    return make


def denoised(denoiser: Denoiser) -> Make:
    """Return what adds Gaussian noise of 25 and denoises."""
    return lambda clean, draws: eight_bits(
        denoise_page(eight_bits(added(clean, 25, draws)), denoiser)[0]
    )


def blurred(clean: Image, draws: np.random.Generator) -> Image:
    """Add Gaussian noise of 25 and blur."""
    return eight_bits(gaussian_filter(added(clean, 25, draws), (1, 1, 0)))


def contrasted(gain: float, most: bool) -> Make:
    """Return what raises the contrast, so that most of the values, or fewer, are black or white.

    None: it did not come out so.
    """

    def make(clean: Image, draws: np.random.Generator) -> Image | None:
        made = eight_bits(added((clean - clean.mean()) * gain + np.float32(0.5), 15, draws))
        return made if (np.mean((made <= 0) | (made >= 1)) > 1 / 2) == most else None

    return make


if __name__ == "__main__":
    main()
