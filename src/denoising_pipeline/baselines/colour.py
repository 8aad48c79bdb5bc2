"""Colours for grey images without looking at what they show."""

import numpy as np

from denoising_pipeline.baselines.base import Denoise, Known, learning
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.luma import LUMA, luma
from denoising_pipeline.images.sets import ImageSet


@learning("grey image", colours=True)
def grey_image(known: Known) -> Denoise:
    """Leave the image grey."""
    return lambda grey: np.repeat(grey, len(LUMA), axis=-1)


@learning("mean colour", colours=True)
def mean_colour(known: Known) -> Denoise:
    """Add to each pixel what training images have on average beside their luma: a sepia."""
    total, pixels = np.zeros(len(LUMA)), 0
    for _, images in ImageSet.of(known.train_clean).batches():
        chroma = images - luma(images)
        total += chroma.sum(axis=(0, 1, 2), dtype=np.float64)
        pixels += chroma[..., 0].size
    tint = (total / pixels).astype(np.float32)

    def denoise(grey: Images) -> Images:
        tinted: Images = grey + tint
        return tinted

    return denoise
