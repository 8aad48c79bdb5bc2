"""Dotted lines."""

from typing import ClassVar, Literal

import numpy as np

from denoising_pipeline.degradations.base import Graded
from denoising_pipeline.degradations.zigzag import lines_across
from denoising_pipeline.images.arrays import Images


class DottedLine(Graded):
    """Draw up to three straight lines of white dots, from the left edge to the right one."""

    whole_image: ClassVar[bool] = True

    name: Literal["dotted_line"] = "dotted_line"

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images; see `Degradation.apply`."""
        lines = lines_across(clean.shape[:3], self.severity, generator, height=0.0)
        lines[:, :, np.arange(clean.shape[2]) % 4 > 1] = 0
        return np.maximum(clean, lines[..., np.newaxis])
