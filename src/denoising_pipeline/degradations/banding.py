"""Stripes of a sensor or scanner."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from denoising_pipeline.degradations.base import Degradation
from denoising_pipeline.images.arrays import Images


class Banding(Degradation):
    """Every row, or every column, is lighter or darker by a normal number of its own."""

    level: ClassVar[str] = "sigma"

    name: Literal["banding"] = "banding"
    sigma: float = Field(default=0.1, ge=0, le=1, description="standard deviation of the offsets")
    along: Literal["rows", "columns"] = Field(default="rows", description="how the stripes lie")

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images; see `Degradation.apply`."""
        count, height, width, channels = clean.shape
        lines = (height, 1) if self.along == "rows" else (1, width)
        offsets = generator.standard_normal((count, *lines, channels), np.float32)
        return np.clip(clean + np.float32(self.sigma) * offsets, 0, 1)
