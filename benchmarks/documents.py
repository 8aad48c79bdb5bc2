"""What the recipe `document` gives on scanned text, beside filters that know nothing of it.

Rendered: the test pages of `denoising-pipeline fetch-text` on old paper, as the recipe draws it;
fonts and words are none of those that it learnt from. Real (`--pairs NOISY CLEAN`): both folders
sorted by name. Filters have the hyperparameters that are best by PSNR on pages drawn for
validation; nothing is chosen on what is scored. All is rounded to 8 bits.

PSNR is in dB. F1 is that of the dark pixels (`stroke_f1`). Contrast is the mean of the paper less
that of the strokes, which are the dark pixels of the clean page. The character error rate (CER) is
the edit distance between what tesseract reads, the page doubled in height and width, and the text,
over the length of the text, runs of white space counting as one space. Of a real page nobody has
the text: there, it is what tesseract reads on the clean page. Means over pages with Student's 95 %
intervals; four pages have wide ones.
"""

import argparse
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
from machine import print_table
from photos import Image, eight_bits, images
from PIL import Image as Pillow
from project import recipe_parameters

from denoising_pipeline import Denoiser
from denoising_pipeline.baselines import Denoise, Known, calibrate
from denoising_pipeline.cli.model import model_file
from denoising_pipeline.degradations import draw_noisy
from denoising_pipeline.denoiser.picture import denoise_page
from denoising_pipeline.evaluation.metrics import mean_interval, psnr
from denoising_pipeline.evaluation.strokes import dark, stroke_f1
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.images.text_pages import PAGES, draw_page

FILTERS = ("median filter", "median background", "sauvola")
VALIDATION = range(PAGES["train"], PAGES["train"] + 4)
"""Pages after those that are learnt from."""

COLUMNS = ("PSNR", "F1", "contrast", "CER")
DIGITS = (2, 4, 3, 3)
MOST = (np.inf, 1, 1, np.inf)
"""What each can be at most; none is below 0, and no interval leaves that."""


def main() -> None:
    """Score and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", nargs=2, type=Path, metavar=("NOISY", "CLEAN"))
    parser.add_argument("--model", default="document", help="as denoise takes it")
    parser.add_argument("--save", type=Path, help="folder for the pages")
    options = parser.parse_args()
    if not shutil.which("tesseract"):
        print("tesseract is not installed: there are no character error rates.")
    denoiser = Denoiser.load(model_file(options.model))
    ways: dict[str, Denoise] = {"noisy": np.array, **calibrated_filters()}
    ways["denoised"] = lambda noisy: denoise_page(noisy[0], denoiser)[0][np.newaxis]
    drawn = [draw_page("test", index) for index in range(PAGES["test"])]
    clean = [as_image(page.pixels) for page in drawn]
    report("rendered", degraded(clean, "test"), clean, [page.text for page in drawn], ways, options)
    if options.pairs:
        if missing := [str(folder) for folder in options.pairs if not folder.is_dir()]:
            print(f"{missing[0]} is not there: left out.")
            return
        noisy, clean = (list(images(folder, None)) for folder in options.pairs)
        report("real", noisy, clean, [read(page) for page in clean], ways, options)


def calibrated_filters() -> dict[str, Denoise]:
    """Return the filters with the hyperparameters that are best on validation pages."""
    clean = [as_image(draw_page("train", index).pixels) for index in VALIDATION]
    noisy = gathered(degraded(clean, "val"))
    known = Known(gathered(clean), recipe_parameters("document").noise_injection.root, 0)
    found = {name: calibrate(name, known, noisy, gathered(clean)) for name in FILTERS}
    return {f"{name} {dict(one.hyperparameters)}": one.denoise for name, one in found.items()}


def degraded(clean: Sequence[Image], split: str) -> list[Image]:
    """Return pages as the recipe degrades them, in 8 bits."""
    parameters = recipe_parameters("document")
    noise = parameters.noise_injection.root
    noisy = draw_noisy(gathered(clean), noise, seed=parameters.seed, split=split, epoch=0)
    return [eight_bits(noisy.read(index)) for index in range(len(clean))]


def report(
    name: str,
    noisy: Sequence[Image],
    clean: Sequence[Image],
    texts: Sequence[str],
    ways: Mapping[str, Denoise],
    options: argparse.Namespace,
) -> None:
    """Print the table of some pages."""
    rows = []
    for way, denoise in ways.items():
        found = [eight_bits(denoise(page[np.newaxis])[0]) for page in noisy]
        rows.append([way, *scored(found, clean, texts)])
        if options.save:
            options.save.mkdir(parents=True, exist_ok=True)
            for index, page in enumerate(found):
                file = f"{name}_{index}_{re.sub('[^a-z]+', '_', way)}.png"
                (options.save / file).write_bytes(png(page))
    rows.append(["clean", *scored(clean, clean, texts)])
    print_table([f"{name}, {len(clean)} pages", *COLUMNS], rows)


def scored(found: Sequence[Image], clean: Sequence[Image], texts: Sequence[str]) -> list[str]:
    """Return the mean and interval of each column over pages."""
    scores = []
    for page, reference, text in zip(found, clean, texts, strict=True):
        batch, strokes = reference[np.newaxis], dark(reference[np.newaxis].astype(np.float64))[0]
        scores.append(
            [
                float(psnr(batch, page[np.newaxis])[0]),
                float(stroke_f1(batch, page[np.newaxis])[0]),
                float(page[~strokes].mean() - page[strokes].mean()),
                character_error(read(page), text) if shutil.which("tesseract") else np.nan,
            ]
        )
    columns = zip(np.transpose(scores), DIGITS, MOST, strict=True)
    return [interval(values, digits, most) for values, digits, most in columns]


def interval(values: npt.NDArray[np.float64], digits: int, most: float) -> str:
    """Return the mean with its 95 % interval in brackets; "-" if it was not measured."""
    if np.isnan(values).any():
        return "-"
    mean, low, high = mean_interval(values)
    return f"{mean:.{digits}f} ({max(low, 0):.{digits}f} to {min(high, most):.{digits}f})"


def read(page: Image) -> str:
    """Return what tesseract reads, or nothing where it is missing."""
    if not shutil.which("tesseract"):
        return ""
    command = ["tesseract", "stdin", "stdout", "--psm", "6", "-l", "eng"]
    one_thread = os.environ | {"OMP_THREAD_LIMIT": "1"}
    process = subprocess.run(
        command, input=png(page, 2), capture_output=True, check=True, env=one_thread
    )
    return process.stdout.decode()


def character_error(found: str, text: str) -> float:
    """Return the edit distance (V. Levenshtein, 1966) over the length of the text."""
    one, other = (" ".join(each.split()) for each in (found, text))
    letters = np.array(list(other))
    places = np.arange(len(other) + 1)
    distances = places
    for row, letter in enumerate(one, start=1):
        changed = distances[:-1] + (letters != letter)
        least = np.concatenate([[row], np.minimum(changed, distances[1:] + 1)])
        distances = np.minimum.accumulate(least - places) + places
    return float(distances[-1]) / max(1, len(other))


def png(page: Image, times: int = 1) -> bytes:
    """Return a grey page as a PNG file, enlarged so many times."""
    pixels = Pillow.fromarray(np.rint(page.mean(axis=2) * 255).astype(np.uint8))
    file = BytesIO()
    size = times * pixels.width, times * pixels.height
    pixels.resize(size, Pillow.Resampling.BICUBIC).save(file, "PNG")
    return file.getvalue()


def as_image(pixels: npt.NDArray[np.uint8]) -> Image:
    """Return bytes (H, W) as float32 (H, W, 1) in [0, 1]."""
    return np.divide(pixels[..., np.newaxis], 255, dtype=np.float32)


def gathered(pages: Sequence[Image]) -> ImageSet:
    """Return pages as a set."""
    return ImageSet.collect(iter(pages), [page.shape for page in pages], np.float32)


if __name__ == "__main__":
    main()
