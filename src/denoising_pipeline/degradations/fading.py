"""A faded print or film."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from denoising_pipeline.degradations.base import Degradation
from denoising_pipeline.images.arrays import Images

LIFT = 0.6
"""How far black is lifted at amount 1, at most."""


class Fading(Degradation):
    """Black is lifted and white is lowered, by other random shares in every channel.

    A value x becomes low + (high - low) x; low is uniform up to 0.6 `amount`, and 1 - high up to
    half of that, so that contrast is lost and colours shift.
    """

    level: ClassVar[str] = "amount"

    name: Literal["fading"] = "fading"
    amount: float = Field(default=0.5, ge=0, le=1, description="0: not at all")

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images; see `Degradation.apply`."""
        shape = (2, len(clean), 1, 1, clean.shape[-1])
        low, lowered = LIFT * self.amount * generator.random(shape, np.float32)
        faded: Images = low + (1 - lowered / 2 - low) * clean
        return np.clip(faded, 0, 1, out=faded)
