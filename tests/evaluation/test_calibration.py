"""Coverage, reliability and calibration of errors whose distribution is known."""

import numpy as np
import pytest
from scipy.special import erf

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.degradations import draw_noisy
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.evaluation.calibration import (
    MIN_SD,
    calibration_scale,
    reliability,
    shares_within,
)
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.models.dense import Dense
from denoising_pipeline.training import CleanExamples, train, train_sd_estimator
from denoising_pipeline.training.losses import sd_loss
from denoising_pipeline.training.options import TrainingParameters, UncertaintyParameters

NOISE = Gaussian(sigma=0.3)


def normal_errors(images: int = 2500) -> tuple[Images, Images, Images]:
    """Clean, denoised, and the true standard deviation of their difference, in [0.01, 0.1]."""
    draws = np.random.default_rng(0)
    shape = (images, 9, 8, 1)
    sd = draws.uniform(0.01, 0.1, shape).astype(np.float32)
    clean = np.where(draws.random(shape) < 0.5, 0, 0.5).astype(np.float32)
    return clean, clean + sd * draws.standard_normal(shape).astype(np.float32), sd


def test_a_true_standard_deviation_covers_what_a_normal_distribution_does() -> None:
    """Of all pixels, and of those that are not black, across more than one block of images."""
    factors = (0.5, 1.0, 2.0, 3.0)
    for shares in shares_within(*normal_errors(), factors):
        for factor, share in zip(factors, shares, strict=True):
            assert share.shape == (2500,)
            assert share.mean() == pytest.approx(erf(factor / 2**0.5), abs=0.005)


def test_shares_are_counted_image_by_image() -> None:
    clean = np.array([[0, 0.5, 1, 0], [0, 0, 0, 0]], np.float32).reshape(2, 2, 2, 1)
    error = np.array([[0.1, 0.3, 0.1, 0.3], [0.1, 0.1, 0.1, 0.3]], np.float32).reshape(clean.shape)
    sd = np.full_like(clean, 0.1)
    (every,), (lit,) = shares_within(clean, clean + error, sd, [2])
    np.testing.assert_array_equal(every, [0.5, 0.75])
    np.testing.assert_array_equal(lit, [0.5, np.nan])


def test_reliability_of_a_true_standard_deviation_lies_on_the_diagonal() -> None:
    clean, denoised, sd = normal_errors()
    table = reliability(clean, denoised, sd)
    assert table["n_pixels"].sum() == sd.size
    assert len(table) == 10
    np.testing.assert_allclose(table["n_pixels"], sd.size / 10, rtol=0.01)
    np.testing.assert_allclose(table["observed_rmse"], table["predicted_rmse"], rtol=0.03)
    np.testing.assert_allclose(table["share_within_2sd"], erf(2**0.5), atol=0.01)
    assert table["predicted_rmse"].is_monotonic_increasing


def test_reliability_equals_that_of_all_pixels_at_once() -> None:
    clean, denoised, sd = normal_errors(1100)
    table = reliability(clean, denoised, sd, bins=2)
    high = sd > np.median(sd)
    for row, chosen in zip(table.to_dict("records"), (~high, high), strict=True):
        error = (clean - denoised)[chosen].astype(np.float64)
        assert row["n_pixels"] == chosen.sum()
        assert row["observed_rmse"] == pytest.approx(np.sqrt(np.mean(error**2)), rel=1e-5)
        assert row["share_within_2sd"] == np.mean(np.abs(error) <= 2 * sd[chosen])


def test_equal_predictions_share_a_bin() -> None:
    clean, denoised, sd = normal_errors(20)
    table = reliability(clean, denoised, np.full_like(sd, 0.05))
    assert table["n_pixels"].tolist() == [sd.size]
    assert table["predicted_rmse"][0] == pytest.approx(0.05)


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_calibration_finds_the_factor_that_is_missing(factor: float) -> None:
    clean, denoised, sd = normal_errors()
    found = calibration_scale(clean, denoised, sd / np.float32(factor))
    assert found == pytest.approx(factor, rel=0.02)


def test_the_loss_is_least_at_the_root_of_the_mean_squared_error() -> None:
    """Of errors that are far from normal: most are 0, some are large."""
    squared = np.random.default_rng(0).choice([0, 0.25], p=[0.9, 0.1], size=(1, 50, 50, 1))
    squared = squared.astype(np.float32)
    guesses = np.linspace(0.1, 0.2, 21, dtype=np.float32)
    keras = load_keras()
    values = [
        float(keras.ops.mean(sd_loss(squared, np.full_like(squared, guess - MIN_SD))))
        for guess in guesses
    ]
    assert guesses[np.argmin(values)] == pytest.approx(np.sqrt(squared.mean()), abs=0.004)


@pytest.fixture(scope="module")
def squares() -> Images:
    """Bright squares of four by four at random places."""
    draws = np.random.default_rng(0)
    images = np.zeros((600, 12, 12, 1), np.float32)
    for image, row, column in zip(images, *draws.integers(0, 8, (2, 600)), strict=True):
        image[row : row + 4, column : column + 4] = 1
    return images


@pytest.fixture(scope="module")
def denoiser(squares: Images) -> Denoiser:
    options = TrainingParameters(
        model=Dense(latent_dim=16, layers=1, nodes=64),
        loss="mse",
        epochs=6,
        batch_size=20,
        weight_decay=0.0,
    )
    validation = draw_noisy(squares[500:], NOISE, seed=0, split="val", epoch=0), squares[500:]
    examples = CleanExamples.of(squares[:500], NOISE, options, 0)
    found, _ = train(examples, validation, options, 0, lambda epoch, metrics: None)
    return found


def learnt(denoiser: Denoiser, squares: Images) -> Denoiser:
    validation = draw_noisy(squares[500:], NOISE, seed=0, split="val", epoch=0), squares[500:]
    options = UncertaintyParameters(epochs=4, batch_size=20)
    return train_sd_estimator(denoiser, squares[:500], NOISE, validation, options, 0)


def test_the_network_learns_where_and_how_much_the_denoiser_errs(
    denoiser: Denoiser, squares: Images
) -> None:
    """On images and noise that it has not seen, to the same bits again; the denoiser stays."""
    weights = [weight.tolist() for weight in denoiser.model.get_weights()]
    found = learnt(denoiser, squares)
    assert [weight.tolist() for weight in denoiser.model.get_weights()] == weights
    clean = squares[500:]
    noisy = draw_noisy(clean, NOISE, seed=0, split="test", epoch=0)
    error, sd = clean - denoiser(noisy), found(noisy) + np.float32(MIN_SD)
    assert sd.shape == clean.shape
    np.testing.assert_array_equal(learnt(denoiser, squares)(noisy), found(noisy))
    assert np.sqrt(np.mean(sd**2)) == pytest.approx(np.sqrt(np.mean(error**2)), rel=0.25)
    table = reliability(clean, denoiser(noisy), sd, bins=4)
    assert table["observed_rmse"].iloc[-1] > 2 * table["observed_rmse"].iloc[0]
