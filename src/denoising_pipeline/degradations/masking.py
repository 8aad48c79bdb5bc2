"""Missing pixels."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from denoising_pipeline.degradations.base import Noise
from denoising_pipeline.images.arrays import Images


class Masking(Noise):
    """Missing pixels: a pixel is 0 in all its channels with probability `fraction`, else kept.

    So P. Vincent et al. degrade images in "Extracting and Composing Robust Features with Denoising
    Autoencoders" (ICML 2008).
    """

    level: ClassVar[str] = "fraction"

    name: Literal["masking"] = "masking"
    fraction: float = Field(default=0.5, ge=0, le=1, description="probability of losing a pixel")

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images; see `Degradation.apply`."""
        noisy = np.array(clean)
        noisy[generator.random(clean.shape[:-1], dtype=np.float32) < self.fraction] = 0
        return noisy
