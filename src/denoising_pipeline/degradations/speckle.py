"""Multiplicative noise, clipped."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from denoising_pipeline.degradations.base import Noise
from denoising_pipeline.images.arrays import Images


class Speckle(Noise):
    """Multiplicative Gaussian noise: noisy = clip(clean + clean sigma n, 0, 1), n ~ N(0, 1).

    The model of coherent imaging (radar, ultrasound) in R. Gonzalez and R. Woods, "Digital Image
    Processing", with Gaussian n. Black stays black.
    """

    level: ClassVar[str] = "sigma"

    name: Literal["speckle"] = "speckle"
    sigma: float = Field(
        default=0.5, ge=0, le=10, description="standard deviation relative to the clean value"
    )

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images; see `Degradation.apply`."""
        noisy = generator.standard_normal(clean.shape, dtype=np.float32)
        noisy *= self.sigma
        noisy *= clean
        noisy += clean
        return np.clip(noisy, 0, 1, out=noisy)
