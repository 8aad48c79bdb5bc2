"""Two images of half the size, made of neighbouring pixels of one, are compared."""

from typing import ClassVar, Literal

import numpy as np

from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.noise_kinds import CUT, DEPENDENT
from denoising_pipeline.training.batches import Batch
from denoising_pipeline.training.objectives.base import Objective

NEIGHBOURS = np.array([(0, 1), (1, 0), (0, 2), (2, 0), (1, 3), (3, 1), (2, 3), (3, 2)])
"""Ordered pairs of pixels of a 2x2 cell that lie beside or above each other, row after row."""


class Neighbor2Neighbor(Objective):
    """Of every 2x2 pixels, one goes to the input and a neighbour of it to the target.

    T. Huang et al., "Neighbor2Neighbor: Self-Supervised Denoising from Single Noisy Images" (2021):
    neighbours show nearly the same, each with noise of its own, so that they stand for the two
    shots of Noise2Noise.

    It assumes noise that is independent from pixel to pixel and has a mean of zero: what neighbours
    have in common (correlated noise, stripes, JPEG) is learnt as part of the image, and clipping
    shifts the mean.

    It costs sharpness, since neighbours are not equal and the network learns at half the size. The
    paper takes some of that back by a term that needs the output for the whole image, which an
    objective does not have here; it is left out. A step takes a quarter of the time of one on
    patches of the same size.
    """

    self_supervised: ClassVar[bool] = True
    assumption: ClassVar[str] = (
        "noise that is independent from pixel to pixel and zero on average (T. Huang et al., "
        "Neighbor2Neighbor, 2021)"
    )
    broken_by: ClassVar[frozenset[str]] = CUT | DEPENDENT
    shrink: ClassVar[int] = 2

    name: Literal["neighbor2neighbor"] = "neighbor2neighbor"

    def prepare(self, examples: Batch, draws: np.random.Generator) -> Batch:
        """Return inputs and targets of half the height and width; see `Objective.prepare`.

        Args:
            examples: A batch, whose target is not looked at. A last odd row or column is left out.
            draws: Which neighbours are taken, anew in every cell.

        Returns:
            Input and target, float32 (N, H // 2, W // 2, C).
        """
        cells = _cells(examples.input)
        ways = draws.integers(0, len(NEIGHBOURS), cells.shape[:3])
        shots = (
            np.take_along_axis(cells, NEIGHBOURS[ways, side][..., np.newaxis, np.newaxis], axis=3)
            for side in range(2)
        )
        one, other = (shot[:, :, :, 0] for shot in shots)
        return Batch(one, other, level=examples.level, target_level=examples.level)


def _cells(images: Images) -> Images:
    """Return the 2x2 cells of images, (N, H // 2, W // 2, 4, C)."""
    count, height, width, channels = images.shape
    rows, columns = height // 2, width // 2
    cells = images[:, : 2 * rows, : 2 * columns].reshape(count, rows, 2, columns, 2, channels)
    return cells.swapaxes(2, 3).reshape(count, rows, columns, 4, channels)
