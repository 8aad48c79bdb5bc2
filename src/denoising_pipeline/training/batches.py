"""Batches of noisy and clean images, the same for the same seed, one after the other."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from denoising_pipeline.arrays import Images
from denoising_pipeline.config import TrainingParameters
from denoising_pipeline.noise import NOISE_BLOCK, Noise, draw_noisy_block
from denoising_pipeline.seeding import generator

WINDOW_BLOCKS = 16
"""Blocks of images that are shuffled together: what training holds in memory at once."""

Targets = npt.NDArray[Any]
"""What is to be learnt of each image: the clean image, or its label."""


def noisy_batches(
    clean: Images,
    noise: Noise,
    options: TrainingParameters,
    seed: int,
    first_epoch: int = 0,
    targets: Targets | None = None,
) -> Iterator[tuple[Images, Targets]]:
    """Yield the batches of every epoch, in an order that is drawn anew for each epoch.

    Blocks of `NOISE_BLOCK` images come in random order, and the images of `WINDOW_BLOCKS` blocks
    are shuffled together. Only these are read and corrupted at a time, so that `clean` may be a
    mapped file that is larger than memory.

    Args:
        clean: float32 (N, H, W, C) in [0, 1]; not changed.
        noise: The noise model. Frozen noise (`fresh_noise` false) is that of epoch 0, always.
        options: `epochs`, `batch_size`, `shift` and `fresh_noise` are read.
        seed: Root seed.
        first_epoch: Epochs to leave out, from the first.
        targets: (N, ...) what to yield beside each noisy image; None: the clean image.

    Yields:
        (noisy, target), noisy being float32 (batch, H, W, C); the last batch of an epoch may be
        smaller.
    """
    for epoch in range(first_epoch, options.epochs):
        order = generator(seed, "shuffle", "train", epoch)
        blocks = order.permutation(math.ceil(len(clean) / NOISE_BLOCK))
        rest: list[tuple[Images, Targets]] = []
        for start in range(0, len(blocks), WINDOW_BLOCKS):
            window = blocks[start : start + WINDOW_BLOCKS]
            pairs = rest + [
                _pair(clean, noise, options, seed, epoch, int(block), targets) for block in window
            ]
            noisy_images, learnt = (np.concatenate(side) for side in zip(*pairs, strict=True))
            shuffled = order.permutation(len(noisy_images))
            is_last = start + WINDOW_BLOCKS >= len(blocks)
            stop = (
                len(shuffled)
                if is_last
                else len(shuffled) // options.batch_size * options.batch_size
            )
            for first in range(0, stop, options.batch_size):
                batch = shuffled[first : first + options.batch_size]
                yield noisy_images[batch], learnt[batch]
            rest = [(noisy_images[shuffled[stop:]], learnt[shuffled[stop:]])]


def _pair(
    clean: Images,
    noise: Noise,
    options: TrainingParameters,
    seed: int,
    epoch: int,
    block: int,
    targets: Targets | None,
) -> tuple[Images, Targets]:
    """Return one block as training sees it in an epoch: (noisy, target)."""
    place = slice(block * NOISE_BLOCK, (block + 1) * NOISE_BLOCK)
    images = clean[place]
    if options.shift:
        images = shifted(images, options.shift, generator(seed, "shift", "train", epoch, block))
    noise_epoch = epoch if options.fresh_noise else 0
    noisy = draw_noisy_block(
        images, noise, seed=seed, split="train", epoch=noise_epoch, block=block
    )
    return noisy, images if targets is None else targets[place]


def shifted(images: Images, pixels: int, draws: np.random.Generator) -> Images:
    """Move each image by up to a number of pixels in both directions; edges are repeated.

    Args:
        images: float32 (N, H, W, C).
        pixels: The largest shift; each whole number of pixels up to it is equally likely.
        draws: Where the shifts come from.

    Returns:
        A new array of the same shape.
    """
    border = (pixels, pixels)
    padded = np.pad(images, ((0, 0), border, border, (0, 0)), mode="edge")
    views = np.lib.stride_tricks.sliding_window_view(padded, images.shape[1:3], axis=(1, 2))
    rows, columns = draws.integers(0, 2 * pixels + 1, (len(images), 2)).T
    moved: Images = views[np.arange(len(images)), rows, columns]
    return np.ascontiguousarray(np.moveaxis(moved, 1, -1))
