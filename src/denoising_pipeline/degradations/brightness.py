"""Too much light."""

from typing import Literal

import numpy as np

from denoising_pipeline.degradations.base import Graded
from denoising_pipeline.images.arrays import Images


class Brightness(Graded):
    """Add up to 0.5 to every value."""

    name: Literal["brightness"] = "brightness"

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images; see `Degradation.apply`."""
        brighter: Images = np.clip(clean + np.float32(0.5 * self.severity), 0, 1)
        return brighter
