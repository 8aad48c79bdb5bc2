"""Rectangles of one size, cut from images of any sizes."""

import numpy as np

from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet, Window


def patch_count(images: ImageSet, size: int) -> int:
    """Return how many patches cover about as many pixels as all images have, 1 or more."""
    pixels = int(images.shapes[:, :2].prod(1).sum())
    return max(1, round(pixels / size**2))


def random_patches(
    collections: tuple[ImageSet, ...], size: int, count: int, draws: np.random.Generator
) -> tuple[Images, ...]:
    """Cut patches at random places, the same ones from every collection.

    An image is drawn with a probability that is proportional to its area, and then any position in
    it: so every pixel is seen about as often as any other, whatever the size of its image.

    Args:
        collections: Sets of images that belong together, of equal heights and widths.
        size: Height and width of a patch. Images that are smaller are continued by reflection.
        count: Number of patches.
        draws: Where the numbers come from; those of a patch do not depend on how many follow.

    Returns:
        For each collection float32 (count, size, size, C) in [0, 1].
    """
    area = np.cumsum(collections[0].shapes[:, :2].prod(1))
    numbers = draws.random((count, 3))
    chosen = np.searchsorted(area, numbers[:, 0] * area[-1], side="right")
    places = [
        (int(index), _window(collections[0], int(index), size, row, column))
        for index, (row, column) in zip(chosen, numbers[:, 1:], strict=True)
    ]
    return tuple(
        np.stack([cut(images, index, window, size) for index, window in places])
        for images in collections
    )


def centre_patches(images: ImageSet, size: int) -> Images:
    """Cut the patch in the middle of every image.

    Args:
        images: Images of any sizes.
        size: As for `random_patches`.

    Returns:
        float32 (N, size, size, C) in [0, 1].
    """
    every = range(len(images))
    return np.stack([cut(images, i, _window(images, i, size, 0.5, 0.5), size) for i in every])


def cut(images: ImageSet, index: int, window: Window, size: int) -> Images:
    """Read a window, and continue it by reflection at the bottom and the right to a square.

    Args:
        images: Images of any sizes.
        index: Which of them.
        window: At most `size` high and wide; less only where the image is.
        size: Height and width of the result.

    Returns:
        float32 (size, size, C) in [0, 1].
    """
    found = images.read(index, window)
    missing = [(0, size - window.height), (0, size - window.width), (0, 0)]
    return np.pad(found, missing, mode="reflect") if found.shape[:2] != (size, size) else found


def _window(images: ImageSet, index: int, size: int, row: float, column: float) -> Window:
    """Return the window at a place in [0, 1) of all that there are in either direction."""
    height, width, _ = images.shape(index)
    high, wide = min(height, size), min(width, size)
    return Window(int(row * (height - high + 1)), int(column * (width - wide + 1)), high, wide)
