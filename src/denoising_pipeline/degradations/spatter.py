"""Drops on the lens."""

from typing import Literal

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.special import ndtri

from denoising_pipeline.degradations.base import Graded
from denoising_pipeline.images.arrays import Images

SHARE = 0.25
"""Of the image that drops cover at severity 1."""

SIGMA = 1.0
"""Standard deviation in pixels of the blur that makes drops of white noise."""


class Spatter(Graded):
    """Cover up to a quarter of the image with opaque drops of 0.75.

    Drops lie where a blurred random field is above the quantile that leaves this share.
    """

    name: Literal["spatter"] = "spatter"

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images; see `Degradation.apply`."""
        white = generator.standard_normal(clean.shape[:3], dtype=np.float32)
        fields = gaussian_filter(white, (0, SIGMA, SIGMA), mode="wrap")
        # White noise after a Gaussian of s pixels has a standard deviation of 1 / (2 s sqrt(pi)).
        highest = ndtri(1 - SHARE * self.severity) / (2 * SIGMA * np.sqrt(np.pi))
        return np.where(fields[..., np.newaxis] > highest, np.float32(0.75), clean)
