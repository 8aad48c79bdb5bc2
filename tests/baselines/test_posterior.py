"""The posterior mean is Bayes' formula with the exact likelihood, in memory that does not grow."""

import tracemalloc

import numpy as np
import pytest
from digits import NOISE, digits, known
from scipy.stats import norm

from denoising_pipeline.baselines import Known, NotApplicableError
from denoising_pipeline.baselines.posterior import NOISY_BLOCK, TRAIN_BLOCK, posterior_mean
from denoising_pipeline.degradations import NOISES, draw_noisy
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.images.arrays import Images, Values

OTHERS = [kind(name=name) for name, kind in NOISES.items() if name != "gaussian"]
CLEAN = digits("train")[: TRAIN_BLOCK + 500, 10:18, 10:18]
NOISY = draw_noisy(
    digits("t10k")[: NOISY_BLOCK + 100, 10:18, 10:18], NOISE, seed=0, split="test", epoch=0
)


def by_definition(clean: Images, noisy: Images, sigma: float) -> Values:
    """E[clean | noisy] of one noisy image in float64, every likelihood written out."""
    x, y = clean.reshape(len(clean), -1).astype(float), noisy.reshape(-1).astype(float)
    likelihood = np.where(
        y == 0,
        norm.logcdf(0, x, sigma),
        np.where(y == 1, norm.logsf(1, x, sigma), norm.logpdf(y, x, sigma)),
    ).sum(1)
    weights = np.exp(likelihood - likelihood.max())
    mean: Values = (weights / weights.sum()) @ x
    return mean


@pytest.mark.parametrize("sigma", [0.1, 0.5, 2.0])
def test_it_is_bayes_formula_across_all_blocks(sigma: float) -> None:
    """There are more training images and more noisy images than a block has."""
    denoised = posterior_mean(Known(CLEAN, Gaussian(sigma=sigma), 0))(NOISY)
    for image in (0, NOISY_BLOCK - 1, NOISY_BLOCK, len(NOISY) - 1):
        expected = by_definition(CLEAN, NOISY[image], sigma)
        np.testing.assert_allclose(denoised[image].ravel(), expected, atol=2e-3)


def test_a_training_image_with_little_noise_is_found_again() -> None:
    clean = known().images.part(slice(70, 75)).as_array()
    noisy = draw_noisy(clean, Gaussian(sigma=0.02), seed=0, split="val", epoch=0)
    denoise = posterior_mean(Known(known().train_clean, Gaussian(sigma=0.02), 0))
    np.testing.assert_allclose(denoise(noisy), clean, atol=1e-5)


def test_memory_does_not_grow_with_the_training_images() -> None:
    def peak(images: Images) -> int:
        denoise = posterior_mean(Known(images, NOISE, 0))
        tracemalloc.start()
        denoise(NOISY)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    images = digits("train")[: 4 * TRAIN_BLOCK, 10:18, 10:18]
    assert peak(images) < 1.1 * peak(images[:TRAIN_BLOCK])


@pytest.mark.parametrize("noise", [*OTHERS, Gaussian(sigma=0)], ids=lambda noise: noise.describe())
def test_noise_without_that_likelihood_is_refused(noise: Gaussian) -> None:
    with pytest.raises(NotApplicableError, match=f"clipped Gaussian .* {noise.describe()}"):
        posterior_mean(Known(CLEAN, noise, 0))
