"""Missing pieces."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from denoising_pipeline.degradations.base import Degradation
from denoising_pipeline.images.arrays import Images


class Holes(Degradation):
    """Squares that are black in all channels, at random places; they may overlap."""

    level: ClassVar[str] = "share"
    partial: ClassVar[bool] = True

    name: Literal["holes"] = "holes"
    share: float = Field(default=0.1, ge=0, le=1, description="of the image, if none overlapped")
    side: int = Field(default=6, ge=1, le=1024, description="of a square, in pixels")

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images; see `Degradation.apply`."""
        degraded = np.array(clean)
        height, width = clean.shape[1:3]
        count = round(self.share * height * width / self.side**2)
        if self.share:
            count = max(1, count)
        places = generator.random((len(clean), count, 2))
        for image, corners in zip(degraded, places, strict=True):
            for down, right in corners:
                top, left = int(down * (height + self.side)), int(right * (width + self.side))
                rows = slice(max(0, top - self.side), top)
                image[rows, max(0, left - self.side) : left] = 0
        return degraded
