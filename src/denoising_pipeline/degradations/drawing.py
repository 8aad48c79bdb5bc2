"""The degraded version of a split at an epoch: the one way in which noise reaches images."""

from typing import Any, TypeVar, cast

import numpy as np

from denoising_pipeline.core.seeding import generator
from denoising_pipeline.degradations.base import Degradation
from denoising_pipeline.images.arrays import Images, new_array
from denoising_pipeline.images.sets import ImageSet

NOISE_BLOCK = 1000
"""Images of an array that share a generator. Another value gives other noise everywhere."""

NOISE = "noise"
"""What is drawn, unless it is something else that comes before the noise."""

Collection = TypeVar("Collection", Images, ImageSet, Images | ImageSet)


def draw_noisy(
    clean: Collection,
    degradation: Degradation,
    *,
    seed: int,
    split: str,
    epoch: int,
    purpose: str = NOISE,
) -> Collection:
    """Degrade a whole split, with randomness that belongs to this split and epoch alone.

    Stored validation and test images, the article's frozen training noise (epoch held at 0) and
    noise drawn afresh at each epoch are all this function. Of an array each block of `NOISE_BLOCK`
    images has a generator of its own, of a set each image.

    Args:
        clean: float32 (N, H, W, C) in [0, 1], the split in its fixed order; or a set of images of
            any sizes. It is not changed.
        degradation: What happens to them.
        seed: Root seed of the run.
        split: `"train"`, `"val"` or `"test"`.
        epoch: Epoch, from 0.
        purpose: What is drawn. Two purposes share no randomness, two levels of a degradation for
            the same purpose do.

    Returns:
        A new float32 array or set of the same sizes, in [0, 1] if the degradation is `clipped`,
        with its number of channels. What happens to image i depends on the other arguments and i,
        not on how many follow, and in a set not on the other images.
    """
    given: Any = clean
    degraded = _degraded_set if isinstance(given, ImageSet) else _degraded_array
    result: Any = degraded(given, degradation, seed, split, epoch, purpose)
    return cast("Collection", result)


def draw_noisy_block(
    clean: Images, degradation: Degradation, *, seed: int, split: str, epoch: int, block: int
) -> Images:
    """Degrade one block of images; of `NOISE_BLOCK` images, as `draw_noisy` does it for all.

    Args:
        clean: float32 (n, H, W, C) in [0, 1]. Not changed.
        degradation: What happens to them.
        seed: Root seed of the run.
        split: `"train"`, `"val"` or `"test"`.
        epoch: Epoch, from 0.
        block: Number of the block in the split, from 0.

    Returns:
        A new float32 array (n, H, W, channels of the degradation), in [0, 1] if it is `clipped`.
    """
    return degradation.apply(clean, generator(seed, NOISE, split, epoch, block))


def _degraded_array(
    clean: Images, degradation: Degradation, seed: int, split: str, epoch: int, purpose: str
) -> Images:
    degraded = new_array((*clean.shape[:-1], degradation.out_channels(clean.shape[-1])))
    for block, start in enumerate(range(0, len(clean), NOISE_BLOCK)):
        images = slice(start, start + NOISE_BLOCK)
        draws = generator(seed, purpose, split, epoch, block)
        degraded[images] = degradation.apply(clean[images], draws)
    return degraded


def _degraded_set(
    clean: ImageSet, degradation: Degradation, seed: int, split: str, epoch: int, purpose: str
) -> ImageSet:
    shapes = np.array(clean.shapes)
    shapes[:, 2] = [degradation.out_channels(channels) for channels in shapes[:, 2].tolist()]
    degraded = (
        degradation.apply(clean.read(i)[np.newaxis], generator(seed, purpose, split, epoch, i))[0]
        for i in range(len(clean))
    )
    return ImageSet.collect(degraded, [tuple(shape) for shape in shapes.tolist()], np.float32)
