"""Shot noise: light arrives in whole photons."""

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import AfterValidator, Field

from denoising_pipeline.degradations.base import Noise
from denoising_pipeline.images.arrays import Images

SMALLEST_GAIN = 1e-9
"""Below it the noise is under the resolution of float32 and the counts outgrow an integer."""


def _zero_or_visible(gain: float) -> float:
    if 0 < gain < SMALLEST_GAIN:
        raise ValueError(
            f"{gain:g} is too small to be seen. Give 0 for no noise, or {SMALLEST_GAIN:g} or more."
        )
    return gain


class Poisson(Noise):
    """Shot noise: noisy = clip(gain k, 0, 1), k ~ Poisson(clean / gain).

    White is 1 / gain photons. Before clipping the mean is the clean value and the variance is
    gain times the clean value: S. Hasinoff, "Photon, Poisson Noise" (Computer Vision, 2014).
    """

    level: ClassVar[str] = "gain"

    name: Literal["poisson"] = "poisson"
    gain: Annotated[float, AfterValidator(_zero_or_visible)] = Field(
        default=0.1,
        ge=0,
        le=10,
        description="brightness of one photon on the scale of [0, 1]; 0: no noise",
    )

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images; see `Degradation.apply`."""
        if self.gain == 0:
            return np.array(clean)
        noisy = generator.poisson(clean / np.float32(self.gain)).astype(np.float32)
        noisy *= self.gain
        return np.clip(noisy, 0, 1, out=noisy)
