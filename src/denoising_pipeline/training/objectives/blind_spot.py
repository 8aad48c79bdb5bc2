"""Pixels are hidden from the network, which is compared with them."""

from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from denoising_pipeline.images.noise_kinds import CUT, DEPENDENT
from denoising_pipeline.training.batches import Batch
from denoising_pipeline.training.objectives.base import Objective

Mask = npt.NDArray[np.bool_]


class BlindSpot(Objective):
    """Some pixels get the value of one nearby, and the output is compared at these alone.

    A. Krull et al., "Noise2Void - Learning Denoising from Single Noisy Images" (2019): what the
    surroundings tell of a hidden pixel is its clean value, since its noise is known to nobody.
    With `stripes` a row or column of pixels around each is replaced as well, so that noise which
    runs along it cannot be told from the neighbours (C. Broaddus et al., "Removing Structured
    Noise with Self-Supervised Blind-Spot Networks", 2020).

    It assumes noise of zero mean that is independent from pixel to pixel or, with `stripes`, of all
    that is farther away than `length` or in another row (column). Clipping shifts the mean.

    It costs the most: what the pixel itself says of its clean value is not used, although the
    network sees it afterwards, and only the hidden pixels are learnt from.
    """

    self_supervised: ClassVar[bool] = True
    assumption: ClassVar[str] = (
        "noise that is zero on average and independent from pixel to pixel or, with stripes, of "
        "all that is not on the same stripe (A. Krull et al., Noise2Void, 2019)"
    )
    broken_by: ClassVar[frozenset[str]] = CUT | DEPENDENT

    name: Literal["blind_spot"] = "blind_spot"
    share: float = Field(default=0.1, gt=0, le=0.5, description="share of pixels that are hidden")
    radius: int = Field(
        default=5, ge=1, le=32, description="how far away the pixel may be whose value is taken"
    )
    stripes: Literal["none", "horizontal", "vertical"] = Field(
        default="none", description="direction in which the noise is correlated"
    )
    length: int = Field(
        default=5, ge=1, le=256, description="pixels replaced on either side, along the stripes"
    )

    def prepare(self, examples: Batch, draws: np.random.Generator) -> Batch:
        """Return images with hidden pixels, and themselves as targets; see `Objective.prepare`.

        Args:
            examples: A batch, whose target is not looked at.
            draws: Which pixels are hidden and what is put there, the same for all channels.

        Returns:
            The input with other values at the hidden pixels, what it was, and a mask of them.

        Raises:
            ValueError: The images are smaller than twice the radius.
        """
        noisy = examples.input
        size = noisy.shape[1:3]
        if min(size) < 2 * self.radius:
            raise ValueError(
                f"Images of {size[0]}x{size[1]} pixels are too small for pixels up to "
                f"{self.radius} away. Set training.objective.radius to half of that or less."
            )
        hidden: Mask = draws.random(noisy.shape[:3], np.float32) < self.share
        image, *place = np.nonzero(self._replaced(hidden))
        away = self._offsets[draws.integers(0, len(self._offsets), len(image))].T
        row, column = (
            # Where the step leads out of the image, the opposite one does not.
            np.where((at + step >= 0) & (at + step < end), at + step, at - step)
            for at, step, end in zip(place, away, size, strict=True)
        )
        seen = noisy.copy()
        seen[image, place[0], place[1]] = noisy[image, row, column]
        mask = hidden[..., np.newaxis].astype(np.float32)
        return Batch(seen, noisy, mask, examples.level, examples.level)

    @property
    def _offsets(self) -> npt.NDArray[np.int64]:
        """Steps to the pixels whose values may be taken: not itself, nor any of its stripe."""
        reach = range(-self.radius, self.radius + 1)
        return np.array(
            [
                (row, column)
                for row in reach
                for column in reach
                if (row or (column and self.stripes != "horizontal"))
                and (column or self.stripes != "vertical")
            ]
        )

    def _replaced(self, hidden: Mask) -> Mask:
        """Return the hidden pixels and those along their stripes."""
        if self.stripes == "none":
            return hidden
        found = hidden.copy()
        lines, of_hidden = (
            array if self.stripes == "horizontal" else array.swapaxes(1, 2)
            for array in (found, hidden)
        )
        for step in range(1, self.length + 1):
            lines[:, :, step:] |= of_hidden[:, :, :-step]
            lines[:, :, :-step] |= of_hidden[:, :, step:]
        return found
