"""The losses and the score of training, of whole images and of what a mask leaves of them."""

from typing import Any

import numpy as np
import pytest

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.evaluation.metrics import psnr
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.training.losses import (
    log_mse,
    loss_by_name,
    mean_psnr,
    psnr_loss,
    unpacked,
)

DRAWS = np.random.default_rng(0)
CLEAN: Images = DRAWS.random((4, 6, 5, 3), np.float32)
DENOISED: Images = DRAWS.uniform(0.05, 0.95, CLEAN.shape).astype(np.float32)
MASK: Images = (DRAWS.random((4, 6, 5, 1)) < 0.4).astype(np.float32)
LOSSES = ("psnr", "log_mse", "mse", "binary_crossentropy")


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
    model.compile(loss=unpacked(loss_by_name("psnr", mse_floor)))
    loss = model.evaluate(np.full_like(CLEAN, 0.5), np.full_like(CLEAN, 0.5), verbose=0)
    assert loss == pytest.approx(np.log(2) + np.log(mse_floor), abs=1e-3)


def test_outputs_without_bounds_have_the_logarithm_of_their_squared_error() -> None:
    wild = (3 * DENOISED - 1).astype(np.float32)
    expected = np.log(np.square(CLEAN - wild).mean(axis=(1, 2, 3)) + 1e-3)
    np.testing.assert_allclose(np.asarray(log_mse(CLEAN, wild, 1e-3)), expected, rtol=1e-5)


@pytest.mark.parametrize("name", LOSSES)
def test_what_lies_outside_of_a_mask_does_not_count(name: str) -> None:
    """Whatever stands there; and with a mask that is 1 everywhere all is as without one."""
    loss = loss_by_name(name, 1e-5)
    other = np.where(MASK == 1, CLEAN, 1 - CLEAN).astype(np.float32)
    one, same = (np.asarray(loss(clean, DENOISED, MASK)) for clean in (CLEAN, other))
    np.testing.assert_allclose(one, same, rtol=1e-6)
    whole = np.asarray(loss(CLEAN, DENOISED, None)).reshape(4, -1).mean(axis=1)
    everywhere = np.asarray(loss(CLEAN, DENOISED, np.ones_like(MASK)))
    np.testing.assert_allclose(everywhere, whole, rtol=1e-5)
    assert not np.allclose(one, whole)


@pytest.mark.parametrize("name", LOSSES)
def test_the_gradient_outside_of_a_mask_is_nothing(name: str) -> None:
    """One step of gradient descent moves what lies in the mask, and nothing else."""
    keras = load_keras()
    layer = keras.layers.EinsumDense("abcd,bcd->abcd", (6, 5, 3))  # A weight for every value.
    model = keras.Sequential([keras.Input(CLEAN.shape[1:]), layer])
    layer.set_weights([np.full((6, 5, 3), 0.5, np.float32)])
    model.compile(keras.optimizers.SGD(0.01), loss=unpacked(loss_by_name(name, 1e-5)))
    packed = np.concatenate([CLEAN[:1], MASK[:1]], axis=-1)
    model.train_on_batch(np.ones_like(CLEAN[:1]), packed)
    moved = layer.get_weights()[0] != 0.5
    np.testing.assert_array_equal(moved, np.broadcast_to(MASK[0] == 1, moved.shape))


def test_the_score_of_training_is_that_of_the_pixels_in_the_mask() -> None:
    inside = [mask[..., 0] == 1 for mask in MASK]
    errors = [
        np.mean(np.square(clean - denoised)[chosen])
        for clean, denoised, chosen in zip(CLEAN, DENOISED, inside, strict=True)
    ]
    found = np.asarray(mean_psnr(CLEAN, DENOISED, MASK))
    np.testing.assert_allclose(found, -10 * np.log10(errors), rtol=1e-4)


def test_images_that_nothing_counts_of_have_a_finite_loss() -> None:
    nothing = np.zeros_like(MASK)
    for name in LOSSES:
        assert np.isfinite(loss_by_name(name, 1e-5)(CLEAN, DENOISED, nothing)).all()
