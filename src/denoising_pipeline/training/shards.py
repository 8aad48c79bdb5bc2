"""Batches as Keras takes them, of all images or of the shards that one worker has."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from denoising_pipeline.core.seeding import generator
from denoising_pipeline.core.workers import ALONE, Workers
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.training.batches import Targets
from denoising_pipeline.training.examples import Examples
from denoising_pipeline.training.levels import Prepare
from denoising_pipeline.training.options import FitOptions

Prepared = tuple[Images, Targets]
"""(input, target); a mask is the last channel of the target."""


@dataclass(frozen=True)
class Shards:
    """The shards of a training, and which of them this worker has.

    A batch is made of equal parts of all shards. So what is learnt is the same, to the rounding of
    a sum, whether one worker has all of them or each has one.

    Attributes:
        count: Number of shards; with 1, batches are those of the whole.
        workers: This worker, and how many there are.
    """

    count: int = 1
    workers: Workers = ALONE

    def __post_init__(self) -> None:
        """Check that every worker has as many shards as the others."""
        if self.count % self.workers.world:
            raise ValueError(
                f"{self.workers.world} workers cannot share {self.count} shards evenly. Set "
                "training.distribution.shards to a multiple of the workers; other shards are "
                "another training."
            )

    @property
    def mine(self) -> range:
        """Numbers of the shards that this worker has."""
        each = self.count // self.workers.world
        return range(self.workers.rank * each, (self.workers.rank + 1) * each)

    def steps(self, examples: Examples, batch_size: int) -> int:
        """Return the number of batches in an epoch.

        Args:
            examples: All of them.
            batch_size: Examples in a batch of all workers.

        Raises:
            ValueError: There are too few examples for so many shards.
        """
        if self.count == 1:
            return examples.steps(batch_size)
        lengths = [len(examples.shard(shard, self.count)) for shard in range(self.count)]
        if min(lengths) < (part := batch_size // self.count):
            raise ValueError(
                f"A shard has {min(lengths)} examples, and a batch takes {part} of it. Set "
                "training.batch_size or training.distribution.shards lower."
            )
        return max(lengths) // part

    def part_of(self, images: Images) -> Images:
        """Return this worker's share of validation images: as many as every other one's.

        Up to as many as there are shards are left out at the end.
        """
        whole = images[: len(images) // self.count * self.count]
        each = len(whole) // self.workers.world
        return whole[self.workers.rank * each : (self.workers.rank + 1) * each]

    def batches(
        self,
        examples: Examples,
        prepare: Prepare,
        options: FitOptions,
        seed: int,
        first_epoch: int = 0,
    ) -> Iterator[Prepared]:
        """Yield this worker's part of every step of every epoch.

        Args:
            examples: What all workers learn from.
            prepare: Makes of them what is compared.
            options: `epochs` and `batch_size` are read.
            seed: Root seed of what `prepare` draws.
            first_epoch: Epochs to leave out, from the first.

        Yields:
            Batches; with several shards all of one size.
        """
        for epoch in range(first_epoch, options.epochs):
            if self.count == 1:
                yield from _prepared(examples, prepare, options.batch_size, seed, epoch)
                continue
            part = options.batch_size // self.count
            streams = [
                _over_and_over(examples.shard(shard, self.count), prepare, part, seed, epoch)
                for shard in self.mine
            ]
            joined = zip(*streams, strict=True)
            for parts in islice(joined, self.steps(examples, options.batch_size)):
                inputs, targets = zip(*parts, strict=True)
                yield np.concatenate(inputs), np.concatenate(targets)


def _over_and_over(
    shard: Examples, prepare: Prepare, size: int, seed: int, epoch: int
) -> Iterator[Prepared]:
    """Yield full batches; a shard that has fewer than others begins again."""
    while True:
        for batch in _prepared(shard, prepare, size, seed, epoch):
            if len(batch[0]) == size:
                yield batch


def _prepared(
    examples: Examples, prepare: Prepare, size: int, seed: int, epoch: int
) -> Iterator[Prepared]:
    for step, batch in enumerate(examples.batches(size, epoch)):
        index = step * examples.world + examples.rank
        ready = prepare(batch, generator(seed, "objective", "train", epoch, index))
        yield ready.input, ready.compared
