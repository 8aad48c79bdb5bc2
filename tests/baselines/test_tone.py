"""The tone curve is isotonic regression, and better than inverting the mean of clipped noise."""

import numpy as np
from digits import NOISE, Pair, pair
from scipy.stats import norm
from sklearn.isotonic import IsotonicRegression

from denoising_pipeline.baselines.filters import gaussian_filter
from denoising_pipeline.baselines.tone import LEVELS, ToneCurve
from denoising_pipeline.evaluation.metrics import psnr
from denoising_pipeline.images.arrays import Images, Values


def filtered(split: str) -> Pair:
    noisy, clean = pair(split)
    return gaussian_filter(noisy, sigma=1.0), clean


def test_the_curve_rises_within_the_range() -> None:
    curve = ToneCurve.learn(*filtered("val"))
    assert (np.diff(curve.filtered) > 0).all()
    assert (np.diff(curve.clean) >= 0).all()
    assert curve.clean.min() >= 0 and curve.clean.max() <= 1


def test_it_is_the_isotonic_regression_of_scikit_learn() -> None:
    """There on every value, here on 1,024 levels: the same to the width of some of them."""
    values, clean = filtered("val")
    reference = IsotonicRegression(out_of_bounds="clip").fit(values.ravel(), clean.ravel())
    values, _ = filtered("test")
    expected = reference.predict(values.ravel()).reshape(values.shape)
    difference = np.abs(ToneCurve.learn(*filtered("val"))(values) - expected)
    assert difference.mean() < 2 / LEVELS


def test_a_curve_that_is_known_is_found() -> None:
    clean = np.random.default_rng(0).random((50, 28, 28, 1), dtype=np.float32)
    bent = 0.3 + 0.4 * clean**2
    np.testing.assert_allclose(ToneCurve.learn(bent, clean)(bent), clean, atol=0.06)


def test_one_value_alone_becomes_the_mean() -> None:
    """As after a filter that answers the same whatever the image."""
    grey = np.full((1, 4, 4, 1), 1.0, np.float32)
    clean = np.linspace(0, 1, 16, dtype=np.float32).reshape(grey.shape)
    np.testing.assert_allclose(ToneCurve.learn(grey, clean)(grey), 0.5, atol=1e-6)


def mean_of_clipped(clean: Values, sigma: float) -> Values:
    """E[clip(x + sigma n, 0, 1)], n ~ N(0, 1): the mean of a censored normal distribution."""
    low, high = -clean / sigma, (1 - clean) / sigma
    inside = norm.cdf(high) - norm.cdf(low)
    mean: Values = clean * inside + sigma * (norm.pdf(low) - norm.pdf(high)) + norm.sf(high)
    return mean


def exact_inverse(values: Images, sigma: float) -> Images:
    clean = np.linspace(0, 1, 1001)
    return np.interp(values, mean_of_clipped(clean, sigma), clean).astype(np.float32)


def test_it_is_better_than_the_exact_inverse_of_the_mean() -> None:
    """On images that the curve was not learned on; and the inverse is better than nothing."""
    draws = np.clip(0.2 + 0.5 * np.random.default_rng(0).standard_normal(10**6), 0, 1)
    assert abs(mean_of_clipped(np.array([0.2]), 0.5)[0] - draws.mean()) < 2e-3
    values, clean = filtered("test")
    inverted = psnr(clean, exact_inverse(values, NOISE.sigma)).mean()
    learned = psnr(clean, ToneCurve.learn(*filtered("val"))(values)).mean()
    assert psnr(clean, values).mean() + 1 < inverted < learned - 0.3
