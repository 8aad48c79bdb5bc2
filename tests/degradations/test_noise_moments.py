"""Each noise model against the closed formulas of its distribution.

Tolerances are 5 standard errors of the estimate, from the number of samples.
"""

import numpy as np
import numpy.typing as npt
import pytest
from pydantic import ValidationError
from scipy.stats import norm

from denoising_pipeline.degradations import Noise
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.degradations.masking import Masking
from denoising_pipeline.degradations.poisson import SMALLEST_GAIN, Poisson
from denoising_pipeline.degradations.salt_and_pepper import SaltAndPepper
from denoising_pipeline.degradations.speckle import Speckle

SAMPLES = 500_000


def degrade(noise: Noise, value: float, channels: int = 1) -> npt.NDArray[np.float64]:
    """Noisy versions of one grey value, shape (SAMPLES, channels)."""
    clean = np.full((1, SAMPLES // 500, 500, channels), value, np.float32)
    noisy = noise.apply(clean, np.random.default_rng(0))
    return noisy.reshape(SAMPLES, channels).astype(np.float64)


def within(variance: float) -> float:
    """Five standard errors of a mean of `SAMPLES` draws with that variance."""
    return 5 * float(np.sqrt(variance / SAMPLES))


def share(probability: float) -> object:
    return pytest.approx(probability, abs=within(probability * (1 - probability)))


def has_moments(noisy: npt.NDArray[np.float64], mean: float, variance: float) -> None:
    """The kurtosis of every case here is at most 3.1, so a variance varies by 2.1 / N of itself."""
    assert np.mean(noisy) == pytest.approx(mean, abs=within(variance))
    assert np.var(noisy) == pytest.approx(variance, abs=within(2.1 * variance**2))


@pytest.mark.parametrize("value", [0.0, 0.2, 0.5, 1.0])
@pytest.mark.parametrize("sigma", [0.1, 0.5, 2.0])
def test_gaussian_mean_is_that_of_a_clipped_normal(value: float, sigma: float) -> None:
    """E = x (F(b) - F(a)) + sigma (f(a) - f(b)) + 1 - F(b), a = -x / sigma, b = (1 - x) / sigma."""
    a, b = -value / sigma, (1 - value) / sigma
    mean = value * (norm.cdf(b) - norm.cdf(a)) + sigma * (norm.pdf(a) - norm.pdf(b)) + norm.sf(b)
    noisy = degrade(Gaussian(sigma=sigma), value)
    assert np.mean(noisy) == pytest.approx(mean, abs=within(float(np.var(noisy))))


def test_gaussian_on_black_is_zero_half_of_the_time_and_else_a_half_normal() -> None:
    noisy = degrade(Gaussian(sigma=0.1), 0.0)
    assert np.mean(noisy == 0) == share(0.5)
    mean, variance = 0.1 / np.sqrt(2 * np.pi), 0.1**2 * (1 / 2 - 1 / (2 * np.pi))
    assert np.mean(noisy) == pytest.approx(mean, abs=within(variance))
    assert np.mean(degrade(Gaussian(sigma=0.5), 0.0) == 0) == share(0.5)


def test_gaussian_within_the_range_has_its_mean_and_variance() -> None:
    has_moments(degrade(Gaussian(sigma=0.08), 0.5), 0.5, 0.08**2)


def test_gaussian_channels_are_independent() -> None:
    correlations = np.corrcoef(degrade(Gaussian(sigma=0.1), 0.5, channels=3).T)
    assert np.abs(correlations - np.eye(3)).max() < within(1)


@pytest.mark.parametrize("value", [0.25, 0.6])
def test_speckle_is_proportional_to_the_clean_value(value: float) -> None:
    has_moments(degrade(Speckle(sigma=0.12), value), value, (0.12 * value) ** 2)


def test_speckle_keeps_black() -> None:
    assert not degrade(Speckle(sigma=10), 0.0).any()


@pytest.mark.parametrize(("amount", "salt"), [(0.2, 0.5), (0.7, 0.1), (1, 0.5), (1, 1), (1, 0)])
def test_salt_and_pepper_shares(amount: float, salt: float) -> None:
    noisy = degrade(SaltAndPepper(amount=amount, salt=salt), 0.25)
    assert np.mean(noisy == 1) == share(amount * salt)
    assert np.mean(noisy == 0) == share(amount * (1 - salt))
    assert np.mean(noisy == 0.25) == share(1 - amount)
    assert set(np.unique(noisy)) <= {0, 0.25, 1}


def test_salt_and_pepper_loses_each_channel_by_itself() -> None:
    kept = degrade(SaltAndPepper(amount=0.4), 0.25, channels=3) == 0.25
    assert np.mean(kept.all(axis=1)) == share(0.6**3)


@pytest.mark.parametrize("value", [0.2, 0.5])
def test_poisson_variance_is_the_gain_times_the_clean_value(value: float) -> None:
    has_moments(degrade(Poisson(gain=0.005), value), value, 0.005 * value)


def test_poisson_values_are_whole_photons() -> None:
    photons = degrade(Poisson(gain=0.125), 0.4) / 0.125
    np.testing.assert_array_equal(photons, np.round(photons))
    assert np.mean(photons == 0) == share(np.exp(-0.4 / 0.125))


def test_poisson_keeps_black_and_takes_the_smallest_gain() -> None:
    assert not degrade(Poisson(gain=1), 0.0).any()
    np.testing.assert_allclose(degrade(Poisson(gain=SMALLEST_GAIN), 0.5), 0.5, atol=1e-3)


def test_poisson_refuses_a_gain_whose_counts_overflow() -> None:
    with pytest.raises(ValidationError, match=r"too small to be seen\. Give 0"):
        Poisson(gain=1e-30)


@pytest.mark.parametrize("fraction", [0.1, 0.5, 1.0])
def test_masking_loses_whole_pixels(fraction: float) -> None:
    noisy = degrade(Masking(fraction=fraction), 0.25, channels=3)
    lost = np.all(noisy == 0, axis=1)
    assert np.mean(lost) == share(fraction)
    assert np.all(noisy[~lost] == 0.25)
