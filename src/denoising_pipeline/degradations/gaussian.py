"""Additive white Gaussian noise, clipped."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from denoising_pipeline.degradations.base import Noise
from denoising_pipeline.images.arrays import Images


class Gaussian(Noise):
    """Additive white Gaussian noise: noisy = clip(clean + sigma n, 0, 1), n ~ N(0, 1).

    The noise of F. Chollet, "Building Autoencoders in Keras" (2016), there with sigma 0.5.
    Clipping biases it: half of black gets brighter, half of white gets darker.
    """

    level: ClassVar[str] = "sigma"

    name: Literal["gaussian"] = "gaussian"
    sigma: float = Field(
        default=0.5,
        ge=0,
        le=10,
        description="standard deviation before clipping, on the scale of [0, 1]",
    )

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images; see `Degradation.apply`."""
        noisy = generator.standard_normal(clean.shape, dtype=np.float32)
        noisy *= self.sigma
        noisy += clean
        return np.clip(noisy, 0, 1, out=noisy)
