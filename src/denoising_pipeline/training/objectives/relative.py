"""The output is compared with the clean image, relative to how noisy the input is."""

from typing import Any, Literal

import numpy as np
from pydantic import Field

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.training.batches import Batch
from denoising_pipeline.training.objectives.base import Loss, Objective


class Relative(Objective):
    """The squared error of each example is divided by its noise level.

    For one network that serves many levels. What a good denoiser leaves of the noise of a
    photograph is about proportional to the level: FFDNet's figures on BSD68 at sigma 15, 25 and 50
    (K. Zhang et al., 2018) are an MSE of 0.0117, 0.0123 and 0.0120 times sigma / 255. So all levels
    count alike, and a patch as much as its error, whereas the logarithm of each patch's error lets
    smooth patches rule.
    """

    name: Literal["relative"] = "relative"
    added: float = Field(default=0.01, gt=0, le=1, description="added to the level")

    def prepare(self, examples: Batch, draws: np.random.Generator) -> Batch:
        """Return the examples with the weight of each in place of a mask; see `Objective.prepare`.

        Args:
            examples: A batch with image targets.
            draws: Not used.

        Returns:
            The same input and target; a mask of 1 / (level + `added`), the same for all pixels.

        Raises:
            ValueError: There is no target.
        """
        if examples.target is None:
            raise ValueError(
                "The objective `relative` compares with clean images, and there are noisy ones "
                "only. Train on pairs, or choose another training.objective."
            )
        level = np.sqrt(np.square(examples.input - examples.target).mean(axis=(1, 2, 3)))
        weights = np.empty((*examples.input.shape[:3], 1), np.float32)
        weights[:] = (1 / (level + self.added))[:, np.newaxis, np.newaxis, np.newaxis]
        return examples._replace(mask=weights)

    def loss(self, chosen: Loss) -> Loss:
        """Return the squared error times the weight; without one, as in validation, the error.

        Args:
            chosen: Not used.
        """

        def weighted(clean: Any, denoised: Any, weights: Any) -> Any:
            squares = load_keras().ops.square(clean - denoised)
            return squares if weights is None else squares * weights

        return weighted
