"""The array types that every part of the project speaks, and the way from one to the other."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Images: TypeAlias = npt.NDArray[np.float32]
"""float32, NHWC, values in [0, 1], C in {1, 3}."""

Bytes: TypeAlias = npt.NDArray[np.uint8]
"""uint8 images (N, H, W) or labels (N,), as a source delivers them."""

Values: TypeAlias = npt.NDArray[np.float64]
"""float64, shape (N,): one value per image."""


def as_images(pixels: Bytes) -> Images:
    """Scale what a source delivers: uint8 (N, H, W) to float32 (N, H, W, 1) in [0, 1]."""
    return np.divide(pixels[..., np.newaxis], np.float32(255), dtype=np.float32)
