"""A noise of every kind and level, another one for each image."""

from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from denoising_pipeline.arrays import Images
from denoising_pipeline.noise.base import Noise

FIFTH = 0.2
"""What low and high levels each are of the range of levels: sigma 0 to 0.2 and 0.8 to 1."""

Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Blind(Noise):
    """Every image has a noise model and a level of its own, drawn at random.

    What one trains on for a denoiser that is not told the noise (K. Zhang et al., "Beyond a
    Gaussian Denoiser", 2017, train one for a range of levels). The model is `gaussian` with
    probability g, else one of the others, as likely as their weights in `others` say. The level is
    uniform from 0 to `strength` times twice that model's default: for Gaussian noise, sigma from 0
    to `strength`. Of Gaussian noise alone, `low` and `high` draw the lowest and highest fifth of
    levels more or less often; within each of the three ranges levels are equally likely.
    """

    level: ClassVar[str] = "strength"

    name: Literal["blind"] = "blind"
    strength: float = Field(default=1.0, ge=0, le=1, description="share of the range of levels")
    gaussian: float = Field(default=0.5, ge=0, le=1, description="share of Gaussian noise")
    low: float = Field(
        default=FIFTH, ge=0, le=1, description="share of Gaussian noise in the lowest fifth"
    )
    high: float = Field(
        default=FIFTH, ge=0, le=1, description="share of Gaussian noise in the highest fifth"
    )
    others: dict[str, Weight] = Field(
        default={}, description="weight of other noise models by name, 1 for those not named"
    )

    @model_validator(mode="after")
    def _shares_and_weights(self) -> Self:
        if self.low + self.high > 1:
            raise ValueError(
                f"low ({self.low:g}) and high ({self.high:g}) are shares of the same images. "
                "Give shares that sum to 1 or less."
            )
        names = self._other_names()
        if unknown := ", ".join(sorted(self.others.keys() - set(names))):
            raise ValueError(f"others names {unknown}. Give weights to {', '.join(names)} alone.")
        if not any(self._weights()):
            raise ValueError(
                "others leaves no noise model with a weight above 0. Give one such a weight; "
                "for Gaussian noise alone, set gaussian to 1."
            )
        return self

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

        weights = np.cumsum(self._weights())
        is_gaussian = generator.random() < self.gaussian
        other = np.searchsorted(weights, generator.random() * weights[-1], side="right")
        noise = NOISES["gaussian" if is_gaussian else self._other_names()[other]]
        largest = 2 * noise.model_fields[noise.level].default
        low, high = (self.low, self.high) if is_gaussian else (FIFTH, FIFTH)
        place = np.interp(generator.random(), (0, low, 1 - high, 1), (0, FIFTH, 1 - FIFTH, 1))
        return noise(**{noise.level: round(self.strength * largest * float(place), 6)})

    def _other_names(self) -> list[str]:
        from denoising_pipeline.noise import NOISES

        return [name for name in NOISES if name not in {self.name, "gaussian"}]

    def _weights(self) -> list[float]:
        return [self.others.get(name, 1) for name in self._other_names()]
