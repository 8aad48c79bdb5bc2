"""A noise of every kind and level, another one for each image."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from denoising_pipeline.arrays import Images
from denoising_pipeline.noise.base import Noise

LOW = 0.2
"""Where low levels end, of the range of levels: sigma 0.2 of Gaussian noise."""


class Blind(Noise):
    """Every image has a noise model and a level of its own, drawn at random.

    What one trains on for a denoiser that is not told the noise (K. Zhang et al., "Beyond a
    Gaussian Denoiser", 2017, train one for a range of levels). The model is `gaussian` with
    probability g, else one of the others, all equally likely. The level is uniform from 0 to
    `strength` times twice that model's default: for Gaussian noise, sigma from 0 to `strength`.
    With `low` above 0.2, low levels of Gaussian noise come more often, each of them equally so.
    """

    level: ClassVar[str] = "strength"

    name: Literal["blind"] = "blind"
    strength: float = Field(default=1.0, ge=0, le=1, description="share of the range of levels")
    gaussian: float = Field(default=0.5, ge=0, le=1, description="share of Gaussian noise")
    low: float = Field(
        default=LOW, ge=0, le=1, description="share of Gaussian noise in the lowest fifth of levels"
    )

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Corrupt a batch of images; see `Noise.apply`.

        Args:
            clean: float32 (N, H, W, C) in [0, 1].
            generator: Source of the random numbers.

        Returns:
            A new float32 array of the same shape, in [0, 1].
        """
        noisy = np.empty_like(clean)
        for i in range(len(clean)):
            noisy[i : i + 1] = self._draw(generator).apply(clean[i : i + 1], generator)
        return noisy

    def _draw(self, generator: np.random.Generator) -> Noise:
        """Return the noise of one image."""
        from denoising_pipeline.noise import NOISES

        others = [name for name in NOISES if name not in {self.name, "gaussian"}]
        is_gaussian = generator.random() < self.gaussian
        other = others[generator.integers(len(others))]
        noise = NOISES["gaussian" if is_gaussian else other]
        largest = 2 * noise.model_fields[noise.level].default
        low = self.low if is_gaussian else LOW
        place = float(np.interp(generator.random(), (0, low, 1), (0, LOW, 1)))
        return noise(**{noise.level: round(self.strength * largest * place, 6)})
