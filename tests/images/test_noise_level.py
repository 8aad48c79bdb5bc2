"""The noise of a photograph is estimated from the photograph alone."""

import numpy as np
import pytest
from skimage import data

from denoising_pipeline.core.seeding import generator
from denoising_pipeline.images.noise_level import Image, estimate_noise


def photograph(name: str) -> Image:
    pixels = np.asarray(getattr(data, name)(), np.float32) / 255
    return np.atleast_3d(pixels)


def with_noise(clean: Image, sigma: float) -> Image:
    noise = generator(0, "noise").normal(0, sigma / 255, clean.shape)
    return (clean + noise).astype(np.float32)


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


def test_flat_black_and_white_do_not_hide_the_noise() -> None:
    clean = photograph("camera")
    clean[:300] = 0
    clean[300:360] = 1
    noisy = as_8_bits(with_noise(clean, 20))
    assert estimate_noise(noisy).sigma * 255 == pytest.approx(20, rel=0.05)
