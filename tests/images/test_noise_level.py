"""The noise of a photograph is estimated from the photograph alone."""

import tracemalloc

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage import data

from denoising_pipeline.core.seeding import generator
from denoising_pipeline.images.blocks import Image
from denoising_pipeline.images.clipping import clipped_variance
from denoising_pipeline.images.noise_level import estimate_noise


def photograph(name: str) -> Image:
    pixels = np.asarray(getattr(data, name)(), np.float32) / 255
    return np.atleast_3d(pixels)


def noise(shape: tuple[int, ...]) -> Image:
    return generator(0, "noise").normal(0, 1, shape).astype(np.float32)


def with_noise(clean: Image, sigma: float) -> Image:
    return clean + np.float32(sigma / 255) * noise(clean.shape)


def as_8_bits(image: Image) -> Image:
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.float32) / np.float32(255)


@pytest.mark.parametrize("name", ["camera", "chelsea", "brick"])
@pytest.mark.parametrize("sigma", [10, 25, 75])
def test_the_level_is_right_within_3_percent(name: str, sigma: float) -> None:
    noisy = with_noise(photograph(name), sigma)
    for image in (noisy, as_8_bits(noisy)):
        assert estimate_noise(image).sigma * 255 == pytest.approx(sigma, rel=0.03)


@pytest.mark.parametrize("name", ["camera", "chelsea", "brick", "moon", "rocket"])
def test_a_clean_photograph_has_next_to_no_noise(name: str) -> None:
    assert estimate_noise(photograph(name)).sigma < 1 / 255


@pytest.mark.parametrize("size", [(1, 1), (3, 3), (1, 4000), (7, 9)])
def test_what_is_too_small_to_tell_is_said_to_be_unknown(size: tuple[int, int]) -> None:
    estimate = estimate_noise(np.full((*size, 1), 0.5, np.float32))
    assert not estimate.known
    assert estimate.sigma == 0


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_one_even_colour_has_no_noise(value: float) -> None:
    estimate = estimate_noise(np.full((64, 64, 3), value, np.float32))
    assert estimate.sigma < 1e-4
    assert estimate.known == (value == 0.5)
    assert estimate.clipped == (value != 0.5)
    assert estimate.stripes == estimate.blocks == estimate.correlation == estimate.gain == 0


def test_flat_black_and_white_do_not_hide_the_noise() -> None:
    clean = photograph("camera")
    clean[:300] = 0
    clean[300:360] = 1
    estimate = estimate_noise(as_8_bits(with_noise(clean, 20)))
    assert estimate.sigma * 255 == pytest.approx(20, rel=0.05)
    assert estimate.black > 0.25
    assert estimate.white > 0.05


def test_the_same_image_gives_the_same_numbers_and_is_not_changed() -> None:
    image = with_noise(photograph("camera"), 10)
    before = image.copy()
    assert estimate_noise(image) == estimate_noise(image)
    np.testing.assert_array_equal(image, before)


def test_a_large_image_costs_little_memory_beside_itself() -> None:
    image = np.broadcast_to(noise((8, 4000, 3)), (2000, 8, 4000, 3)).reshape(-1, 4000, 3)[:3000]
    tracemalloc.start()
    estimate_noise(image)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < image.nbytes / 2


@pytest.mark.parametrize(("gain", "offset"), [(0.02, 0.0), (0.05, 4e-4)])
def test_noise_that_grows_with_the_signal_is_found(gain: float, offset: float) -> None:
    clean = photograph("camera")
    variance = gain * clean + np.float32(offset)
    estimate = estimate_noise(as_8_bits(clean + np.sqrt(variance) * noise(clean.shape)))
    assert estimate.gain == pytest.approx(gain, rel=0.25)
    assert estimate.sigma == pytest.approx(float(np.sqrt(variance.mean())), rel=0.1)


@pytest.mark.parametrize("sigma", [10, 50])
def test_noise_that_does_not_is_not_said_to(sigma: float) -> None:
    estimate = estimate_noise(as_8_bits(with_noise(photograph("camera"), sigma)))
    assert estimate.gain == 0
    assert estimate.sigma == pytest.approx(np.sqrt(estimate.offset))


def test_correlated_noise_is_found_with_its_level() -> None:
    clean = photograph("camera")
    blurred = gaussian_filter(noise(clean.shape), (0.5, 0.5, 0)) * np.float32(30 / 255)
    estimate = estimate_noise(as_8_bits(clean + blurred))
    assert estimate.correlation > 0.15
    assert estimate.sigma == pytest.approx(blurred.std(), rel=0.15)


def test_independent_noise_is_not_said_to_be_correlated() -> None:
    assert estimate_noise(with_noise(photograph("camera"), 10)).correlation == 0


@pytest.mark.parametrize("variance", [1e-4, 0.01, 0.09])
def test_the_variance_after_clipping_is_that_of_clipped_noise(variance: float) -> None:
    draws = generator(0, "noise").normal(0, np.sqrt(variance), 200_000)
    for centre in (0.05, 0.3, 0.9):
        clipped = np.clip(centre + draws, 0, 1)
        expected = clipped_variance(np.array([clipped.mean()], np.float32), variance)
        assert expected[0] == pytest.approx(clipped.var(), rel=0.03)
