"""Examples that networks learn from, as a pure function of (seed, epoch, index)."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass, fields, replace
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from denoising_pipeline.core.components import Component
from denoising_pipeline.core.seeding import generator
from denoising_pipeline.degradations import NOISE_BLOCK
from denoising_pipeline.images.arrays import Images, array_digest
from denoising_pipeline.images.patches import (
    patch_count,
    patch_origins,
    patch_shape,
    random_patches,
)
from denoising_pipeline.images.sets import BATCH_VALUES, ImageSet, at_once, of_one_size, part_of
from denoising_pipeline.training.augment import Flips, augmented
from denoising_pipeline.training.batches import Batch, shuffled_batches

WINDOW_BLOCKS = 16
"""Blocks of whole images that are shuffled together, what training holds in memory at once: fewer
if one image is larger than `BATCH_VALUES`."""

PATCH_BLOCK = 64
"""Patches that share a generator. They come in random order: one block is a window."""


@dataclass(frozen=True, eq=False)
class Examples(ABC):
    """Examples that are drawn block by block.

    A block is a pure function of (seed, epoch, number of the block), and an example that of its
    place in the block: neither the size of batches nor the worker that draws it changes it. Of
    whole images it is as many as `BATCH_VALUES` allows, up to `NOISE_BLOCK`.

    Attributes:
        images: What inputs are made of: float32 (N, H, W, C) in [0, 1], which may be a mapped file,
            or a set of any sizes. Never changed.
        seed: Root seed.
        shift: Images are moved by up to so many pixels.
        patch: Height and width of random patches, of recordings the width; None: whole images, of
            one size.
        patches: Patches in an epoch; None: as many as cover the area of all images.
        detail: Places that a patch is drawn from; see `random_patches`.
        grey: Share of colour images that are made grey.
        flips: How images are mirrored and turned.
        told: Say in each batch how noisy it is, for networks that are told it.
        rank: Number of this share of all examples, from 0.
        world: Number of shares.
        recorded: Whether the noise came with the images, so that it has to be estimated.
    """

    recorded: ClassVar[bool] = True

    images: Images | ImageSet
    _: KW_ONLY
    seed: int
    shift: int = 0
    patch: int | None = None
    patches: int | None = None
    detail: int = 1
    grey: float = 0.0
    flips: Flips = "none"
    told: bool = False
    rank: int = 0
    world: int = 1

    def __post_init__(self) -> None:
        """Check that there is a size that all examples have."""
        if self.patch is None and isinstance(self.images, ImageSet) and not self.images.uniform:
            raise ValueError(
                "The images differ in size, so that they cannot be learnt from whole. Train a "
                "network of any size on patches: set training.model.name=unet, and training.patch "
                "to their height and width in pixels, such as 96."
            )

    @abstractmethod
    def block(self, epoch: int, block: int) -> Batch:
        """Return the examples of a block in an epoch."""

    def __len__(self) -> int:
        """Return the number of examples in an epoch of this share."""
        return sum(map(self._size, self._blocks))

    def steps(self, batch_size: int) -> int:
        """Return the number of batches in an epoch."""
        return math.ceil(len(self) / batch_size)

    def batches(self, batch_size: int, epoch: int) -> Iterator[Batch]:
        """Yield the examples of an epoch, in an order of its own.

        Args:
            batch_size: Examples in a batch; in the last one may be fewer.
            epoch: From 0.
        """
        order = generator(self.seed, "shuffle", "train", epoch, self.rank)
        return shuffled_batches(
            order.permutation(self._blocks),
            lambda block: self.block(epoch, block),
            self._size,
            self._window,
            batch_size,
            order,
        )

    def shard(self, rank: int, world: int) -> Self:
        """Return one of several shares: whole blocks, every one of them in some share.

        Shares may differ by a block in their numbers of examples.

        Args:
            rank: Number of the share, from 0.
            world: Number of shares.

        Raises:
            ValueError: There are fewer blocks than shares.
        """
        if world > self._block_count:
            raise ValueError(
                f"{world} shards cannot be made of {self._block_count} blocks of "
                f"{self._block_size} examples. Set training.distribution.shards lower."
            )
        return replace(self, rank=rank, world=world)

    @property
    def channels(self) -> tuple[int, int]:
        """The number of channels of inputs and of image targets."""
        return self.image_shape[2], self.image_shape[2]

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height and width of an example, and the number of channels of `images`."""
        first = self.images.shape(0) if isinstance(self.images, ImageSet) else self.images.shape[1:]
        if self.patch is None:
            return first[0], first[1], first[2]
        return (*patch_shape(ImageSet.of(self.images), self.patch), first[2])

    @property
    def facts(self) -> dict[str, Any]:
        """All that decides the examples, as JSON has it; collections by their digests."""
        values = {field.name: _fact(getattr(self, field.name)) for field in fields(self)}
        return {"kind": type(self).__name__, **values}

    def views(self, epoch: int, block: int, *others: Images | ImageSet) -> tuple[Images, ...]:
        """Return a block of the images, moved and turned, and of others in just the same way."""
        collections = (self.images, *others)
        if self.patch is None:
            place = self._place(block)
            views = tuple(of_one_size(part_of(images, place)) for images in collections)
        else:
            sets = tuple(map(ImageSet.of, collections))
            draws = self._draws("patch", epoch, block)
            views = random_patches(sets, self.patch, self._size(block), draws, self.detail)
        draws_of = partial(self._draws, epoch=epoch, block=block)
        changes = (self.shift, self.grey, self.flips)
        return tuple(augmented(view, *changes, draws_of) for view in views)

    def origins(self, epoch: int, block: int) -> npt.NDArray[np.int64]:
        """Return which image each example of a block is of, (n,)."""
        if self.patch is None:
            return np.arange(len(self.images))[self._place(block)]
        draws = self._draws("patch", epoch, block)
        return patch_origins(ImageSet.of(self.images), self._size(block), draws, self.detail)

    def _draws(self, purpose: str, epoch: int, block: int) -> np.random.Generator:
        return generator(self.seed, purpose, "train", epoch, block)

    @property
    def _total(self) -> int:
        if self.patch is None:
            return len(self.images)
        return self.patches or patch_count(ImageSet.of(self.images), self.patch)

    @property
    def _block_size(self) -> int:
        return at_once(self.image_shape, NOISE_BLOCK) if self.patch is None else PATCH_BLOCK

    @property
    def _window(self) -> int:
        values = math.prod((self._block_size, *self.image_shape))
        blocks = max(1, min(WINDOW_BLOCKS, WINDOW_BLOCKS * BATCH_VALUES // values))
        return blocks if self.patch is None else 1

    @property
    def _block_count(self) -> int:
        return math.ceil(self._total / self._block_size)

    @property
    def _blocks(self) -> range:
        return range(self.rank, self._block_count, self.world)

    def _place(self, block: int) -> slice:
        return slice(block * self._block_size, (block + 1) * self._block_size)

    def _size(self, block: int) -> int:
        return min(self._block_size, self._total - block * self._block_size)


def _fact(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return array_digest(value)
    if isinstance(value, ImageSet):
        return value.digest
    return value.model_dump(mode="json") if isinstance(value, Component) else value
