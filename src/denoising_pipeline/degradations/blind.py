"""A noise of every kind and level, another one for each image."""

from itertools import pairwise
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from denoising_pipeline.core.options import allowed
from denoising_pipeline.degradations.base import Noise
from denoising_pipeline.images.arrays import Images

Edge = Annotated[float, Field(ge=0, le=1)]
Share = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Blind(Noise):
    """Every image has a noise model and a level of its own, drawn at random.

    What one trains on for a denoiser that is not told the noise (K. Zhang et al., "Beyond a
    Gaussian Denoiser", 2017, train one for a range of levels). The model is `gaussian` with
    probability g, else one of `others`, all equally likely. The level is uniform from 0 to
    `strength` times twice that model's default: for Gaussian noise, sigma from 0 to `strength`.

    Of Gaussian noise alone, some levels can be drawn more often than others, by a histogram: the
    range of levels, taken as 1, is cut at `edges`, each part is drawn as often as its share says,
    and within a part levels are uniform.
    """

    level: ClassVar[str] = "strength"

    name: Literal["blind"] = "blind"
    strength: float = Field(default=1.0, ge=0, le=1, description="share of the range of levels")
    gaussian: float = Field(default=0.5, ge=0, le=1, description="share of Gaussian noise")
    others: Annotated[tuple[str, ...], Field(strict=False, min_length=1)] = Field(
        default=("masking", "poisson", "salt_and_pepper", "speckle"),
        description="noise models that are not Gaussian",
    )
    edges: Annotated[tuple[Edge, ...], Field(strict=False, min_length=2)] = Field(
        default=(0.0, 1.0), description="ends of the parts of the range of Gaussian levels"
    )
    shares: Annotated[tuple[Share, ...], Field(strict=False)] = Field(
        default=(1.0,), description="how often each part is drawn, relative to the others"
    )

    @field_validator("others")
    @classmethod
    def _noise_models(cls, others: tuple[str, ...]) -> tuple[str, ...]:
        from denoising_pipeline.degradations import NOISES

        known = [name for name in NOISES if name not in {"blind", "gaussian"}]
        for name in others:
            if name not in known:
                raise ValueError(f"{name!r} is unknown{allowed(name, known)}")
            largest = _largest_level(NOISES[name])
            try:
                NOISES[name].model_validate({}).at(largest)
            except ValueError:
                raise ValueError(
                    f"{name} does not have the level {largest:g}, twice its default, up to which "
                    "levels are drawn. Leave it out."
                ) from None
        return others

    @model_validator(mode="after")
    def _a_histogram(self) -> Self:
        if len(self.edges) != len(self.shares) + 1:
            raise ValueError(
                f"edges lists {len(self.edges)} numbers and shares {len(self.shares)}. "
                "Give one edge more than shares: each part lies between two edges."
            )
        if any(start >= end for start, end in pairwise(self.edges)):
            raise ValueError("edges do not ascend. Give numbers from 0 to 1, each once, in order.")
        if not any(self.shares):
            raise ValueError("shares leaves no part to draw from. Give one of them more than 0.")
        return self

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images; see `Degradation.apply`."""
        noisy = np.empty_like(clean)
        for i in range(len(clean)):
            noisy[i : i + 1] = self._draw(generator).apply(clean[i : i + 1], generator)
        return noisy

    def _draw(self, generator: np.random.Generator) -> Noise:
        """Return the noise of one image."""
        from denoising_pipeline.degradations import NOISES

        is_gaussian = generator.random() < self.gaussian
        other = self.others[generator.integers(len(self.others))]
        noise = NOISES["gaussian" if is_gaussian else other]
        place = generator.random()
        if is_gaussian:
            drawn = np.cumsum((0.0, *self.shares))
            place = float(np.interp(place * drawn[-1], drawn, self.edges))
        level = round(self.strength * _largest_level(noise) * place, 6)
        return noise.model_validate({noise.level: level})


def _largest_level(noise: type[Noise]) -> float:
    return 2 * float(noise.model_fields[noise.level].default)
