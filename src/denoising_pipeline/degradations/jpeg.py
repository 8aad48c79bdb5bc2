"""Blocks and rings of JPEG."""

from io import BytesIO
from typing import ClassVar, Literal

import numpy as np
from PIL import Image
from pydantic import Field

from denoising_pipeline.degradations.base import Degradation
from denoising_pipeline.images.arrays import Bytes, Images


class Jpeg(Degradation):
    """Stored as JPEG (ITU-T T.81; Pillow's usual tables and subsampling) and read again."""

    level: ClassVar[str] = "loss"

    name: Literal["jpeg"] = "jpeg"
    loss: float = Field(default=0.8, ge=0, le=1, description="0: nothing, 0.8: quality 20")

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images; see `Degradation.apply`. Nothing is random."""
        degraded = np.array(clean)
        if not self.loss:
            return degraded
        quality = max(1, round(100 * (1 - self.loss)))
        for image in degraded:
            pixels = np.rint(image * 255).astype(np.uint8)
            np.divide(stored_as_jpeg(pixels, quality), 255, out=image, dtype=np.float32)
        return degraded


def stored_as_jpeg(pixels: Bytes, quality: int) -> Bytes:
    """Return what is left of (H, W, C), C in {1, 3}, after JPEG of a quality from 1 to 100."""
    file = BytesIO()
    grey = pixels.shape[-1] == 1
    Image.fromarray(pixels[..., 0] if grey else pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file)).reshape(pixels.shape)
