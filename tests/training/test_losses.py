"""The loss that asks for what the score measures."""

from typing import Any

import numpy as np
import pytest

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.evaluation.metrics import psnr
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.training.losses import cross_entropy, keras_loss, psnr_loss

DRAWS = np.random.default_rng(0)
CLEAN: Images = DRAWS.random((4, 6, 5, 3), np.float32)
DENOISED: Images = DRAWS.uniform(0.05, 0.95, CLEAN.shape).astype(np.float32)


def values(clean: Images, denoised: Images) -> Any:
    return np.asarray(psnr_loss(clean, denoised, 1e-5))


def test_it_is_cross_entropy_plus_the_logarithm_of_the_squared_error_of_each_image() -> None:
    cross_entropy = -CLEAN * np.log(DENOISED) - (1 - CLEAN) * np.log(1 - DENOISED)
    decibels = psnr(CLEAN.astype(np.float64), DENOISED.astype(np.float64))
    expected = cross_entropy.mean(axis=(1, 2, 3)) - decibels * np.log(10) / 10
    np.testing.assert_allclose(values(CLEAN, DENOISED), expected, rtol=1e-3)


@pytest.mark.parametrize("mse_floor", [1e-5, 1e-3])
def test_perfect_images_have_a_finite_loss_and_gradient(mse_floor: float) -> None:
    keras = load_keras()
    model = keras.Sequential([keras.Input(CLEAN.shape[1:]), keras.layers.Rescaling(1.0)])
    model.compile(loss=keras_loss("psnr", mse_floor))
    loss = model.evaluate(np.full_like(CLEAN, 0.5), np.full_like(CLEAN, 0.5), verbose=0)
    assert loss == pytest.approx(np.log(2) + np.log(mse_floor), abs=1e-3)


def test_losses_by_name() -> None:
    assert keras_loss("binary_crossentropy", 1e-5) is cross_entropy
    assert keras_loss("mse", 1e-5) == "mse"
