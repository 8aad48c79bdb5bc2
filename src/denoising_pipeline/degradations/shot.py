"""Photons that are counted, as a degradation in severities."""

from typing import Literal

import numpy as np

from denoising_pipeline.degradations.base import Graded
from denoising_pipeline.degradations.poisson import SMALLEST_GAIN, Poisson
from denoising_pipeline.images.arrays import Images


class Shot(Graded):
    """Count photons, down to 3 for white: `Poisson` with a gain of severity / 3."""

    name: Literal["shot"] = "shot"

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images; see `Degradation.apply`."""
        gain = self.severity / 3
        return Poisson(gain=gain if gain >= SMALLEST_GAIN else 0).apply(clean, generator)
