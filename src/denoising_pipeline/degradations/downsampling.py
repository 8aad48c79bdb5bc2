"""An image that was made smaller and larger again."""

from typing import ClassVar, Literal

import numpy as np
from PIL import Image
from pydantic import Field

from denoising_pipeline.degradations.base import Degradation
from denoising_pipeline.images.arrays import Images


class Downsampling(Degradation):
    """Made smaller by averaging and larger again by cubic interpolation (Pillow's box and bicubic).

    At level 1 an image has half its height and width in between, at level 3 a quarter.
    """

    level: ClassVar[str] = "shrink"

    name: Literal["downsampling"] = "downsampling"
    shrink: float = Field(
        default=1.0, ge=0, le=15, description="how many times smaller in each direction, less one"
    )

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images; see `Degradation.apply`. Nothing is random."""
        height, width = clean.shape[1:3]
        small = tuple(max(1, round(side / (1 + self.shrink))) for side in (width, height))
        degraded = np.empty_like(clean)
        for image, result in zip(clean, degraded, strict=True):
            for channel in range(image.shape[-1]):
                whole = Image.fromarray(np.ascontiguousarray(image[..., channel]))
                reduced = whole.resize(small, Image.Resampling.BOX)
                result[..., channel] = reduced.resize((width, height), Image.Resampling.BICUBIC)
        return np.clip(degraded, 0, 1, out=degraded)
