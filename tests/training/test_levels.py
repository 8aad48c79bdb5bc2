"""A network that is told the noise level is told in training what it would be told afterwards."""

from dataclasses import replace

import numpy as np
import pytest

from denoising_pipeline.degradations.blind import Blind
from denoising_pipeline.images.arrays import Images, Values
from denoising_pipeline.images.luma import LUMA
from denoising_pipeline.images.noise_level import estimate_noise
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.training import CleanExamples, NoisyExamples, PairExamples
from denoising_pipeline.training.examples import Examples
from denoising_pipeline.training.levels import residual_level, telling_level
from denoising_pipeline.training.objectives import Objective
from denoising_pipeline.training.objectives.blind_spot import BlindSpot
from denoising_pipeline.training.objectives.neighbor2neighbor import Neighbor2Neighbor
from denoising_pipeline.training.objectives.noise2noise import Noise2Noise
from denoising_pipeline.training.objectives.supervised import Supervised

LEVELS = (0.02, 0.05, 0.1)


def shots(seed: int, levels: tuple[float, ...] = LEVELS) -> ImageSet:
    """Images in colour of several sizes, grey but for their noise, which has a level in each."""
    draws = np.random.default_rng(seed)
    images = [
        np.float32(0.5) + np.float32(level) * draws.standard_normal((side, 64, 3), np.float32)
        for side, level in zip((64, 80, 100), levels, strict=True)
    ]
    return ImageSet.collect(images, [image.shape for image in images], np.float32)


def told(examples: Examples, objective: Objective) -> tuple[Images, Values]:
    """Return what the network sees, and the level that it is told, without the made error."""
    prepare = telling_level(objective.prepare)
    batch = replace(examples, told=True).block(0, 0)
    seen = prepare(batch, np.random.default_rng(0)).input
    error = np.random.default_rng(0)
    objective.prepare(batch, error)
    return seen[..., :-1], seen[:, 0, 0, -1] / np.exp(0.05 * error.standard_normal(len(seen)))


@pytest.mark.parametrize("objective", [BlindSpot(), Neighbor2Neighbor()])
def test_of_noisy_images_it_is_the_estimate_of_the_whole_image(objective: Objective) -> None:
    images = shots(0)
    examples = NoisyExamples(images, seed=0, patch=16, patches=60)
    _, levels = told(examples, objective)
    estimates = [estimate_noise(images.read(i)).sigma for i in range(3)]
    assert estimates == pytest.approx(LEVELS, rel=0.05)
    np.testing.assert_allclose(levels, np.array(estimates)[examples.origins(0, 0)], rtol=1e-5)


def test_of_pairs_it_is_the_estimate_even_where_the_other_image_is_clean() -> None:
    """As it will be afterwards: nobody has a clean image then, and real noise is not white."""
    images = shots(0)
    clean = ImageSet(np.full_like(images.values, 0.4), images.shapes)
    examples = PairExamples(images, clean, seed=0, patch=16, patches=60)
    _, levels = told(examples, Supervised())
    assert sorted({*levels.round(3).tolist()}) == pytest.approx(LEVELS, rel=0.05)


def test_of_two_shots_it_is_that_of_the_one_that_is_seen() -> None:
    one, other = shots(0), shots(1, (0.2, 0.25, 0.3))
    examples = PairExamples(one, other, seed=0, patch=16, patches=60)
    seen, levels = told(examples, Noise2Noise())
    np.testing.assert_allclose(levels, seen.std(axis=(1, 2, 3)), rtol=0.15)
    assert levels.min() < LEVELS[2] < 0.25 < levels.max()


def test_of_patches_made_grey_it_is_that_of_the_grey_image() -> None:
    examples = NoisyExamples(shots(0), seed=0, patch=16, patches=60, grey=0.5)
    seen, levels = told(examples, BlindSpot())
    grey = (seen == seen[..., :1]).all(axis=(1, 2, 3))
    of_colour = np.array(LEVELS)[examples.origins(0, 0)]
    expected = np.where(grey, np.sqrt(np.square(LUMA).sum()), 1) * of_colour
    assert 10 < grey.sum() < 50
    np.testing.assert_allclose(levels, expected, rtol=0.06)


def test_of_whole_images_it_is_that_of_each_in_its_place() -> None:
    images = np.stack([shots(0).read(i)[:64] for i in range(3)])
    _, levels = told(NoisyExamples(images, seed=0), BlindSpot())
    np.testing.assert_allclose(levels, LEVELS, rtol=0.06)


@pytest.mark.parametrize("objective", [Supervised(), BlindSpot(), Neighbor2Neighbor()])
def test_of_noise_that_is_drawn_it_is_what_was_drawn(objective: Objective) -> None:
    clean = np.full((20, 24, 24, 1), 0.5, np.float32)
    examples = CleanExamples(clean, Blind(), seed=0)
    batch = examples.block(0, 0)
    _, levels = told(examples, objective)
    np.testing.assert_allclose(levels, residual_level(batch.input, clean), rtol=1e-5)


def test_of_two_shots_that_are_drawn_it_is_that_of_the_one_that_is_seen() -> None:
    clean = np.full((40, 24, 24, 1), 0.5, np.float32)
    examples = CleanExamples(clean, Blind(), seed=0, second_shot=True)
    seen, levels = told(examples, Noise2Noise())
    np.testing.assert_allclose(levels, residual_level(seen, clean), rtol=1e-5)


def test_a_network_that_is_not_told_costs_no_estimate() -> None:
    for examples in (
        NoisyExamples(shots(0), seed=0, patch=16),
        PairExamples(shots(0), shots(1), seed=0, patch=16),
        CleanExamples(shots(0), Blind(), seed=0, patch=16),
    ):
        assert examples.block(0, 0).level is None
