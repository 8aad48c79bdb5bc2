"""Pixels on a grid are hidden behind the mean of their neighbours, and compared."""

from typing import Any

import numpy as np
import pytest

from denoising_pipeline.config import ParameterError, validate_parameters
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.training import Batch
from denoising_pipeline.training.objectives.fit_to_noise import FitToNoise


def images(count: int = 20) -> Images:
    return np.random.default_rng(1).random((count, 18, 21, 3), np.float32)


def prepared(step: int = 4, seed: int = 0) -> Batch:
    batch = Batch(images(), None, level=np.full(20, 0.1))
    return FitToNoise(step=step).prepare(batch, np.random.default_rng(seed))


def test_hidden_pixels_are_the_mean_of_four_neighbours_and_all_others_stay() -> None:
    ready = prepared()
    assert ready.mask is not None
    hidden = ready.mask[..., 0] > 0
    np.testing.assert_array_equal(ready.input[~hidden], images()[~hidden])
    for image, row, column in zip(*np.nonzero(hidden), strict=True):
        if 0 < row < 17 and 0 < column < 20:
            one = images()[image]
            beside = one[row - 1, column] + one[row + 1, column]
            beside = beside + one[row, column - 1] + one[row, column + 1]
            np.testing.assert_allclose(ready.input[image, row, column], beside / 4, rtol=1e-5)
    assert ready.input.dtype == np.float32


def test_the_target_is_the_noisy_image_and_the_level_is_its_own() -> None:
    ready = prepared()
    np.testing.assert_array_equal(ready.target, images())
    np.testing.assert_array_equal(ready.level, np.full(20, 0.1))


@pytest.mark.parametrize("step", [2, 4, 7])
def test_hidden_pixels_lie_on_a_grid_that_begins_anywhere(step: int) -> None:
    mask = prepared(step).mask
    assert mask is not None
    begins = set()
    for one in mask[..., 0]:
        rows, columns = (np.flatnonzero(one.any(axis)) for axis in (1, 0))
        assert (np.diff(rows) == step).all()
        assert (np.diff(columns) == step).all()
        begins.add((rows[0], columns[0]))
    assert len(begins) > min(step, 4) - 1
    again, other = prepared(step).mask, prepared(step, seed=1).mask
    assert again is not None
    assert other is not None
    np.testing.assert_array_equal(again, mask)
    assert not np.array_equal(other, mask)


@pytest.mark.parametrize(
    "changes",
    [
        {"model": {"name": "unet"}, "start": "photos"},
        {"model": {"name": "stabilized"}, "start": None},
    ],
)
def test_without_a_curve_around_a_denoiser_it_is_refused(changes: dict[str, Any]) -> None:
    given = {"objective": {"name": "fit_to_noise"}, "loss": "mse", "patch": 16, **changes}
    with pytest.raises(ParameterError, match=r"training\.start to the denoiser, such as photos"):
        validate_parameters({"training": given})
