"""What was taken away from an image: noise, brightness, structure."""

import numpy as np
import pandas as pd
import pytest

from denoising_pipeline.evaluation.without_clean import beside, residuals, summary_without_clean
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet

STILL = np.full((2, 64, 48, 1), 0.5, np.float32)


def white(seed: int = 0) -> Images:
    return 0.1 * np.random.default_rng(seed).standard_normal(STILL.shape, np.float32)


def test_all_of_the_noise_and_nothing_else_is_white_with_mean_0() -> None:
    found = residuals(STILL + white(), STILL)
    assert found["residual_level"] == pytest.approx([0.1, 0.1], rel=0.05)
    assert found["residual_mean"] == pytest.approx([0, 0], abs=0.01)
    assert found["residual_correlation"] == pytest.approx([0, 0], abs=0.05)


def test_structure_that_was_taken_along_correlates() -> None:
    waves = np.float32(0.1) * np.sin(np.arange(48, dtype=np.float32) / 4)
    found = residuals(STILL + waves[:, np.newaxis] + white(), STILL)
    assert found["residual_correlation"].min() > 0.2


def test_lost_brightness_is_the_mean_and_no_correlation() -> None:
    found = residuals(STILL, STILL - np.float32(0.2))
    assert found["residual_mean"] == pytest.approx([0.2, 0.2])
    assert found["residual_level"] == pytest.approx([0, 0], abs=1e-6)


def test_nothing_taken_away_is_0_in_every_way() -> None:
    for values in residuals(STILL, STILL).values():
        assert values.tolist() == [0, 0]


def test_images_of_any_size_down_to_a_pixel() -> None:
    shapes = [(1, 1, 1), (1, 7, 1), (5, 3, 1)]
    images = [np.random.default_rng(1).random(shape, np.float32) for shape in shapes]
    noisy = ImageSet.collect(images, shapes, np.float32)
    dark = ImageSet(np.zeros_like(noisy.values), noisy.shapes)
    assert all(np.isfinite(values).all() for values in residuals(noisy, dark).values())


def test_filters_and_predictions_are_summed_up() -> None:
    """A prediction has no interval over images: the mean of its own bounds stands for it."""
    table = pd.DataFrame(
        {
            "risk": [0.25, 0.5, 0.75],
            "noisy_risk": [1.0, 1.0, 1.0],
            "start_risk": [0.5, 0.5, 1.0],
            "wavelet_risk": [0.25, 0.25, 0.25],
            "start_predicted": [30.0, 32.0, np.nan],
            "start_predicted_low": [28.0, 30.0, np.nan],
            "start_predicted_high": [31.0, 33.0, np.nan],
            "start_not_predicted": ["", "", "hardly any noise"],
        }
    )
    found = summary_without_clean(table, "some/photos.zip", 0.95)
    assert beside(found) == {"start": "photos.zip", "wavelet": "wavelet"}
    assert found["wavelet_risk_gain"] == -0.25
    assert found["wavelet_risk_gain_ci_low"] < -0.25 < found["wavelet_risk_gain_ci_high"]
    ends = [found[f"start_predicted{end}"] for end in ("", "_low", "_high")]
    assert ends == [31.0, 29.0, 32.0]
    assert found["n_start_predicted"] == 2
    assert found["start_not_predicted"] == "hardly any noise"
