"""Batches of noisy and clean images, the same for the same seed, one after the other."""

import math
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from denoising_pipeline.core.seeding import generator
from denoising_pipeline.degradations import NOISE_BLOCK, Degradation, draw_noisy_block
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.training.options import TrainingParameters

WINDOW_BLOCKS = 16
"""Blocks of images that are shuffled together: what training holds in memory at once."""

Targets: TypeAlias = npt.NDArray[Any]
"""What is to be learnt of each image: the clean image, or its label."""

Pair: TypeAlias = tuple[Images, Targets]
"""(noisy, what is to be learnt)."""


def noisy_batches(
    clean: Images,
    noise: Degradation,
    options: TrainingParameters,
    seed: int,
    first_epoch: int = 0,
    targets: Targets | None = None,
) -> Iterator[Pair]:
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
        learn = clean if targets is None else targets
        rest: Pair = (
            np.empty((0, *clean.shape[1:]), np.float32),
            np.empty((0, *learn.shape[1:]), learn.dtype),
        )
        for start in range(0, len(blocks), WINDOW_BLOCKS):
            window = blocks[start : start + WINDOW_BLOCKS]
            pairs = (
                _pair(clean, noise, options, seed, epoch, int(block), targets) for block in window
            )
            count = np.minimum(NOISE_BLOCK, len(clean) - window * NOISE_BLOCK).sum()
            noisy_images, learnt = _joined(rest, pairs, int(count))
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
            rest = (noisy_images[shuffled[stop:]], learnt[shuffled[stop:]])
            del noisy_images, learnt  # Not beside those of the next window.


def _joined(rest: Pair, pairs: Iterable[Pair], count: int) -> Pair:
    """Return a pair and `count` images of more pairs as one; these are made one by one."""
    noisy_images, learnt = (
        np.empty((len(side) + count, *side.shape[1:]), side.dtype) for side in rest
    )
    filled = 0
    for noisy, targets in chain([rest], pairs):
        part = slice(filled, filled + len(noisy))
        noisy_images[part], learnt[part] = noisy, targets
        filled = part.stop
    return noisy_images, learnt


def _pair(
    clean: Images,
    noise: Degradation,
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
