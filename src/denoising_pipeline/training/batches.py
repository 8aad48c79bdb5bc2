"""Batches of examples from blocks of them, in random order and with little in memory."""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from denoising_pipeline.images.arrays import Images, Values

Targets: TypeAlias = npt.NDArray[Any]
"""What is to be learnt of each image: an image, or its label."""


class Batch(NamedTuple):
    """Examples, one along the first axis of each part.

    Attributes:
        input: What the network sees, float32 (N, H, W, C); noise that is not clipped leaves [0, 1].
        target: What is to be learnt of it; None: an objective makes it of the input.
        mask: float32 (N, H, W, 1), 1 where the target counts and 0 elsewhere; None: everywhere.
        level: How noisy each input is, on the scale of [0, 1]; None: nobody asked, or the target
            is clean and tells.
        target_level: Likewise each target; None: nobody asked, or it is clean.
    """

    input: Images
    target: Targets | None
    mask: Images | None = None
    level: Values | None = None
    target_level: Values | None = None

    @property
    def compared(self) -> Targets:
        """The target, with the mask as its last channel if there is one.

        Raises:
            ValueError: There is no target.
        """
        if self.target is None:
            raise ValueError("The objective returned examples without a target.")
        return self.target if self.mask is None else np.concatenate([self.target, self.mask], -1)

    def take(self, positions: npt.NDArray[np.int64]) -> "Batch":
        """Return a copy of some of the examples, in the order of the positions."""
        parts: list[Any] = [None if part is None else part[positions] for part in self]
        return Batch(*parts)


def shuffled_batches(
    blocks: npt.NDArray[np.int64],
    read: Callable[[int], Batch],
    size: Callable[[int], int],
    window: int,
    batch_size: int,
    order: np.random.Generator,
) -> Iterator[Batch]:
    """Yield the examples of blocks in batches.

    The examples of `window` blocks are shuffled together, and only these are in memory at a time.
    Batches go across windows.

    Args:
        blocks: Numbers of the blocks, in their order.
        read: From the number of a block to its examples.
        size: From the number of a block to how many these are.
        window: Blocks that are shuffled together.
        batch_size: Examples in a batch; in the last one may be fewer.
        order: Where the order comes from.

    Yields:
        The batches.
    """
    rest: Batch | None = None
    for start in range(0, len(blocks), window):
        numbers = [int(block) for block in blocks[start : start + window]]
        count = sum(map(size, numbers)) + (len(rest.input) if rest else 0)
        joined = _joined(chain([rest] if rest else [], map(read, numbers)), count)
        shuffled = order.permutation(count)
        is_last = start + window >= len(blocks)
        stop = count if is_last else count // batch_size * batch_size
        for first in range(0, stop, batch_size):
            yield joined.take(shuffled[first : first + batch_size])
        rest = joined.take(shuffled[stop:])
        del joined  # Not beside that of the next window.


def _joined(parts: Iterator[Batch], count: int) -> Batch:
    """Return `count` examples as one; the parts are made one by one."""
    first = next(parts)
    wholes: list[Any] = [
        None if side is None else np.empty((count, *side.shape[1:]), side.dtype) for side in first
    ]
    filled = 0
    for part in chain([first], parts):
        place = slice(filled, filled + len(part.input))
        for whole, side in zip(wholes, part, strict=True):
            if whole is not None:
                whole[place] = side
        filled = place.stop
    return Batch(*wholes)
