"""Values that are lost, as a degradation in severities."""

from typing import Literal

import numpy as np

from denoising_pipeline.degradations.base import Graded
from denoising_pipeline.degradations.salt_and_pepper import SaltAndPepper
from denoising_pipeline.images.arrays import Images


class Impulse(Graded):
    """Lose up to 27 % of the values to black and white: `SaltAndPepper`."""

    name: Literal["impulse"] = "impulse"

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images; see `Degradation.apply`."""
        return SaltAndPepper(amount=0.27 * self.severity).apply(clean, generator)
