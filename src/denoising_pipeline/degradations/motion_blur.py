"""A camera that moves."""

from typing import Literal

import numpy as np

from denoising_pipeline.degradations.base import Graded
from denoising_pipeline.images.arrays import Images

REACH = 4
"""Pixels from the middle of the motion to its ends."""

STEPS = 17


class MotionBlur(Graded):
    """Average along a straight line of up to 8 pixels, in a direction within 45 degrees of a row.

    The line is taken in steps of half a pixel, and what lies between pixels is interpolated.
    """

    name: Literal["motion_blur"] = "motion_blur"

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images; see `Degradation.apply`."""
        angles = generator.uniform(-np.pi / 4, np.pi / 4, (len(clean), 1))
        steps = np.linspace(-1, 1, STEPS) * REACH * self.severity
        taps = np.arange(-REACH, REACH + 1)
        down, right = (
            np.clip(1 - np.abs((steps * part)[..., np.newaxis] - taps), 0, 1)
            for part in (np.sin(angles), np.cos(angles))
        )
        kernels = np.einsum("nsi,nsj->nij", down, right).astype(np.float32) / STEPS
        sides = (REACH, REACH)
        padded = np.pad(clean, ((0, 0), sides, sides, (0, 0)), mode="edge")
        height, width = clean.shape[1:3]
        blurred = np.zeros(clean.shape, np.float32)
        for row, column in np.ndindex(len(taps), len(taps)):
            weights = kernels[:, row, column, np.newaxis, np.newaxis, np.newaxis]
            blurred += weights * padded[:, row : row + height, column : column + width]
        return np.clip(blurred, 0, 1, out=blurred)
