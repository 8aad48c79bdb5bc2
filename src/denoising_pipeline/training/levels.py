"""How a network is told in training how noisy its input is."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from denoising_pipeline.images.arrays import Images, Values
from denoising_pipeline.models.base import with_level
from denoising_pipeline.training.batches import Batch

Prepare: TypeAlias = Callable[[Batch, np.random.Generator], Batch]
"""Makes of examples what is compared; see `Objective.prepare`."""

SPREAD = 0.05
"""Standard deviation of the logarithm of the error of a level that is told in training."""


def residual_level(noisy: Images, clean: Images) -> Values:
    """Return the root mean square of the noise of each image, (N,), on the scale of [0, 1]."""
    squares = np.square(noisy - clean, dtype=np.float64)
    level: Values = np.sqrt(squares.mean(axis=(1, 2, 3)))
    return level


def telling_level(prepare: Prepare) -> Prepare:
    """Return what tells the network about the level of each example as well.

    The level is the root mean square of what the input differs from the target by, and is told
    with an error, since nobody knows it exactly when there is no target.

    Args:
        prepare: Makes of examples what is compared.
    """

    def told(examples: Batch, draws: np.random.Generator) -> Batch:
        ready = prepare(examples, draws)
        if ready.target is None:
            raise ValueError("The objective returned examples without a target.")
        level = residual_level(ready.input, ready.target)
        error = np.exp(SPREAD * draws.standard_normal(len(level)))
        return ready._replace(input=with_level(ready.input, level * error))

    return told
