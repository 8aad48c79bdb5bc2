"""Features are those of textbook signals, scores and areas equal scikit-learn's."""

import numpy as np
import numpy.typing as npt
import pytest
from scipy.ndimage import uniform_filter1d
from sklearn.covariance import EmpiricalCovariance
from sklearn.metrics import roc_auc_score

from denoising_pipeline.evaluation.ood import (
    MIN_IMAGES,
    OodDetector,
    auc_interval,
    residual_features,
    roc,
)
from denoising_pipeline.images.arrays import Images

Scores = npt.NDArray[np.float64]


def white(images: int = 40, side: int = 64, channels: int = 1) -> Images:
    draws = np.random.default_rng(0)
    return (0.1 * draws.standard_normal((images, side, side, channels))).astype(np.float32)


def some_features(images: int, shift: float = 0) -> Scores:
    draws = np.random.default_rng(images)
    mixing = np.array([[1, 0, 0, 0], [0.5, 1, 0, 0], [0, 0.3, 2, 0], [0, 0, 0.1, 0.2]])
    features: Scores = draws.standard_normal((images, 4)) @ mixing + 3 + shift
    return features


@pytest.mark.parametrize("channels", [1, 3])
def test_white_residual_has_its_level_and_no_correlation(channels: int) -> None:
    residual = white(channels=channels)
    features = residual_features(0.5 + 0.2 + residual, np.full_like(residual, 0.5))
    np.testing.assert_allclose(features.mean(0), [0.2, 0.1, 0, 0], atol=0.01)


def test_a_residual_smooth_along_rows_is_correlated_from_column_to_column() -> None:
    """A moving average of two has an autocorrelation of 1/2 at lag 1."""
    smooth = uniform_filter1d(white(), 2, axis=2, mode="wrap")
    features = residual_features(smooth, np.zeros_like(smooth)).mean(0)
    np.testing.assert_allclose(features, [0, 0.1 / np.sqrt(2), 0, 0.5], atol=0.01)


def test_nothing_taken_away_is_no_noise_and_no_correlation() -> None:
    images = 0.5 + white(3, 8)
    np.testing.assert_array_equal(residual_features(images, images), np.zeros((3, 4)))


def test_images_are_measured_one_by_one() -> None:
    """More than a block of them, and each alone."""
    noisy = white(1001, 4)
    whole = residual_features(noisy, np.zeros_like(noisy))
    for i in (0, 999, 1000):
        one = slice(i, i + 1)
        np.testing.assert_allclose(
            whole[one], residual_features(noisy[one], np.zeros_like(noisy[one]))
        )


def test_score_is_the_distance_of_mahalanobis() -> None:
    features, others = some_features(300), some_features(50, shift=1)
    expected = EmpiricalCovariance().fit(features).mahalanobis(others)
    np.testing.assert_allclose(OodDetector.learn(features).score(others) ** 2, expected)


@pytest.mark.parametrize("confidence", [0.9, 0.99])
def test_threshold_leaves_out_the_share_that_it_is_told(confidence: float) -> None:
    features = some_features(5000)
    learned = OodDetector.learn(features, confidence)
    assert np.mean(learned.score(features) > learned.threshold) == pytest.approx(1 - confidence)
    new = learned.score(some_features(4000))
    assert np.mean(new > learned.threshold) == pytest.approx(1 - confidence, abs=0.02)


def test_what_was_learned_survives_a_file() -> None:
    learned = OodDetector.learn(some_features(30))
    assert OodDetector.model_validate_json(learned.model_dump_json()) == learned


def test_equal_images_can_be_learned_from() -> None:
    """Features that do not vary have no inverse covariance, and still a finite score."""
    learned = OodDetector.learn(np.ones((5, 4)))
    assert np.isfinite(learned.score(some_features(5))).all()


def test_fewer_images_than_it_takes_are_refused_by_the_parameter_that_gives_more() -> None:
    """One image has no spread: every other image would be called unlike it."""
    for count in (0, 1, MIN_IMAGES - 1):
        with pytest.raises(ValueError, match=rf"there are {count}\. Raise robustness\.images or"):
            OodDetector.learn(some_features(MIN_IMAGES)[:count])


@pytest.mark.parametrize(("few", "many"), [(1, 1), (1, 30), (30, 1)])
def test_a_single_image_has_an_area_without_an_interval(few: int, many: int) -> None:
    known, others = np.arange(float(few)), np.arange(0.5, many)
    expected = np.mean(others[np.newaxis] > known[:, np.newaxis])
    assert auc_interval(known, others, seed=0) == pytest.approx((expected,) * 3)
    false_alarms, detected = roc(known, others)
    assert np.trapezoid(detected, false_alarms) == pytest.approx(expected)


def test_area_is_that_of_the_curve_ties_included() -> None:
    draws = np.random.default_rng(0)
    known, others = (
        draws.integers(0, 8, 60) / 1.0,
        draws.integers(3, 12, 40) / 1.0,
    )
    truth = np.repeat([0, 1], [60, 40])
    expected = roc_auc_score(truth, np.concatenate([known, others]))
    area, low, high = auc_interval(known, others, seed=0)
    assert area == pytest.approx(expected)
    assert low < area < high
    false_alarms, detected = roc(known, others)
    assert np.trapezoid(detected, false_alarms) == pytest.approx(expected)
    assert (false_alarms[0], detected[0], false_alarms[-1], detected[-1]) == (0, 0, 1, 1)


def test_interval_is_as_wide_as_theory_says() -> None:
    """Hanley and McNeil's standard error for two normal scores, one standard deviation apart."""
    draws = np.random.default_rng(0)
    known, others = draws.normal(0, 1, 300), draws.normal(1, 1, 200)
    area, low, high = auc_interval(known, others, seed=0)
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    spread = (area * (1 - area) + 199 * (q1 - area**2) + 299 * (q2 - area**2)) / (300 * 200)
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(spread), rel=0.15)


def test_scores_apart_are_told_apart_and_equal_ones_are_not() -> None:
    low, high = np.arange(10.0), np.arange(20.0, 25.0)
    assert auc_interval(low, high, seed=0) == (1, 1, 1)
    assert auc_interval(high, low, seed=0)[0] == 0
    assert auc_interval(low, low, seed=0)[0] == 0.5
