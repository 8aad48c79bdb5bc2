"""Measuring pairs of batches: checked, in float64, block by block."""

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from denoising_pipeline.images.arrays import Images, Values

Floats: TypeAlias = npt.NDArray[np.float64]
"""What is measured, and what comes of it."""

_BLOCK_VALUES = 250_000
"""Values that are measured at once; it bounds memory and fits caches."""


def per_image(
    measure: Callable[[Floats, Floats], Floats], clean: Images, denoised: Images
) -> Values:
    """Check a pair of batches and measure it in float64, block by block.

    Args:
        measure: From two blocks (n, H, W, C) to n values.
        clean: Floating point (N, H, W, C) in [0, 1].
        denoised: The same shape.

    Returns:
        float64 (N,).

    Raises:
        ValueError: The shapes differ or are not NHWC, or the values are not floating point.
    """
    check_pair(clean, denoised)
    step = max(1, _BLOCK_VALUES // max(1, math.prod(clean.shape[1:])))
    values = np.empty(len(clean))
    for start in range(0, len(clean), step):
        block = slice(start, start + step)
        values[block] = measure(clean[block].astype(np.float64), denoised[block].astype(np.float64))
    return values


def check_pair(clean: Images, denoised: Images) -> None:
    """Check that two batches can be compared.

    Raises:
        ValueError: The shapes differ or are not NHWC, or the values are not floating point.
    """
    if clean.shape != denoised.shape or clean.ndim != 4:  # noqa: PLR2004
        raise ValueError(
            f"clean has the shape {clean.shape} and denoised {denoised.shape}. "
            "Both must be the same (N, H, W, C)."
        )
    for name, images in (("clean", clean), ("denoised", denoised)):
        if not np.issubdtype(images.dtype, np.floating):
            raise ValueError(
                f"{name} is {images.dtype}; metrics take floating point in [0, 1]. "
                "Divide bytes by 255."
            )
