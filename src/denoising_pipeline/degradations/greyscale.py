"""Colour that is lost."""

from typing import Literal

import numpy as np

from denoising_pipeline.degradations.base import Degradation
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.luma import LUMA, luma


class Greyscale(Degradation):
    """What a black and white photograph keeps: the luma of ITU-R BT.601, in one channel."""

    name: Literal["greyscale"] = "greyscale"

    def out_channels(self, channels: int) -> int:
        """Return 1; what the images have is not looked at."""
        return 1

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images; see `Degradation.apply`. Grey images stay as they are."""
        return luma(clean) if clean.shape[-1] == len(LUMA) else np.array(clean)
