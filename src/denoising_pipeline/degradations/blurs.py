"""Degradations that spread light over neighbouring pixels."""

import numpy as np
from scipy.ndimage import gaussian_filter

from denoising_pipeline.images.arrays import Images

_GLASS_REACH = 2
"""Pixels by which frosted glass displaces a pixel, at most."""

_GLASS_SIGMA = 0.7
"""Standard deviation of its blur in pixels."""

_MOTION_REACH = 4
"""Pixels from the middle of the motion to its ends."""

_MOTION_STEPS = 17


def glass_blur(clean: Images, severity: float, generator: np.random.Generator) -> Images:
    """Look through frosted glass.

    With a probability of `severity` a pixel shows one that lies up to two rows and columns away;
    then all are blurred a little.
    """
    count, height, width, _ = clean.shape
    draws = generator.random((count, 3, height, width))
    offsets = np.rint(_GLASS_REACH * (2 * draws[:, :2] - 1)).astype(np.intp)
    offsets[np.broadcast_to(draws[:, 2:] >= severity, offsets.shape)] = 0
    rows = np.clip(np.arange(height)[:, None] + offsets[:, 0], 0, height - 1)
    columns = np.clip(np.arange(width) + offsets[:, 1], 0, width - 1)
    displaced = clean[np.arange(count)[:, None, None], rows, columns]
    sigma = _GLASS_SIGMA * severity
    return np.clip(gaussian_filter(displaced, (0, sigma, sigma, 0), mode="nearest"), 0, 1)


def motion_blur(clean: Images, severity: float, generator: np.random.Generator) -> Images:
    """Average along a straight line of up to 8 pixels, in a direction within 45 degrees of a row.

    The line is taken in steps of half a pixel, and what lies between pixels is interpolated.
    """
    angles = generator.uniform(-np.pi / 4, np.pi / 4, (len(clean), 1))
    steps = np.linspace(-1, 1, _MOTION_STEPS) * _MOTION_REACH * severity
    taps = np.arange(-_MOTION_REACH, _MOTION_REACH + 1)
    down, right = (
        np.clip(1 - np.abs((steps * part)[..., np.newaxis] - taps), 0, 1)
        for part in (np.sin(angles), np.cos(angles))
    )
    kernels = np.einsum("nsi,nsj->nij", down, right).astype(np.float32) / _MOTION_STEPS
    sides = (_MOTION_REACH, _MOTION_REACH)
    padded = np.pad(clean, ((0, 0), sides, sides, (0, 0)), mode="edge")
    height, width = clean.shape[1:3]
    blurred = np.zeros(clean.shape, np.float32)
    for row, column in np.ndindex(len(taps), len(taps)):
        weights = kernels[:, row, column, np.newaxis, np.newaxis, np.newaxis]
        blurred += weights * padded[:, row : row + height, column : column + width]
    return np.clip(blurred, 0, 1, out=blurred)
