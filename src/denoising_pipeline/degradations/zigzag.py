"""Zigzag lines."""

from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from denoising_pipeline.degradations.base import Graded
from denoising_pipeline.images.arrays import Images

HEIGHT = 3.0
"""Pixels by which a zigzag line swings to each side."""

PERIOD = 8.0
LINES = 3
THICKNESS = 1.5


class Zigzag(Graded):
    """Draw up to three white zigzag lines, from the left edge to the right one."""

    whole_image: ClassVar[bool] = True

    name: Literal["zigzag"] = "zigzag"

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images; see `Degradation.apply`."""
        lines = lines_across(clean.shape[:3], self.severity, generator, HEIGHT)
        return np.maximum(clean, lines[..., np.newaxis])


def lines_across(
    shape: tuple[int, ...], severity: float, generator: np.random.Generator, height: float
) -> npt.NDArray[np.float32]:
    """Return white lines on black: 1 at severity up to a third, 2 up to two thirds, 3.

    A line goes from a random row at the left to one at the right, with smooth edges.

    Args:
        shape: (N, H, W).
        severity: In [0, 1]; no lines at 0.
        generator: Where the random numbers come from.
        height: Pixels by which a triangle wave swings to each side of the line.

    Returns:
        float32 of that shape, in [0, 1].
    """
    count, rows, columns = shape
    ends = generator.random((count, LINES, 2))[:, : int(np.ceil(LINES * severity))] * (rows - 1)
    along = np.arange(columns)
    wave = height * (4 * np.abs(along / PERIOD % 1 - 0.5) - 1)
    share = along / max(1, columns - 1)
    centres = ends[..., :1] * (1 - share) + ends[..., 1:] * share + wave
    distance = np.abs(np.arange(rows)[:, None] - centres[:, :, np.newaxis])
    ink = np.clip(THICKNESS / 2 + 0.5 - distance, 0, 1, dtype=np.float32)
    lines: npt.NDArray[np.float32] = ink.max(1, initial=0)
    return lines
