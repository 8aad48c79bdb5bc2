"""How near pictures are to their clean partners, before and after."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, TypedDict, cast

import numpy as np

from denoising_pipeline.batch.results import FileResult, shown
from denoising_pipeline.evaluation.metrics import (
    SSIM_WINDOW,
    mse,
    pooled_psnr,
    ssim,
    student_interval,
)
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.pictures.formats import Picture, PictureError, open_picture
from denoising_pipeline.pictures.formats.samples import Samples

SCORES = {"psnr": ("PSNR [dB]", 2), "ssim": ("SSIM", 4)}
"""What is measured, before and after; its heading and decimals."""


class Scores(TypedDict):
    """What a result says of a file and what became of it; see `FileResult`."""

    psnr_before: float | None
    psnr_after: float | None
    ssim_before: float | None
    ssim_after: float | None


FIELDS = tuple(Scores.__annotations__)

_BLOCK = 2**20
"""Values that are measured at once, so that memory does not grow with a picture."""

_FEWEST_ROWS = 64
_NARROW = 2


class Mean(NamedTuple):
    """A mean over `files`, and the interval that holds it with 95 %."""

    mean: float
    low: float
    high: float
    files: int


def open_partner(picture: Picture, partner: Path, max_pixels: int) -> Picture:
    """Open a clean partner, and see that it can be one.

    Args:
        picture: Whose.
        partner: Its path.
        max_pixels: Of a page at most.

    Raises:
        PictureError: It cannot be read, or is of another size; the sentence goes on from the name
            of the picture.
    """
    with _of_partner(partner):
        clean = open_picture(partner, max_pixels=max_pixels)
    if _sizes(clean) != _sizes(picture):
        raise PictureError(
            f"is of {_extent(picture)}, and its partner '{shown(partner)}' of {_extent(clean)}"
        )
    return clean


def measured(source: Picture, target: Picture, clean: Picture) -> Scores:
    """Measure a picture and what became of it against its clean partner.

    All are seen on one scale, from 0 to 1: that of the partner where they store the same type and
    depth, else each on that of its own type. Values are not clipped to it.

    Args:
        source: As it was.
        target: As it was written.
        clean: The partner, of the same size.

    Returns:
        Means over the pages; SSIM is None where a page is smaller than its window.

    Raises:
        PictureError: One cannot be read, or they have no scale in common.
        OSError: A file is gone.
    """
    found: dict[str, list[float | None]] = {name: [] for name in FIELDS}
    for page in range(clean.pages):
        with _of_partner(clean.name):
            reference = clean.samples(page)
            image = reference.image()
        for when, other in (("before", source), ("after", target)):
            seen = _seen(other.samples(page), reference, other.colour_bits == clean.colour_bits)
            for name, value in zip(SCORES, _compared(image, seen), strict=True):
                found[f"{name}_{when}"].append(value)
    return cast("Scores", {name: _mean(values) for name, values in found.items()})


def means(results: Iterable[FileResult]) -> dict[str, Mean]:
    """Return means over the files that were measured; nothing is kept of each.

    Args:
        results: Of all files.

    Returns:
        For each of `FIELDS`, and for what was gained, as `psnr_gain` and `ssim_gain`, the mean and
        Student's interval of it; without scores, nothing.
    """
    sums: dict[str, _Sums] = defaultdict(_Sums)
    for result in results:
        for name in SCORES:
            before, after = (getattr(result, f"{name}_{when}") for when in ("before", "after"))
            if before is not None and after is not None:
                values = {"before": before, "after": after, "gain": after - before}
                for when, value in values.items():
                    sums[f"{name}_{when}"].add(value)
    return {name: each.mean_interval() for name, each in sums.items()}


def lines_of(found: Mapping[str, Mean]) -> list[str]:
    """Say means as a person reads them, a line for each kind of score."""
    lines = []
    for name, (label, digits) in SCORES.items():
        if f"{name}_gain" in found:
            parts = {when: found[f"{name}_{when}"] for when in ("before", "after", "gain")}
            said = ", ".join(
                f"{when} {each.mean:.{digits}f} ({each.low:.{digits}f} to {each.high:.{digits}f})"
                for when, each in parts.items()
            )
            files = parts["gain"].files
            lines.append(f"{label}, mean of {files} files and 95 % interval: {said}")
    return lines


@dataclass
class _Sums:
    """Sums of values as they come (B. P. Welford, 1962)."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def add(self, value: float) -> None:
        self.count += 1
        off = value - self.mean
        self.mean += off / self.count
        self.squares += off * (value - self.mean)

    def mean_interval(self) -> Mean:
        deviation = math.sqrt(self.squares / max(1, self.count - 1))
        return Mean(*student_interval(self.mean, deviation, self.count), self.count)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


@contextmanager
def _of_partner(name: str | Path) -> Iterator[None]:
    """Say whose fault it is."""
    try:
        yield
    except PictureError as error:
        raise PictureError(f"has a partner of no use: '{shown(name)}' {error}") from error
    except OSError as error:
        said = error.strerror or error
        raise PictureError(f"has a partner that cannot be read: '{shown(name)}': {said}") from error


def _sizes(picture: Picture) -> list[tuple[int, int]]:
    return [picture.size(page) for page in range(picture.pages)]


def _extent(picture: Picture) -> str:
    """Return the distinct sizes of its pages, as people give them, and how many they are."""
    sizes = " and ".join(
        dict.fromkeys(f"{width}x{height} pixels" for height, width in _sizes(picture))
    )
    return f"{picture.pages} pages of {sizes}" if picture.pages > 1 else sizes


def _seen(samples: Samples, clean: Samples, same_depth: bool) -> Images:
    """Return a page on the scale of its clean partner: float32 (H, W, C)."""
    if same_depth and samples.colour.dtype == clean.colour.dtype:
        same = replace(samples, black=clean.black, white=clean.white, bounded=False)
        return same.image()
    for each in (samples, clean):
        dtype = each.colour.dtype
        has_scale = dtype.kind == "b" or (dtype.kind == "u" and dtype.itemsize <= _NARROW)
        if not has_scale and (each.black, each.white) != (0, 1):
            raise PictureError(
                f"and its partner have no scale in common, since one of them holds {dtype} beyond "
                "[0, 1] and the other another type: save both in one type"
            )
    return samples.image()


def _compared(clean: Images, image: Images) -> tuple[float, float | None]:
    """Return PSNR and SSIM, measured in bands of rows; grey counts as equal in all channels."""
    height, width, channels = np.broadcast_shapes(clean.shape, image.shape)
    shape = height, width, channels
    pair = [np.broadcast_to(each, shape)[np.newaxis] for each in (clean, image)]
    rows = max(_FEWEST_ROWS, _BLOCK // (width * channels))
    border = SSIM_WINDOW - 1
    squares = similarity = 0.0
    windows = max(0, height - border) if width >= SSIM_WINDOW else 0
    for top in range(0, height, rows):
        end = min(top + rows, height)
        squares += (end - top) * float(mse(*(each[:, top:end] for each in pair))[0])
        inside = min(end, windows) - top
        if inside > 0:
            band = [each[:, top : top + inside + border] for each in pair]
            similarity += inside * float(ssim(*band)[0])
    found = pooled_psnr(np.array([squares / height]))
    return found, similarity / windows if windows else None
