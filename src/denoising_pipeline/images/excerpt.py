"""A few images of a collection, to be kept for showing them."""

import numpy as np

from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet, Window

SIDE = 128
"""Pixels that are taken at most, to each side, of images of different sizes."""


def excerpt(images: Images | ImageSet, count: int) -> Images:
    """Return the first images as an array.

    Args:
        images: The collection.
        count: How many; fewer if there are fewer.

    Returns:
        float32 (n, H, W, C): whole images of an array; of a set the middles, all of one size.
    """
    if not isinstance(images, ImageSet):
        return images[:count]
    sizes = images.shapes[:count, :2]
    height, width = np.minimum(sizes.min(axis=0), SIDE).tolist()
    corners = ((sizes - (height, width)) // 2).tolist()
    windows = [Window(top, left, height, width) for top, left in corners]
    return np.stack([images.read(position, window) for position, window in enumerate(windows)])
