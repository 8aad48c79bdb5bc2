"""The samples of one page as a file stores them, what a network sees of them, and the way back.

The way back adds what the network has changed to what was stored. So a value that is unchanged
comes back bit by bit, even where float32 could not hold it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.pixels import narrowest

_BLOCK = 2**17
"""Pixels that are converted at once."""

_INKS = 4
_NARROW = 2
"""Bytes of the widest integers that float32 holds; unsigned ones have a range of whole bits."""

_TAIL = 0.1
"""Percent of the values at either end that may lie anywhere, such as hot pixels."""
_LOOKED_AT = 2**20
"""Values that the ends are found by."""


class PictureError(ValueError):
    """A file is no picture that can be used; the sentence goes on from the file's name."""


@dataclass(frozen=True)
class Samples:
    """One page.

    Attributes:
        colour: (H, W, C) of any integer or floating point type: C is 1 (grey), 3 (red, green, blue)
            or 4 (cyan, magenta, yellow, black as amounts of ink).
        black: The stored value that is 0 for a network.
        white: The stored value that is 1; below `black` where a file stores negatives. Stored
            values outside of the two are seen as the nearer one, and are never changed.
        alpha: What is stored of transparency, (H, W), any type; it is never changed.
        visible: (H, W), where `colour` can be seen; elsewhere it is never changed. None:
            everywhere.
        bounded: Whether nothing is seen outside of [0, 1]; not so in a recording.
    """

    colour: npt.NDArray[Any]
    black: float
    white: float
    alpha: npt.NDArray[Any] | None = None
    visible: npt.NDArray[np.bool_] | None = None
    bounded: bool = True

    @cached_property
    def is_grey(self) -> bool:
        """Whether there is one channel, or all that are seen are equal everywhere."""
        stored = self.colour
        if stored.shape[2] == 1:
            return True
        is_float, has_inks = stored.dtype.kind == "f", stored.shape[2] == _INKS
        return all(
            np.array_equal(seen[..., 0], seen[..., channel], equal_nan=is_float)
            for rows in _blocks(stored)
            for every in [_seen(self, rows) if has_inks else stored[rows]]
            for seen in [every if self.visible is None else every[self.visible[rows]]]
            for channel in (1, 2)
        )

    def known(self) -> npt.NDArray[np.bool_] | None:
        """Return where the image shows what is there: seen, and finite; None: everywhere."""
        finite: npt.NDArray[np.bool_] = np.isfinite(self.colour).all(axis=2)
        if not finite.all():
            return finite if self.visible is None else finite & self.visible
        return None if self.visible is None or self.visible.all() else self.visible

    def image(self) -> Images:
        """Return what a network sees: float32 (H, W, C) in [0, 1].

        C is 1 where `is_grey`, else 3; inks are seen as (1 - ink) (1 - black ink). Values that are
        not finite are seen as the nearest that is.
        """
        channels = 1 if self.is_grey else 3
        image = np.empty((*self.colour.shape[:2], channels), np.float32)
        for rows in _blocks(self.colour):
            image[rows] = _seen(self, rows)[..., :channels]
        if self.colour.dtype.kind == "f":
            image = _filled(image)
        return np.clip(image, 0, 1, out=image) if self.bounded else image

    def with_image(self, image: Images) -> "Samples":
        """Return the samples that show another image, rounded to values that the type has.

        Args:
            image: float32, of the shape that `image` returns; it is clipped to [0, 1].

        Returns:
            New samples; equal to these bit by bit where the image is equal to `image()`, where a
            stored value is not finite, and where nothing can be seen.

        Raises:
            ValueError: The image has another shape, or values that are not finite.
        """
        channels = 1 if self.is_grey else 3
        expected = (*self.colour.shape[:2], channels)
        if image.shape != expected:
            raise ValueError(f"The page is {expected} (H, W, C), but its new image {image.shape}.")
        colour = np.empty_like(self.colour)
        for rows in _blocks(self.colour):
            wanted = image[rows]
            if not np.isfinite(wanted).all():
                raise ValueError("The new image has values that are not finite.")
            colour[rows] = _changed(self, rows, np.clip(wanted, 0, 1))
        return replace(self, colour=colour)

    def widened(self, bits: int) -> "Samples":
        """Return unsigned samples of fewer than 8 bits on the range of 8, grey of 1 as truth."""
        if bits == 1 and self.alpha is None and self.colour.shape[2] == 1:
            return replace(self, colour=self.colour.astype(bool))
        if bits >= 8:  # noqa: PLR2004
            return self
        step = np.uint8(255 // (2**bits - 1))
        alpha = None if self.alpha is None else self.alpha * step
        return replace(self, colour=self.colour * step, alpha=alpha)


def scale_of(
    colour: npt.NDArray[Any],
    peak: int | None = None,
    bits: int | None = None,
    usual: int | None = None,
) -> tuple[float, float]:
    """Return which stored values are 0 and 1 for a network.

    Cameras of 10 or 12 bits write files of 16, and few files say so: on the range of their type
    their noise would be a sixteenth of what it is. And one hot pixel is not the range of an image:
    what lies far from all but 0.1 % of the values at either end, by more than these span, lies
    outside.

    Args:
        colour: Samples of a page, (H, W, C).
        peak: The largest value that a file says its integers have; it is believed unless there are
            larger ones.
        bits: Of each unsigned integer, if it is known.
        usual: The bits that integers of 16 have where this denoiser was trained; believed likewise.

    Returns:
        For unsigned integers of 8 bits, and for inks, the range of their type; for those of 16, 0
        and the largest value of the fewest bits, 8 or more, that have room for the image. For
        floating point, 0 and 1 if all finite values lie there. Else the least and the largest of
        the finite values that do not lie outside; of a single value this and 0.

    Raises:
        PictureError: The range is larger than float64 can tell.
    """
    dtype = colour.dtype
    if dtype.kind == "u" and dtype.itemsize <= _NARROW:
        return 0.0, float(_white(colour, peak, bits, usual))
    if dtype.kind == "f":
        finite = np.isfinite(colour)
        low = float(colour.min(where=finite, initial=np.inf))
        high = float(colour.max(where=finite, initial=-np.inf))
        if (low >= 0 and high <= 1) or not finite.any():
            return 0.0, 1.0
    else:
        low, high = float(colour.min()), float(colour.max())
    if not np.isfinite(high - low):
        raise PictureError(
            f"holds values from {low:g} to {high:g}, a range that float64 cannot tell: rescale it"
        )
    low, high = _without_far_ones(colour, low, high)
    return low, high if high > low else float(not low)


def _white(colour: npt.NDArray[Any], peak: int | None, bits: int | None, usual: int | None) -> int:
    full = _largest(bits or 8 * colour.dtype.itemsize)
    largest = int(colour.max(initial=0))
    for told in (peak, usual and _largest(usual)):
        if told and largest <= told <= full:
            return told
    if bits or colour.dtype.itemsize < _NARROW or colour.shape[-1] == _INKS:
        return full
    _, high = _without_far_ones(colour, int(colour.min(initial=full)), largest)
    return _largest(narrowest(high))


def _largest(bits: int) -> int:
    return (1 << bits) - 1


def _without_far_ones(colour: npt.NDArray[Any], low: float, high: float) -> tuple[float, float]:
    """Return the range without values that lie far from nearly all others."""
    values = colour.reshape(-1)
    some = values[:: values.size // _LOOKED_AT | 1].astype(np.float64)
    some = some[np.isfinite(some)]
    if not some.size:
        return low, high
    first, last = np.percentile(some, [_TAIL, 100 - _TAIL])
    with np.errstate(over="ignore"):
        span = last - first
        return (max(low, first - span), min(high, last + span)) if span else (low, high)


def _blocks(colour: npt.NDArray[Any]) -> Iterator[slice]:
    height, width = colour.shape[:2]
    rows = max(_BLOCK // max(width, 1), 1)
    for top in range(0, height, rows):
        yield slice(top, top + rows)


def _precision(dtype: np.dtype[Any]) -> type[np.float32] | type[np.float64]:
    """Return float32 where it holds every value: what is unchanged is then rounded to itself."""
    return np.float32 if dtype.kind in "iu" and dtype.itemsize <= _NARROW else np.float64


def _scaled(samples: Samples, rows: slice) -> npt.NDArray[Any]:
    stored = samples.colour[rows]
    work = _precision(stored.dtype)
    scaled: npt.NDArray[Any] = stored.astype(work)
    if samples.black:
        scaled -= work(samples.black)
    scaled /= work(samples.white - samples.black)
    return scaled


def _seen(samples: Samples, rows: slice) -> Images:
    scaled = _scaled(samples, rows)
    if samples.colour.shape[2] == _INKS:
        with np.errstate(invalid="ignore"):
            scaled = (1 - scaled[..., :3]) * (1 - scaled[..., 3:])
    return scaled.astype(np.float32, copy=False)


def _changed(samples: Samples, rows: slice, wanted: Images) -> npt.NDArray[Any]:
    stored = samples.colour[rows]
    work = _precision(stored.dtype)
    change: npt.NDArray[Any] = np.subtract(wanted, _seen(samples, rows), dtype=work)
    span = work(samples.white - samples.black)
    kept: npt.NDArray[Any] | None = None
    if stored.shape[2] == _INKS:
        values = work(samples.black) + span * _inks(_scaled(samples, rows), wanted.astype(work))
        kept = ~(change.any(axis=2, keepdims=True) & np.isfinite(stored).all(axis=2, keepdims=True))
    else:
        change *= span
        with np.errstate(invalid="ignore"):
            values = stored + change
        if work is np.float64:
            kept = (change == 0) | ~np.isfinite(stored)
        low, high = sorted((samples.black, samples.white))
        outside = (stored < low) | (stored > high)
        if outside.any():
            kept = outside if kept is None else kept | outside
    if samples.visible is not None:
        hidden = ~samples.visible[rows, :, np.newaxis]
        kept = hidden if kept is None else kept | hidden
    low, high = sorted((samples.black, samples.white))
    new = _cast(np.clip(values, work(low), work(high)), stored.dtype)
    return new if kept is None else np.where(kept, stored, new)


def _inks(
    inks: npt.NDArray[np.floating[Any]], wanted: npt.NDArray[np.floating[Any]]
) -> npt.NDArray[np.floating[Any]]:
    """Return inks that show what is wanted, with the black ink left where it leaves room for it."""
    black = np.minimum(inks[..., 3:], 1 - wanted.max(axis=2, keepdims=True))
    paper = np.broadcast_to(1 - black, (*wanted.shape[:2], 3))
    coloured = 1 - np.divide(wanted, paper, out=np.zeros_like(paper), where=paper > 0)
    return np.concatenate([np.where(paper > 0, coloured, inks[..., :3]), black], axis=2)


def _cast(values: npt.NDArray[np.floating[Any]], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    if dtype.kind == "f":
        with np.errstate(over="ignore", invalid="ignore"):
            return values.astype(dtype)
    values = np.rint(values)
    if dtype.itemsize == 8:  # noqa: PLR2004
        values = np.minimum(values, np.nextafter(float(np.iinfo(dtype).max), 0))
    return values.astype(dtype)


def _filled(image: Images) -> Images:
    """Replace what is not finite by the nearest finite value of its channel, or by 0."""
    for channel in range(image.shape[2]):
        plane = image[..., channel]
        wrong = ~np.isfinite(plane)
        if wrong.all():
            plane[:] = 0
        elif wrong.any():
            from scipy import ndimage

            nearest = ndimage.distance_transform_edt(
                wrong, return_distances=False, return_indices=True
            )
            plane[wrong] = plane[tuple(nearest[:, wrong])]
    return image
