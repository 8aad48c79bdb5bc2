"""Photographs made smaller, which takes their own noise and JPEG blocks away."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from denoising_pipeline.images.sets import ImageSet, Window

LARGE = 400_000
"""Pixels above which an image is made smaller."""

LEAST = 100_000
"""Pixels that it must have then."""


def shrunk(images: ImageSet, factors: Sequence[int], *, once: bool = False) -> ImageSet:
    """Average images of more than 0.4 megapixels over squares of n by n pixels.

    Args:
        images: Images of any sizes.
        factors: Each n; a large image gives an image for each that leaves a tenth of a megapixel,
            or, if there is none, for the smallest.
        once: Take only the smallest n that leaves no more than 0.4 megapixels, or the largest.

    Returns:
        A set of uint16, in the order of the images; the same set without factors.
    """
    if not factors:
        return images
    plan = [(i, n) for i in range(len(images)) for n in _factors(images, i, sorted(factors), once)]
    shapes = [(images.shape(i)[0] // n, images.shape(i)[1] // n, images.channels) for i, n in plan]
    return ImageSet.collect((_averaged(images, i, n) for i, n in plan), shapes, np.uint16)


def _factors(images: ImageSet, index: int, factors: Sequence[int], once: bool) -> Sequence[int]:
    height, width, _ = images.shape(index)
    if height * width <= LARGE:
        return [1]
    areas = {n: (height // n) * (width // n) for n in factors}
    if once:
        return [next((n for n in factors if areas[n] <= LARGE), factors[-1])]
    return [n for n in factors if areas[n] >= LEAST] or [factors[0]]


def _averaged(images: ImageSet, index: int, n: int) -> npt.NDArray[np.uint16]:
    height, width, channels = images.shape(index)
    rows, columns = height // n, width // n
    small = np.empty((rows, columns, channels), np.uint16)
    for row in range(rows):
        strip = images.read(index, Window(row * n, 0, n, columns * n))
        means = strip.reshape(n, columns, n, channels).mean(axis=(0, 2))
        small[row] = np.rint(means * np.iinfo(np.uint16).max)
    return small
