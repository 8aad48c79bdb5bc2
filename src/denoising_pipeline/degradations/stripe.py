"""An inverted stripe."""

from typing import ClassVar, Literal

import numpy as np

from denoising_pipeline.degradations.base import Graded
from denoising_pipeline.images.arrays import Images


class Stripe(Graded):
    """Invert the values in an upright stripe in the middle, up to a quarter of the image wide."""

    whole_image: ClassVar[bool] = True

    name: Literal["stripe"] = "stripe"

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images; see `Degradation.apply`."""
        width = clean.shape[2]
        columns = round(0.25 * self.severity * width)
        start = (width - columns) // 2
        degraded = np.array(clean)
        degraded[:, :, start : start + columns] = 1 - degraded[:, :, start : start + columns]
        return degraded
