"""Rectangles of one size, cut from images of any sizes; of recordings strips of their one row."""

import numpy as np
import numpy.typing as npt

from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet, Window

TINY = 1e-6
"""Added to the detail of a place: smooth ones may be drawn, too."""


def patch_count(images: ImageSet, size: int) -> int:
    """Return how many patches cover about as many pixels as all images have, 1 or more."""
    pixels = int(images.shapes[:, :2].prod(1).sum())
    high, wide = patch_shape(images, size)
    return max(1, round(pixels / (high * wide)))


def patch_shape(images: ImageSet, size: int) -> tuple[int, int]:
    """Return height and width of patches: `size`, but one row where all images are one row."""
    return 1 if (images.shapes[:, 0] == 1).all() else size, size


def random_patches(
    collections: tuple[ImageSet, ...],
    size: int,
    count: int,
    draws: np.random.Generator,
    detail: int = 1,
) -> tuple[Images, ...]:
    """Cut patches at random places, the same ones from every collection.

    An image is drawn with a probability that is proportional to its area, and then any position in
    it: so every pixel is seen about as often as any other, whatever the size of its image.

    Smooth places teach little. With `detail` above 1, images are drawn with probabilities that are
    proportional to the root of their area, and of so many places in them one, with a probability
    that is proportional to the mean step between neighbouring pixels in the first collection.

    Args:
        collections: Sets of images that belong together, of equal heights and widths.
        size: Height and width of a patch. Images that are smaller are continued by reflection.
        count: Number of patches.
        draws: Where the numbers come from; those of a patch do not depend on how many follow.
        detail: Places that are looked at for each patch.

    Returns:
        For each collection float32 (count, size, size, C) in [0, 1]; of recordings (count, 1,
        size, C).
    """
    first = collections[0]
    chosen, numbers = _drawn(first, count, draws, detail)
    places = [
        (int(index), _place(first, int(index), size, own[1:]))
        for index, own in zip(chosen, numbers, strict=True)
    ]
    return tuple(
        np.stack([cut(images, index, window, size) for index, window in places])
        for images in collections
    )


def patch_origins(
    images: ImageSet, count: int, draws: np.random.Generator, detail: int = 1
) -> npt.NDArray[np.int64]:
    """Return which image each patch is from that `random_patches` cuts with the same draws, (N,).

    Args:
        images: The first of the collections.
        count: Number of patches.
        draws: Where the numbers come from.
        detail: As for `random_patches`.
    """
    return _drawn(images, count, draws, detail)[0]


def _drawn(
    images: ImageSet, count: int, draws: np.random.Generator, detail: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Draw which image each patch is from, and a row of numbers for each."""
    area = images.shapes[:, :2].prod(1)
    ends = np.cumsum(area if detail == 1 else np.sqrt(area))
    numbers = draws.random((count, 3 if detail == 1 else 2 + 2 * detail))
    return np.searchsorted(ends, numbers[:, 0] * ends[-1], side="right"), numbers


def _place(images: ImageSet, index: int, size: int, numbers: npt.NDArray[np.float64]) -> Window:
    """Return the window at the place that numbers in [0, 1) say: of several, the last one draws."""
    windows = [
        _window(images, index, size, row, column)
        for row, column in numbers[: len(numbers) // 2 * 2].reshape(-1, 2)
    ]
    if len(windows) == 1:
        return windows[0]
    steps = np.cumsum([_mean_step(images.read(index, window)) + TINY for window in windows])
    return windows[int(np.searchsorted(steps, numbers[-1] * steps[-1], side="right"))]


def _mean_step(pixels: Images) -> float:
    return float(sum(np.abs(np.diff(pixels, axis=axis)).mean() for axis in (0, 1)))


def centre_patches(images: ImageSet, size: int) -> Images:
    """Cut the patch in the middle of every image.

    Args:
        images: Images of any sizes.
        size: As for `random_patches`.

    Returns:
        float32 (N, size, size, C) in [0, 1]; of recordings (N, 1, size, C).
    """
    every = range(len(images))
    return np.stack([cut(images, i, _window(images, i, size, 0.5, 0.5), size) for i in every])


def cut(images: ImageSet, index: int, window: Window, size: int) -> Images:
    """Read a window, and continue it by reflection at the bottom and the right to a patch.

    Args:
        images: Images of any sizes.
        index: Which of them.
        window: At most `size` high and wide; less only where the image is.
        size: Height and width of the result, but for recordings.

    Returns:
        float32 (size, size, C) in [0, 1]; of recordings (1, size, C).
    """
    found = images.read(index, window)
    high, wide = patch_shape(images, size)
    missing = [(0, high - window.height), (0, wide - window.width), (0, 0)]
    return np.pad(found, missing, mode="reflect") if found.shape[:2] != (high, wide) else found


def _window(images: ImageSet, index: int, size: int, row: float, column: float) -> Window:
    """Return the window at a place in [0, 1) of all that there are in either direction."""
    height, width, _ = images.shape(index)
    high, wide = min(height, size), min(width, size)
    return Window(int(row * (height - high + 1)), int(column * (width - wide + 1)), high, wide)
