"""The noise that is another one for each image."""

import numpy as np
import pytest

from denoising_pipeline.noise import NOISES
from denoising_pipeline.noise.blind import Blind


def noisy_grey(
    noise: Blind, images: int = 400
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    clean = np.full((images, 24, 24, 1), 0.5, np.float32)
    noisy = noise.apply(clean, np.random.default_rng(0))
    return noisy.reshape(images, -1).astype(np.float64)


def test_levels_are_uniform_up_to_twice_the_default() -> None:
    """For small Gaussian noise on grey the spread of an image is its sigma, clipping aside."""
    spread = noisy_grey(Blind(gaussian=1, strength=0.2)).std(axis=1)
    assert spread.mean() == pytest.approx(0.1, abs=5 * 0.2 / np.sqrt(12 * len(spread)))
    assert 0 < spread.min() < 0.01
    assert 0.19 < spread.max() < 0.2 * (1 + 5 / np.sqrt(2 * 24**2))


def test_the_share_of_low_gaussian_levels_is_the_option() -> None:
    """Below and above the lowest fifth, levels are uniform: their means are the middles."""
    spread = noisy_grey(Blind(gaussian=1, strength=0.2, low=0.6)).std(axis=1)
    low = spread < 0.04
    error = 5 * np.sqrt(0.6 * 0.4 / len(spread))
    assert low.mean() == pytest.approx(0.6, abs=error)
    assert spread[low].mean() == pytest.approx(0.02, abs=5 * 0.04 / np.sqrt(12 * low.sum()))
    assert spread[~low].mean() == pytest.approx(0.12, abs=5 * 0.16 / np.sqrt(12 * (~low).sum()))


@pytest.mark.parametrize(("low", "smallest", "largest"), [(0, 0.04, 0.2), (1, 0, 0.04)])
def test_low_levels_can_be_all_or_none(low: float, smallest: float, largest: float) -> None:
    """With all or none of them in the lowest fifth, no level is on the other side of its end."""
    spread = noisy_grey(Blind(gaussian=1, strength=0.2, low=low)).std(axis=1)
    tolerance = 1 + 5 / np.sqrt(2 * 24**2)
    assert smallest / tolerance < spread.min() < spread.max() < largest * tolerance


def test_the_share_of_gaussian_images_is_the_option() -> None:
    """No other noise model gives more than 200 different values on grey."""
    images = noisy_grey(Blind(gaussian=0.3))
    gaussian_or_speckle = np.mean([len(np.unique(image)) > 50 for image in images])
    speckle = 0.7 / (len(NOISES) - 2)
    expected = 0.3 + speckle
    error = 5 * np.sqrt(expected * (1 - expected) / len(images))
    assert gaussian_or_speckle == pytest.approx(expected, abs=error)


def test_every_other_noise_model_takes_part() -> None:
    """Masking alone leaves 0 and grey only; salt and pepper adds white; Poisson is a grid."""
    kinds = {tuple(np.unique(image)[:2]) for image in noisy_grey(Blind(gaussian=0)) if image.any()}
    assert (0.0, 0.5) in kinds
    images = noisy_grey(Blind(gaussian=0))
    assert any(set(np.unique(image)) == {0, 0.5, 1} for image in images)
    assert any(len(np.unique(image)) > 200 for image in images)
