"""Input and target are neighbouring pixels of each cell, whatever the target was."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

from denoising_pipeline.config import ParameterError, validate_parameters
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.training import Batch
from denoising_pipeline.training.objectives.neighbor2neighbor import Neighbor2Neighbor


def numbered(count: int = 2, height: int = 40, width: int = 30) -> Images:
    """Images of two channels whose pixels tell their row and column."""
    rows, columns = np.indices((height, width)).astype(np.float32)
    return np.broadcast_to(np.stack([rows, columns], -1), (count, height, width, 2)).copy()


def prepared(images: Images, seed: int = 0) -> tuple[Images, Images]:
    target = np.zeros_like(images)
    ready = Neighbor2Neighbor().prepare(Batch(images, target), np.random.default_rng(seed))
    assert ready.target is not None
    assert ready.mask is None
    return ready.input, ready.target


def test_each_cell_gives_two_pixels_that_are_neighbours() -> None:
    one, other = prepared(numbered())
    assert one.shape == other.shape == (2, 20, 15, 2)
    assert one.dtype == other.dtype == np.float32
    np.testing.assert_array_equal(one // 2, numbered(2, 20, 15))
    np.testing.assert_array_equal(other // 2, numbered(2, 20, 15))
    np.testing.assert_array_equal(np.abs(one - other).sum(axis=-1), 1)


def test_all_eight_pairs_of_a_cell_are_drawn_about_equally_often() -> None:
    one, other = (side % 2 for side in prepared(numbered(20)))
    ways = Counter(map(tuple, np.concatenate([one, other], -1).reshape(-1, 4).tolist()))
    assert len(ways) == 8
    assert min(ways.values()) > 0.9 * 20 * 300 / 8


def test_the_draws_decide_the_pairs_and_a_last_odd_row_and_column_are_left_out() -> None:
    odd = numbered(2, 41, 31)
    for found, even in zip(prepared(odd), prepared(numbered()), strict=True):
        np.testing.assert_array_equal(found, even)
    assert not np.array_equal(prepared(odd, seed=1)[0], prepared(odd)[0])


def test_the_level_is_that_of_the_whole_images() -> None:
    levels = np.array([0.1, 0.2])
    batch = Batch(numbered(), None, level=levels)
    ready = Neighbor2Neighbor().prepare(batch, np.random.default_rng(0))
    np.testing.assert_array_equal(ready.level, levels)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": {"name": "unet"}, "loss": "mse"}, r"training\.patch=96"),
        ({}, r"training\.model\.name=unet, training\.patch=96"),
        ({"model": {"name": "unet"}, "loss": "mse", "patch": 88}, "multiple of 16"),
    ],
)
def test_a_network_that_cannot_take_half_the_size_is_refused(
    changes: dict[str, Any], message: str
) -> None:
    objective = {"objective": {"name": "neighbor2neighbor"}}
    with pytest.raises(ParameterError, match=message):
        validate_parameters({"training": {**objective, **changes}})
