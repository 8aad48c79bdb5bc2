"""Filters are those of scikit-image and of their formulas."""

import numpy as np
import pytest
from digits import pair
from scipy.ndimage import gaussian_filter as scipy_gaussian
from skimage import filters as reference
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle

from denoising_pipeline.baselines.filters import (
    bilateral_filter,
    gaussian_filter,
    median_background,
    median_filter,
    non_local_means,
    sauvola,
    total_variation,
    wavelet,
)

NOISY = pair("test", 6)[0]
IMAGE = NOISY[3, ..., 0]


def test_gaussian_and_median_are_those_of_scikit_image() -> None:
    expected = reference.gaussian(IMAGE, sigma=0.85)
    np.testing.assert_allclose(gaussian_filter(NOISY, 0.85)[3, ..., 0], expected, atol=1e-5)
    expected = reference.median(IMAGE, np.ones((3, 3)), mode="nearest")
    np.testing.assert_array_equal(median_filter(NOISY, 3)[3, ..., 0], expected)


def test_total_variation_and_non_local_means_are_those_of_scikit_image() -> None:
    expected = denoise_tv_chambolle(IMAGE, weight=0.2)
    np.testing.assert_allclose(total_variation(NOISY, 0.2)[3, ..., 0], expected, atol=1e-6)
    expected = denoise_nl_means(IMAGE, patch_size=5, patch_distance=5, h=0.1, sigma=0.25)
    denoised = non_local_means(NOISY, h=0.1, sigma=0.25)
    np.testing.assert_allclose(denoised[3, ..., 0], expected, atol=1e-6)


def test_bilateral_filter_is_its_formula() -> None:
    row, column, reach = 13, 9, 3
    near = IMAGE[row - reach : row + reach + 1, column - reach : column + reach + 1]
    steps = np.arange(-reach, reach + 1)
    spatial = np.exp(-(steps[:, None] ** 2 + steps**2) / (2 * 1.0**2))
    weights = spatial * np.exp(-((near - IMAGE[row, column]) ** 2) / (2 * 0.5**2))
    expected = (weights * near).sum() / weights.sum()
    denoised = bilateral_filter(NOISY, sigma_color=0.5, sigma_spatial=1.0)
    assert denoised[3, row, column, 0] == pytest.approx(expected, rel=1e-5)


def test_bilateral_filter_that_minds_no_colour_is_gaussian() -> None:
    expected = scipy_gaussian(NOISY, (0, 1, 1, 0), mode="nearest", radius=(0, 3, 3, 0))
    denoised = bilateral_filter(NOISY, sigma_color=1e3, sigma_spatial=1.0)
    np.testing.assert_allclose(denoised, expected, atol=1e-5)


def test_bilateral_filter_takes_a_colour_as_a_whole() -> None:
    """A pixel of the same red but of another green is far."""
    image = np.zeros((1, 5, 5, 3), np.float32)
    image[..., 2, :, 1] = 1
    denoised = bilateral_filter(image, sigma_color=0.05, sigma_spatial=1.0)
    np.testing.assert_allclose(denoised, image, atol=1e-6)


def test_wavelet_does_not_mind_shifts() -> None:
    shift = (3, 5)
    moved = wavelet(np.roll(NOISY, shift, (1, 2)), sigma=0.3)
    expected = np.roll(wavelet(NOISY, sigma=0.3), shift, (1, 2))
    np.testing.assert_allclose(moved, expected, atol=1e-4)


def test_sauvola_is_that_of_scikit_image_of_each_channel() -> None:
    expected = reference.threshold_sauvola(IMAGE, 15, 0.2, r=0.5) < IMAGE
    found = sauvola(NOISY, window=15, k=0.2)
    np.testing.assert_array_equal(found[3, ..., 0], expected)
    assert set(found.ravel()) == {0, 1}
    colours = np.concatenate([NOISY, 1 - NOISY, NOISY], axis=3)
    binary = sauvola(colours, window=15, k=0.2)
    np.testing.assert_array_equal(binary[..., 2:], found)
    np.testing.assert_array_equal(binary[..., 1:2], sauvola(1 - NOISY, window=15, k=0.2))


def test_median_background_makes_stained_paper_white_and_keeps_thin_print() -> None:
    page = np.where(np.arange(60) % 10 < 2, 0.1, 1)[np.newaxis, np.newaxis, :, np.newaxis]
    stained = (page * np.linspace(0.6, 0.65, 50)[:, np.newaxis, np.newaxis]).astype(np.float32)
    found = median_background(stained, 15)
    expected = np.broadcast_to(page, found.shape)
    inside = np.s_[:, 8:-8, 8:-8]
    np.testing.assert_allclose(found[inside], expected[inside], atol=0.02)
