"""How a network is told in training how noisy its input is."""

from collections.abc import Callable
from functools import cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from denoising_pipeline.images.arrays import Images, Values
from denoising_pipeline.images.luma import LUMA, luma
from denoising_pipeline.images.noise_level import estimate_noise
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.models.base import with_level
from denoising_pipeline.training.batches import Batch

Prepare: TypeAlias = Callable[[Batch, np.random.Generator], Batch]
"""Makes of examples what is compared; see `Objective.prepare`."""

LevelsOf: TypeAlias = Callable[[npt.NDArray[np.int64], Images], Values]
"""From the images that examples are of, (N,), and their pixels, to how noisy each is, (N,)."""

SPREAD = 0.05
"""Standard deviation of the logarithm of the error of a level that is told in training."""


def residual_level(noisy: Images, clean: Images) -> Values:
    """Return the root mean square of the noise of each image, (N,), on the scale of [0, 1]."""
    squares = np.square(noisy - clean, dtype=np.float64)
    level: Values = np.sqrt(squares.mean(axis=(1, 2, 3)))
    return level


def levels_of(images: ImageSet) -> LevelsOf:
    """Return what tells how noisy examples are: as noisy as the image that they are of.

    That is estimated as for denoising, from the whole image, when it is first asked for; of a
    colour image that training made grey, from the grey image.

    Args:
        images: What the examples are of.
    """

    @cache
    def estimated(index: int, grey: bool) -> float:
        image = images.read(index)
        return estimate_noise(luma(image) if grey else image).told

    def levels(origins: npt.NDArray[np.int64], seen: Images) -> Values:
        is_grey = (seen == seen[..., :1]).all(axis=(1, 2, 3)) & (images.channels == len(LUMA))
        pairs = zip(origins.tolist(), is_grey.tolist(), strict=True)
        return np.array([estimated(index, grey) for index, grey in pairs])

    return levels


def telling_level(prepare: Prepare) -> Prepare:
    """Return what tells the network about the level of each example as well.

    The level is that of the examples, which have it where noise was recorded or the target is not
    clean; else the root mean square of what the input differs from the target by. It is told with
    an error, since nobody knows it exactly when there is no target.

    Args:
        prepare: Makes of examples what is compared.
    """

    def told(examples: Batch, draws: np.random.Generator) -> Batch:
        ready = prepare(examples, draws)
        level = ready.level
        if level is None:
            if ready.target is None:
                raise ValueError("The objective returned examples without a target.")
            level = residual_level(ready.input, ready.target)
        error = np.exp(SPREAD * draws.standard_normal(len(level)))
        return ready._replace(input=with_level(ready.input, level * error))

    return told
