"""The noisy version of a split at an epoch: the one way in which noise reaches images."""

import numpy as np

from denoising_pipeline.core.seeding import generator
from denoising_pipeline.degradations.base import Noise
from denoising_pipeline.images.arrays import Images

NOISE_BLOCK = 1000
"""Images that share a generator. Another value gives other noise everywhere."""


def draw_noisy(clean: Images, noise: Noise, *, seed: int, split: str, epoch: int) -> Images:
    """Corrupt a whole split, with noise that belongs to this split and epoch alone.

    Stored validation and test images, the article's frozen training noise (epoch held at 0) and
    noise drawn afresh at each epoch are all this function.

    Args:
        clean: float32 (N, H, W, C) in [0, 1], the split in its fixed order. It is not changed.
        noise: The noise model.
        seed: Root seed of the run.
        split: `"train"`, `"val"` or `"test"`.
        epoch: Epoch, from 0.

    Returns:
        A new float32 array of the same shape, in [0, 1]. The noise of image i depends on `seed`,
        `split`, `epoch` and i, not on how many images follow.
    """
    noisy = np.empty(clean.shape, np.float32)
    for block, start in enumerate(range(0, len(clean), NOISE_BLOCK)):
        images = slice(start, start + NOISE_BLOCK)
        noisy[images] = draw_noisy_block(
            clean[images], noise, seed=seed, split=split, epoch=epoch, block=block
        )
    return noisy


def draw_noisy_block(
    clean: Images, noise: Noise, *, seed: int, split: str, epoch: int, block: int
) -> Images:
    """Corrupt one block of a split, as `draw_noisy` does it for all of them.

    Args:
        clean: float32 (n, H, W, C) in [0, 1], images `block * NOISE_BLOCK` and on. Not changed.
        noise: The noise model.
        seed: Root seed of the run.
        split: `"train"`, `"val"` or `"test"`.
        epoch: Epoch, from 0.
        block: Number of the block in the split, from 0.

    Returns:
        A new float32 array of the same shape, in [0, 1].
    """
    return noise.apply(clean, generator(seed, "noise", split, epoch, block))
