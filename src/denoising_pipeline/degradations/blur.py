"""An image out of focus."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field
from scipy.ndimage import gaussian_filter

from denoising_pipeline.degradations.base import Degradation
from denoising_pipeline.images.arrays import Images


class Blur(Degradation):
    """Every pixel becomes the mean of its surroundings, weighted by a Gaussian."""

    level: ClassVar[str] = "spread"

    name: Literal["blur"] = "blur"
    spread: float = Field(default=1.0, ge=0, le=16, description="standard deviation in pixels")

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images; see `Degradation.apply`. Nothing is random."""
        spread = (0, self.spread, self.spread, 0)
        return np.clip(gaussian_filter(clean, spread, mode="nearest"), 0, 1)
