"""Pixels on a grid are hidden from the network, for a curve that makes it fit the noise."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.noise_kinds import CUT, DEPENDENT
from denoising_pipeline.training.batches import Batch
from denoising_pipeline.training.objectives.base import Objective


class FitToNoise(Objective):
    """Every few pixels one becomes the mean of its neighbours, and the output is compared there.

    S. Herbreteau and M. Unser, "Self-Calibrated Variance-Stabilizing Transformations for Real-World
    Image Denoising" (Noise2VST, 2024): the curve of the architecture `stabilized`, a hundred
    numbers around a ready denoiser, is what makes hidden pixels be predicted best. The mask is that
    of J. Batson and L. Royer, "Noise2Self: Blind Denoising by Self-Supervision" (2019). The mean is
    taken before the curve here, and all channels of a pixel are hidden, since grey images have
    three that are equal.

    It assumes noise of zero mean that is independent from pixel to pixel, whose variance is a
    function of the signal. Noise of neighbours in common (JPEG, processed by a camera) tells of the
    hidden pixel, so that too little is taken away; clipping shifts the mean.

    It costs little: minutes, and a few images. What the network does not know of the images at hand
    it does not learn.
    """

    self_supervised: ClassVar[bool] = True
    assumption: ClassVar[str] = (
        "noise that is independent from pixel to pixel and zero on average, and as strong as the "
        "signal has it (S. Herbreteau and M. Unser, Noise2VST, 2024)"
    )
    broken_by: ClassVar[frozenset[str]] = CUT | DEPENDENT

    name: Literal["fit_to_noise"] = "fit_to_noise"
    step: int = Field(default=4, ge=2, le=32, description="pixels from one that is hidden to next")

    def prepare(self, examples: Batch, draws: np.random.Generator) -> Batch:
        """Return images with hidden pixels, and themselves as targets; see `Objective.prepare`.

        Args:
            examples: A batch, whose target is not looked at.
            draws: Where the grid of each image begins.

        Returns:
            The input with means at the hidden pixels, what it was, and a mask of them.
        """
        noisy = examples.input
        mask = np.zeros((*noisy.shape[:3], 1), np.float32)
        begins = draws.integers(0, self.step, (len(mask), 2)).tolist()
        for one, (row, column) in zip(mask, begins, strict=True):
            one[row :: self.step, column :: self.step] = 1
        seen = np.where(mask > 0, _means(noisy), noisy)
        return Batch(seen, noisy, mask, examples.level, examples.level)


def _means(images: Images) -> Images:
    """Return the mean of the four neighbours of each pixel; at the edges they are reflected."""
    around = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), "reflect")
    rows, columns = around[:, :, 1:-1], around[:, 1:-1]
    total: Images = rows[:, :-2] + rows[:, 2:] + columns[:, :, :-2] + columns[:, :, 2:]
    return total * np.float32(0.25)
