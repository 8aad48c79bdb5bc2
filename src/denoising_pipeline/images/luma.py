"""How bright a colour is."""

import numpy as np

from denoising_pipeline.images.arrays import Images

LUMA = np.array([0.299, 0.587, 0.114])
"""Weights of red, green and blue (ITU-R BT.601)."""


def luma(images: Images) -> Images:
    """Return the luma of colour images, float32 (..., 3), as (..., 1)."""
    found: Images = images @ LUMA.astype(np.float32)
    return found[..., np.newaxis]
