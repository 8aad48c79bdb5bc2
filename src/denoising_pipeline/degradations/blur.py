"""An image out of focus."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field
from scipy.ndimage import gaussian_filter

from denoising_pipeline.degradations.base import Degradation
from denoising_pipeline.images.arrays import Images


class Blur(Degradation):
    """Every pixel becomes the mean of its surroundings, weighted by a Gaussian.

    With `varied` the spread of each image is uniform from 0 to `spread`, so that a denoiser learns
    to leave sharp what is sharp.
    """

    level: ClassVar[str] = "spread"

    name: Literal["blur"] = "blur"
    spread: float = Field(default=1.0, ge=0, le=16, description="standard deviation in pixels")
    varied: bool = Field(default=False, description="another one for each image, at most `spread`")

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images; see `Degradation.apply`."""
        blurred = np.empty_like(clean)
        shares = generator.random(len(clean)) if self.varied else np.ones(len(clean))
        for image, spread, result in zip(clean, self.spread * shares, blurred, strict=True):
            gaussian_filter(image, (spread, spread, 0), output=result, mode="nearest")
        return np.clip(blurred, 0, 1, out=blurred)
