"""Small pictures of a large one, before and after, for people to compare."""

import io
import math

import numpy as np
from PIL import Image
from scipy.ndimage import uniform_filter

from denoising_pipeline.batch.results import Thumbnails
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.pixels import turned

MOST_PICTURED = 100
"""Files that a report shows pictures of: what is kept for it does not grow with the folder."""

WHOLE, CROP = 480, 320
"""Longest side of a whole picture and of a part of it, in pixels."""

_BRIGHT, _DARK = 0.9, 0.2
_SEEN = 99.5
_LOOKED_AT = 10**6


def pictured(files: int) -> set[int]:
    """Return the positions of the files that are shown: all, or `MOST_PICTURED` evenly spread."""
    count = min(files, MOST_PICTURED)
    return {round(position * (files - 1) / max(1, count - 1)) for position in range(count)}


def make_thumbnails(before: Images, after: Images, orientation: int = 1) -> Thumbnails:
    """Make the pictures of one page that a report shows.

    The part that is cut out is the one with the most detail. What is darker than a fifth of white
    is shown brighter.

    Args:
        before: float32 (H, W, C) in [0, 1], C in {1, 3}.
        after: Likewise, denoised.
        orientation: 1 to 8, as EXIF has it: both are turned upright.
    """
    before, after = turned(before, orientation), turned(after, orientation)
    brightness = _brightness(before)
    factor = max(1, max(before.shape[:2]) // (2 * WHOLE))
    small = [_averaged(image, factor) for image in (before, after)]
    height, width = before.shape[:2]
    high, wide = min(CROP, height), min(CROP, width)
    top, left = _detailed(small[1], (height, width), (high, wide))
    part = np.s_[top : top + high, left : left + wide]
    wholes = [_whole(image * brightness) for image in small]
    parts = [_encoded(levels(image[part] * brightness), "PNG") for image in (before, after)]
    return Thumbnails(
        wholes[0],
        wholes[1],
        parts[0],
        parts[1],
        crop_place=(left / width, top / height, wide / width, high / height),
        brightness=float(brightness),
    )


def levels(image: Images) -> Image.Image:
    """Return an image of 8 bits, grey or RGB, of floats (H, W, C) on [0, 1]; they are clipped."""
    found = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
    return Image.fromarray(found[..., 0] if found.shape[-1] == 1 else found)


def _brightness(image: Images) -> np.float32:
    step = math.isqrt(max(1, image.shape[0] * image.shape[1] // _LOOKED_AT))
    bright = float(np.percentile(image[::step, ::step], _SEEN))
    if not 0 < bright < _DARK:
        return np.float32(1)
    return np.float32(f"{_BRIGHT / bright:.2g}")


def _averaged(image: Images, factor: int) -> Images:
    """Average squares of pixels; a row of them at a time, so that no copy is made of the whole."""
    height, width, channels = image.shape
    high, wide = min(factor, height), min(factor, width)
    small = np.empty((height // high, width // wide, channels), np.float32)
    for row in range(len(small)):
        strip = image[row * high : (row + 1) * high, : small.shape[1] * wide]
        small[row] = strip.reshape(high, -1, wide, channels).mean(axis=(0, 2))
    return small


def _detailed(small: Images, size: tuple[int, int], part: tuple[int, int]) -> tuple[int, int]:
    """Return the row and column where the part of an image begins that has the most edges.

    Args:
        small: The image, made smaller.
        size: Height and width of the image itself.
        part: Of the part; no larger.
    """
    grey = small.mean(axis=2)
    edges = np.zeros_like(grey)
    edges[:-1] += np.abs(np.diff(grey, axis=0))
    edges[:, :-1] += np.abs(np.diff(grey, axis=1))
    scale = np.divide(grey.shape, size)
    window = np.maximum(1, np.rint(part * scale).astype(int))
    detail = uniform_filter(np.sqrt(edges), tuple(window), mode="constant")
    inside = detail[
        tuple(slice(w // 2, s - (w - 1) // 2) for w, s in zip(window, grey.shape, strict=True))
    ]
    first = np.unravel_index(np.argmax(inside), inside.shape)
    top, left = (int(place / by) for place, by in zip(first, scale, strict=True))
    return min(top, size[0] - part[0]), min(left, size[1] - part[1])


def _whole(image: Images) -> bytes:
    picture = levels(image)
    picture.thumbnail((WHOLE, WHOLE), Image.Resampling.LANCZOS)
    return _encoded(picture, "JPEG")


def _encoded(picture: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, quality=95, subsampling=0, compress_level=1)
    return file.getvalue()
