"""Frosted glass."""

from typing import Literal

import numpy as np
from scipy.ndimage import gaussian_filter

from denoising_pipeline.degradations.base import Graded
from denoising_pipeline.images.arrays import Images

REACH = 2
"""Pixels by which the glass displaces a pixel, at most."""

SIGMA = 0.7
"""Standard deviation of its blur in pixels."""


class GlassBlur(Graded):
    """Look through frosted glass.

    With a probability of `severity` a pixel shows one that lies up to two rows and columns away;
    then all are blurred a little.
    """

    name: Literal["glass_blur"] = "glass_blur"

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images; see `Degradation.apply`."""
        count, height, width, _ = clean.shape
        draws = generator.random((count, 3, height, width))
        offsets = np.rint(REACH * (2 * draws[:, :2] - 1)).astype(np.intp)
        offsets[np.broadcast_to(draws[:, 2:] >= self.severity, offsets.shape)] = 0
        rows = np.clip(np.arange(height)[:, None] + offsets[:, 0], 0, height - 1)
        columns = np.clip(np.arange(width) + offsets[:, 1], 0, width - 1)
        displaced = clean[np.arange(count)[:, None, None], rows, columns]
        sigma = SIGMA * self.severity
        return np.clip(gaussian_filter(displaced, (0, sigma, sigma, 0), mode="nearest"), 0, 1)
