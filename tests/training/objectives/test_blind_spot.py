"""Pixels are hidden behind others nearby, and count alone."""

import numpy as np
import numpy.typing as npt
import pytest

from denoising_pipeline.images.arrays import Images
from denoising_pipeline.training import Batch
from denoising_pipeline.training.objectives.blind_spot import BlindSpot

SIZE = (4, 60, 50)


def numbered() -> Images:
    """Images of three channels whose pixels tell their row, their column and their image."""
    image, row, column = np.indices(SIZE).astype(np.float32)
    return np.stack([row, column, image], -1)


def prepared(objective: BlindSpot, seed: int = 0) -> tuple[Images, npt.NDArray[np.bool_]]:
    """Return what is seen and what is hidden; the target of the examples is not looked at."""
    batch = Batch(numbered(), np.zeros((*SIZE, 3), np.float32))
    ready = objective.prepare(batch, np.random.default_rng(seed))
    assert ready.target is batch.input
    np.testing.assert_array_equal(batch.input, numbered())
    assert ready.mask is not None
    assert ready.mask.shape == (*SIZE, 1)
    return ready.input, ready.mask[..., 0] == 1


def test_the_hidden_pixels_and_no_others_show_one_nearby() -> None:
    """Also at the edges; all channels come from the same pixel, which never is the hidden one."""
    seen, hidden = prepared(BlindSpot(share=0.2, radius=3))
    away = np.abs(seen - numbered())
    np.testing.assert_array_equal(away.any(axis=-1), hidden)
    assert away[..., :2].max() == 3
    assert away[..., 2].max() == 0
    assert {*away[hidden][:, 0].tolist()} == {*away[hidden][:, 1].tolist()} == {0, 1, 2, 3}


def test_as_many_pixels_are_hidden_as_asked_everywhere_alike() -> None:
    _, hidden = prepared(BlindSpot(share=0.3))
    for part in (hidden, hidden[:, :5], hidden[:, :, -5:]):
        assert part.mean() == pytest.approx(0.3, abs=0.05)


@pytest.mark.parametrize("stripes", ["horizontal", "vertical"])
def test_along_stripes_the_neighbours_are_replaced_from_other_stripes(stripes: str) -> None:
    objective = BlindSpot.model_validate({"share": 0.01, "stripes": stripes, "length": 4})
    seen, hidden = prepared(objective)
    away = np.abs(seen - numbered())
    if stripes == "vertical":
        away, hidden = away.swapaxes(1, 2)[..., [1, 0, 2]], hidden.swapaxes(1, 2)
    near = np.zeros_like(hidden)
    for image, row, column in np.argwhere(hidden).tolist():
        near[image, row, max(0, column - 4) : column + 5] = True
    np.testing.assert_array_equal(away[..., 0] > 0, near)
    assert pytest.approx(hidden.mean(), abs=0.005) == 0.01


def test_the_draws_decide_what_is_hidden() -> None:
    one, same, other = (prepared(BlindSpot(), seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one[0], same[0])
    assert not np.array_equal(one[1], other[1])


def test_a_stripe_longer_than_the_image_is_the_whole_row() -> None:
    seen, hidden = prepared(BlindSpot(share=0.001, stripes="horizontal", length=200))
    replaced = (seen != numbered()).any(axis=-1)
    np.testing.assert_array_equal(replaced, np.broadcast_to(hidden.any(2, keepdims=True), SIZE))


def test_images_smaller_than_the_neighbourhood_are_refused() -> None:
    small = Batch(np.zeros((1, 8, 20, 1), np.float32), None)
    with pytest.raises(ValueError, match=r"8x20.*Set training\.objective\.radius"):
        BlindSpot(radius=5).prepare(small, np.random.default_rng(0))


def test_the_level_stays_with_the_examples() -> None:
    ready = BlindSpot().prepare(
        Batch(numbered(), None, level=np.arange(4.0)), np.random.default_rng(0)
    )
    np.testing.assert_array_equal(ready.level, np.arange(4.0))
