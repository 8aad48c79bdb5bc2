"""One image, as a file has it: its channels, its depth, and the way it is turned."""

import math
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from denoising_pipeline.images.luma import LUMA

Pixels: TypeAlias = npt.NDArray[Any]
"""One image, (H, W, C) with C in {1, 3}: uint8 or uint16, which stand for [0, 1] on the whole range
of their type, or float32 in [0, 1]."""

LEAST_BITS = 8
"""Of files of 16 bits: one of fewer is dark, and of no narrower camera."""


def with_channels(pixels: Pixels, channels: int | None) -> Pixels:
    """Return an image with another number of channels and the same type.

    Args:
        pixels: The image.
        channels: 3: grey is repeated. 1: the luma of ITU-R Recommendation BT.601, 0.299 red + 0.587
            green + 0.114 blue of the values as they are, rounded. None: the image as it is.
    """
    if channels is None or channels == pixels.shape[2]:
        return pixels
    if channels > 1:
        return np.repeat(pixels, channels, axis=2)
    luma: Pixels = pixels @ LUMA[:, np.newaxis]
    return (np.rint(luma) if pixels.dtype.kind == "u" else luma).astype(pixels.dtype)


def with_depth(pixels: Pixels, dtype: npt.DTypeLike) -> Pixels:
    """Return an image in a type that has room for every value, on the same scale.

    Args:
        pixels: The image.
        dtype: uint8, uint16 or float32, no narrower than that of the image.
    """
    if pixels.dtype == dtype:
        return pixels
    if np.dtype(dtype) == np.uint16:
        return pixels.astype(np.uint16) * np.uint16(257)
    return (pixels / np.float32(np.iinfo(pixels.dtype).max)).astype(np.float32)


def narrowest(largest: float) -> int:
    """Return the fewest bits, 8 or more, that have room for a value."""
    return max(LEAST_BITS, math.ceil(largest).bit_length())


def widened(pixels: Pixels, bits: int | None) -> Pixels:
    """Return an image of 16 bits, of which it needs fewer, on their whole range.

    Args:
        pixels: The image; of another type it is returned as it is.
        bits: That its largest possible value has; None: 16.
    """
    if pixels.dtype != np.uint16 or bits is None:
        return pixels
    factor = np.iinfo(np.uint16).max / (2**bits - 1)
    return np.rint(pixels * np.float32(factor)).astype(np.uint16)


def turned(pixels: Pixels, orientation: int) -> Pixels:
    """Return an image as it is meant to be seen.

    Args:
        pixels: (H, W, ...) as stored.
        orientation: 1 to 8, of TIFF 6.0, which EXIF has taken over.
    """
    if orientation > 4:  # noqa: PLR2004
        pixels = pixels.swapaxes(0, 1)
    if orientation in {3, 4, 7, 8}:
        pixels = pixels[::-1]
    if orientation in {2, 3, 6, 7}:
        pixels = pixels[:, ::-1]
    return pixels
