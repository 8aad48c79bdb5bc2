"""Impulse noise: some values are lost to white or black."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from denoising_pipeline.degradations.base import Noise
from denoising_pipeline.images.arrays import Images


class SaltAndPepper(Noise):
    """Impulse noise: a value is 1 with probability a s, 0 with a (1 - s), else it is kept.

    a is `amount` and s is `salt`; every value of every channel is drawn by itself. The bipolar
    impulse noise of R. Gonzalez and R. Woods, "Digital Image Processing".
    """

    level: ClassVar[str] = "amount"

    name: Literal["salt_and_pepper"] = "salt_and_pepper"
    amount: float = Field(default=0.2, ge=0, le=1, description="probability of losing a value")
    salt: float = Field(
        default=0.5, ge=0, le=1, description="share of the lost values that are white"
    )

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images; see `Degradation.apply`."""
        draws = generator.random(clean.shape, dtype=np.float32)
        noisy = np.array(clean)
        noisy[draws < self.amount] = 0
        noisy[draws < self.amount * self.salt] = 1
        return noisy
