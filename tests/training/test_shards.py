"""Shards: what is learnt does not depend on who has them, and nobody reads another one's images."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from denoising_pipeline.config import ParameterError, validate_parameters
from denoising_pipeline.core.workers import ADDRESSES, COUNT, NUMBER, Workers, follows
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.training.batches import Batch
from denoising_pipeline.training.examples import PATCH_BLOCK, Examples
from denoising_pipeline.training.options import TrainingParameters
from denoising_pipeline.training.shards import Shards

BLOCKS = 9
"""Four shards have 3, 2, 2 and 2 of them."""


@dataclass(frozen=True, eq=False)
class Numbered(Examples):
    """Examples that show their number, in blocks as small as those of patches."""

    read: list[int]

    def block(self, epoch: int, block: int) -> Batch:  # noqa: D102
        self.read.append(block)
        numbers = np.arange(PATCH_BLOCK, dtype=np.float32) + block * PATCH_BLOCK
        return Batch(numbers.reshape(-1, 1, 1, 1), numbers.reshape(-1, 1, 1, 1) + epoch / 2)


def numbered() -> Numbered:
    images = np.zeros((1, 8, 8, 1), np.float32)
    return Numbered(images, [], seed=3, patch=8, patches=BLOCKS * PATCH_BLOCK)


def options(shards: int = 4, batch_size: int = 32) -> TrainingParameters:
    given = {"epochs": 2, "batch_size": batch_size, "distribution": {"shards": shards}}
    return validate_parameters({"training": given}).training


def noisy(batch: Batch, draws: np.random.Generator) -> Batch:
    added = draws.random(batch.input.shape, np.float32) / np.float32(4)
    return batch._replace(input=batch.input + added)


def batches(world: int, rank: int, examples: Examples) -> Iterator[tuple[Images, Images]]:
    return Shards(4, Workers(rank, world)).batches(examples, noisy, options(), seed=5)


@pytest.mark.parametrize("world", [2, 4])
def test_batches_of_all_workers_are_those_of_one(world: int) -> None:
    whole = list(batches(1, 0, numbered()))
    assert len(whole) == 2 * Shards(4).steps(numbered(), 32) == 2 * 3 * PATCH_BLOCK // 8
    parts = [list(batches(world, rank, numbered())) for rank in range(world)]
    for (inputs, targets), *shares in zip(whole, *parts, strict=True):
        assert len(inputs) == 32
        assert {len(share[0]) for share in shares} == {32 // world}
        np.testing.assert_array_equal(inputs, np.concatenate([share[0] for share in shares]))
        np.testing.assert_array_equal(targets, np.concatenate([share[1] for share in shares]))


def test_a_worker_reads_its_shards_only() -> None:
    read = []
    for rank in range(2):
        examples = numbered()
        list(batches(2, rank, examples))
        read.append(set(examples.read))
    assert read == [{0, 4, 8, 1, 5}, {2, 6, 3, 7}]


def test_every_example_is_learnt_from_and_a_shard_that_has_fewer_begins_again() -> None:
    targets = np.concatenate([target for _, target in batches(1, 0, numbered())])
    first = targets[: len(targets) // 2].astype(int).ravel()
    numbers, times = np.unique(first, return_counts=True)
    assert numbers.tolist() == list(range(BLOCKS * PATCH_BLOCK))
    in_the_largest = numbers // PATCH_BLOCK % 4 == 0
    assert set(times[in_the_largest]) == {1}
    assert set(times[~in_the_largest]) == {1, 2}


def test_validation_images_are_divided_evenly() -> None:
    images = np.arange(23, dtype=np.float32).reshape(-1, 1, 1, 1)
    for world in (1, 2, 4):
        parts = [Shards(4, Workers(rank, world)).part_of(images) for rank in range(world)]
        np.testing.assert_array_equal(np.concatenate(parts), images[:20])


def test_what_cannot_be_divided_is_refused() -> None:
    with pytest.raises(ValueError, match=r"3 workers cannot share 4 shards.*distribution\.shards"):
        Shards(4, Workers(0, 3))
    with pytest.raises(ValueError, match=r"10 shards cannot be made of 9 blocks"):
        Shards(10).steps(numbered(), 40)
    with pytest.raises(ValueError, match=r"has 64 examples, and a batch takes 100 of it"):
        Shards(9).steps(numbered(), 900)
    with pytest.raises(ParameterError, match=r"30 cannot be divided among 4 shards"):
        options(4, 30)


def test_which_worker_this_is_comes_from_the_variables_of_keras() -> None:
    assert Workers.here({}) == Workers()
    given = {ADDRESSES: "10.0.0.1:1234,10.0.0.2:1234", COUNT: "2", NUMBER: "1"}
    assert Workers.here(given) == Workers(1, 2, "10.0.0.1:1234")
    assert not Workers.here(given).leads
    assert Workers.here({ADDRESSES: "10.0.0.1:1", COUNT: "2", NUMBER: "0"}).leads
    for wrong in ({NUMBER: "2"}, {COUNT: "3"}, {NUMBER: ""}, {ADDRESSES: ""}, {COUNT: "two"}):
        with pytest.raises(ValueError, match=r"do not fit together: .*host:port of worker 0"):
            Workers.here(given | wrong)
    assert not follows()


def test_another_backend_cannot_join() -> None:
    with pytest.raises(ValueError, match="KERAS_BACKEND=jax"):
        Workers(0, 2, "127.0.0.1:1").join("tensorflow")
