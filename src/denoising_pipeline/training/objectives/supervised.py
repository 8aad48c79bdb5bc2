"""The output is compared with the clean image."""

from typing import Literal

import numpy as np

from denoising_pipeline.training.batches import Batch
from denoising_pipeline.training.objectives.base import Objective


class Supervised(Objective):
    """The network sees the input and is compared with the target that comes with it."""

    name: Literal["supervised"] = "supervised"

    def prepare(self, examples: Batch, draws: np.random.Generator) -> Batch:
        """Return the examples as they are; see `Objective.prepare`.

        Args:
            examples: A batch with a target.
            draws: Not used.

        Returns:
            The same batch.

        Raises:
            ValueError: There is no target.
        """
        if examples.target is None:
            raise ValueError(
                "The objective `supervised` compares with clean images, and there are noisy ones "
                "only. Train on pairs, or choose another training.objective."
            )
        return examples
