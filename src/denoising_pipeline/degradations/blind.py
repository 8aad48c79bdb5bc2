"""A noise of every kind and level, another one for each image."""

from itertools import pairwise
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from denoising_pipeline.degradations.base import Noise
from denoising_pipeline.images.arrays import Images

Edge = Annotated[float, Field(ge=0, le=1)]
Share = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Blind(Noise):
    """Every image has a noise model and a level of its own, drawn at random.

    What one trains on for a denoiser that is not told the noise (K. Zhang et al., "Beyond a
    Gaussian Denoiser", 2017, train one for a range of levels). The model is `gaussian` with
    probability g, else one of the others, all equally likely. The level is uniform from 0 to
    `strength` times twice that model's default: for Gaussian noise, sigma from 0 to `strength`.

    Of Gaussian noise alone, some levels can be drawn more often than others, by a histogram: the
    range of levels, taken as 1, is cut at `edges`, each part is drawn as often as its share says,
    and within a part levels are uniform.
    """

    level: ClassVar[str] = "strength"

    name: Literal["blind"] = "blind"
    strength: float = Field(default=1.0, ge=0, le=1, description="share of the range of levels")
    gaussian: float = Field(default=0.5, ge=0, le=1, description="share of Gaussian noise")
    edges: Annotated[tuple[Edge, ...], Field(strict=False, min_length=2)] = Field(
        default=(0.0, 1.0), description="ends of the parts of the range of Gaussian levels"
    )
    shares: Annotated[tuple[Share, ...], Field(strict=False)] = Field(
        default=(1.0,), description="how often each part is drawn, relative to the others"
    )

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
        from denoising_pipeline.degradations import NOISES

        others = [name for name in NOISES if name not in {self.name, "gaussian"}]
        is_gaussian = generator.random() < self.gaussian
        other = others[generator.integers(len(others))]
        noise = NOISES["gaussian" if is_gaussian else other]
        largest = 2 * noise.model_fields[noise.level].default
        place = generator.random()
        if is_gaussian:
            drawn = np.cumsum((0.0, *self.shares))
            place = float(np.interp(place * drawn[-1], drawn, self.edges))
        return noise(**{noise.level: round(self.strength * largest * place, 6)})
