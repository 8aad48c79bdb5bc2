"""Uneven light: a lamp that is off centre, a lens that darkens its corners."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from denoising_pipeline.degradations.base import Degradation
from denoising_pipeline.images.arrays import Images


class Shading(Degradation):
    """Light falls off with the square of the distance from its centre: clean * (1 - amount * d^2).

    The centre is drawn in the middle half of each image; d is 1 in the corner that is farthest.
    """

    level: ClassVar[str] = "amount"
    whole_image: ClassVar[bool] = True

    name: Literal["shading"] = "shading"
    amount: float = Field(default=0.6, ge=0, le=1, description="light that the far corner loses")

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images; see `Degradation.apply`."""
        height, width = clean.shape[1:3]
        y, x = generator.uniform(0.25, 0.75, (len(clean), 2)).T[..., np.newaxis]
        down = ((np.arange(height) + 0.5) / height - y) * height
        across = ((np.arange(width) + 0.5) / width - x) * width
        distance = np.square(down)[:, :, np.newaxis] + np.square(across)[:, np.newaxis]
        distance /= distance.max((1, 2), keepdims=True)
        light: Images = (1 - self.amount * distance)[..., np.newaxis].astype(np.float32)
        return clean * light
