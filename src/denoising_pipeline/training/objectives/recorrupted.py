"""A noisy image is made noisier, and compared with what the same noise takes from it."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from denoising_pipeline.images.noise_kinds import CUT, DEPENDENT, GROWING
from denoising_pipeline.training.batches import Batch
from denoising_pipeline.training.objectives.base import Objective


class Recorrupted(Objective):
    """The network sees y + a s z and is compared with y - s z / a, where s is the level of y.

    T. Pang et al., "Recorrupted-to-Recorrupted: Unsupervised Deep Learning for Image Denoising"
    (CVPR 2021): with z drawn from N(0, 1), the noise of the two is independent if that of y is
    Gaussian with the standard deviation s, so that they stand for the two shots of Noise2Noise, at
    the full size of the image.

    It assumes Gaussian noise of a level that is known well, the same everywhere, independent from
    pixel to pixel, not clipped. Where channels are equal they remain equal. The level is estimated
    from each image; one that is 10 % too low leaves the noise of the two correlated, and a sixth
    of the noise is learnt as image.

    It costs steps, since the target is noisier than y, and the network has to be told the level:
    it learns at s sqrt(1 + a²) and is used at s.
    """

    self_supervised: ClassVar[bool] = True
    assumption: ClassVar[str] = (
        "Gaussian noise that is independent from pixel to pixel and everywhere of one level, which "
        "is known well (T. Pang et al., Recorrupted-to-Recorrupted, 2021)"
    )
    broken_by: ClassVar[frozenset[str]] = CUT | DEPENDENT | {GROWING}
    needs_level: ClassVar[bool] = True

    name: Literal["recorrupted"] = "recorrupted"
    noisier: float = Field(
        default=0.5, gt=0, le=2, description="noise that is added, as a share of the level"
    )

    def prepare(self, examples: Batch, draws: np.random.Generator) -> Batch:
        """Return inputs with more noise, and targets; see `Objective.prepare`.

        Args:
            examples: A batch with levels, whose target is not looked at.
            draws: The noise that is added.

        Returns:
            Input and target of the shape of the examples; values may leave [0, 1].
        """
        if examples.level is None:
            raise ValueError("The objective `recorrupted` was given examples without a level.")
        level = examples.level.astype(np.float32).reshape(-1, 1, 1, 1)
        drawn = level * draws.standard_normal(examples.input.shape, np.float32)
        grey = (examples.input == examples.input[..., :1]).all(axis=(1, 2, 3))
        drawn[grey] = drawn[grey][..., :1]
        return Batch(
            examples.input + np.float32(self.noisier) * drawn,
            examples.input - drawn / np.float32(self.noisier),
            level=examples.level * np.sqrt(1 + self.noisier**2),
            target_level=examples.level * np.sqrt(1 + self.noisier**-2),
        )
