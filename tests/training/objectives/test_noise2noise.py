"""Two shots: either may be the input, and examples of clean images draw the second one."""

import numpy as np
import pytest

from denoising_pipeline.degradations import draw_noisy
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.training import Batch, CleanExamples
from denoising_pipeline.training.objectives.noise2noise import Noise2Noise
from denoising_pipeline.training.options import TrainingParameters

NOISE = Gaussian(sigma=0.1)
GREY: Images = np.full((30, 16, 16, 1), 0.5, np.float32)


def draws(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def two_shots(count: int = 400) -> Batch:
    """Shots whose every pixel and level tell which they are: the second is higher by 0.5."""
    ramp = np.linspace(0, 0.5, count)
    images = np.broadcast_to(ramp[:, None, None, None], (count, 2, 3, 1)).astype(np.float32)
    return Batch(images, images + np.float32(0.5), level=ramp, target_level=ramp + 0.5)


def test_about_half_of_the_pairs_change_places_with_their_levels() -> None:
    given = two_shots()
    ready = Noise2Noise().prepare(given, draws())
    assert ready.target is not None
    assert ready.level is not None
    assert ready.target_level is not None
    first = ready.input[:, 0, 0, 0] == given.input[:, 0, 0, 0]
    assert 150 < first.sum() < 250
    np.testing.assert_allclose(ready.input + ready.target, 2 * given.input + 0.5, rtol=1e-6)
    np.testing.assert_allclose(ready.level, ready.input[:, 0, 0, 0], rtol=1e-6)
    np.testing.assert_allclose(ready.target_level, ready.target[:, 0, 0, 0], rtol=1e-6)
    again = Noise2Noise().prepare(given, draws())
    np.testing.assert_array_equal(again.input, ready.input)


def test_the_first_shot_is_the_input_where_nothing_is_swapped() -> None:
    given = two_shots()
    assert Noise2Noise(swap=False).prepare(given, draws()) is given


def test_a_single_shot_is_refused_and_so_are_shots_that_cannot_change_places() -> None:
    with pytest.raises(ValueError, match=r"two noisy images.*neighbor2neighbor"):
        Noise2Noise().prepare(Batch(GREY, None), draws())
    with pytest.raises(ValueError, match=r"Set training\.objective\.swap=false"):
        Noise2Noise().prepare(Batch(GREY, np.repeat(GREY, 3, axis=3)), draws())


def test_examples_of_clean_images_draw_a_second_shot_with_noise_of_its_own() -> None:
    chosen = TrainingParameters(objective=Noise2Noise())
    examples = CleanExamples.of(GREY, NOISE, chosen, seed=3)
    first, second = examples.block(0, 0)[:2]
    assert second is not None
    drawn = draw_noisy(GREY, NOISE, seed=3, split="train", epoch=0)
    np.testing.assert_array_equal(first, drawn)
    assert (second - GREY).std() == pytest.approx(0.1, rel=0.05)
    assert abs(np.corrcoef((first - GREY).ravel(), (second - GREY).ravel())[0, 1]) < 0.05
    again, later = (examples.block(epoch, 0).target for epoch in (0, 1))
    np.testing.assert_array_equal(second, again)
    assert later is not None
    assert not np.array_equal(second, later)
