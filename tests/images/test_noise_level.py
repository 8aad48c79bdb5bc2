"""The noise of a photograph is estimated from the photograph alone."""

import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.stats import chi2
from skimage import data

from denoising_pipeline.core.seeding import generator
from denoising_pipeline.images.blocks import Image
from denoising_pipeline.images.clipping import clipped_variance
from denoising_pipeline.images.noise_fits import quantile
from denoising_pipeline.images.noise_level import NoiseEstimate, estimate_noise


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


@pytest.mark.parametrize("name", ["camera", "chelsea", "brick", "moon", "coffee"])
@pytest.mark.parametrize(("sigma", "clean"), [(0, True), (1, True), (3, False)])
def test_up_to_a_level_of_1_a_photograph_is_clean_and_at_3_it_is_not(
    name: str, sigma: float, clean: bool
) -> None:
    assert estimate_noise(as_8_bits(with_noise(photograph(name), sigma))).is_clean == clean


@pytest.mark.parametrize(
    ("fact", "below", "above"),
    [
        ("is_correlated", {"correlation": 0.09}, {"correlation": 0.11}),
        ("is_correlated", {"correlation": 0.3, "sigma": 1.9 / 255}, {"correlation": 0.3}),
        ("is_sharpened", {"correlation": -0.09}, {"correlation": -0.11}),
        ("is_striped", {"stripes": 3.9 / 255}, {"stripes": 4.1 / 255}),
        ("is_striped", {"stripes": 0.4 / 255, "sigma": 0.0}, {"stripes": 0.6 / 255, "sigma": 0.0}),
        ("has_blocks", {"blocks": 0.04}, {"blocks": 0.06}),
        ("is_clipped", {"black": 0.2, "white": 0.29}, {"black": 0.2, "white": 0.31}),
        ("is_clean", {"sigma": 2.1 / 255}, {"sigma": 1.9 / 255}),
        ("is_clean", {"sigma": 0.0, "known": False}, {"sigma": 0.0}),
        ("is_clean", {"sigma": 0.0, "hidden": True}, {"sigma": 0.0}),
    ],
)
def test_what_an_estimate_says_has_one_threshold(
    fact: str, below: dict[str, Any], above: dict[str, Any]
) -> None:
    noisy = NoiseEstimate(sigma=20 / 255)
    said = [getattr(replace(noisy, **changes), fact) for changes in (below, above)]
    assert said == [False, True]


@pytest.mark.parametrize(
    ("sigma", "hidden", "coarse", "told"),
    [
        (0.5, True, 0, 3),
        (4, True, 0.2, 4),
        (0.5, True, 1.2, 6),
        (0.5, True, 9, 12),
        (14, True, 9, 14),
        (0.5, False, 9, 0.5),
    ],
)
def test_where_jpeg_hides_the_level_a_denoiser_is_told_one_all_the_same(
    sigma: float, hidden: bool, coarse: float, told: float
) -> None:
    estimate = NoiseEstimate(sigma / 255, hidden=hidden, coarse=coarse / 255)
    assert estimate.told == pytest.approx(told / 255)


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


@pytest.mark.parametrize("freedom", [1, 9, 15, 20, 63])
def test_quantiles_are_those_of_scipy(freedom: int) -> None:
    for share in (0.01, 0.25, 0.5, 0.75, 0.99):
        assert quantile(share, freedom) == pytest.approx(chi2.ppf(share, freedom), rel=1e-12)


@pytest.mark.parametrize("colour", [0.0, 0.7, 1.0])
def test_what_is_not_known_of_an_image_tells_nothing_of_its_noise(colour: float) -> None:
    """Such as what lies under full transparency: of one colour, it would be clean, or clipped."""
    noisy = as_8_bits(with_noise(photograph("camera"), 25))
    known = np.zeros(noisy.shape[:2], bool)
    known[:, 320:] = True
    noisy[~known] = colour
    found = estimate_noise(noisy, known)
    assert found.sigma * 255 == pytest.approx(25, rel=0.04)
    assert found.clipped < 0.05
    nothing = estimate_noise(noisy, np.zeros_like(known))
    assert (nothing.known, nothing.clipped) == (False, 0)
