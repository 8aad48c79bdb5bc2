"""What holds for every baseline: the contract of a denoiser, and a strength that was chosen."""

import numpy as np
import pytest
from digits import calibrated, digits, known, pair

from denoising_pipeline.baselines import BASELINES, Known, calibrate
from denoising_pipeline.baselines.base import TONE
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.evaluation.metrics import psnr

every_baseline = pytest.mark.parametrize("name", BASELINES)
TONED = [name for name in BASELINES if name.endswith(TONE)]


def score(name: str) -> float:
    noisy, clean = pair("test")
    return float(psnr(clean, calibrated(name).denoise(noisy)).mean())


def test_those_that_were_asked_for_are_there() -> None:
    filters = ("gaussian filter", "median filter", "bilateral filter", "total variation")
    with_tone = (*filters, "non-local means", "wavelet", "PCA 16", "PCA 32", "PCA 64", "PCA 128")
    others = {"noisy", "all black", "mean image", "linear MMSE", "posterior mean"}
    assert others | {f"{name}{end}" for name in with_tone for end in ("", TONE)} <= set(BASELINES)


@every_baseline
def test_shape_type_and_range_are_kept_and_images_left_alone(name: str) -> None:
    noisy, _ = pair("test")
    before = noisy.copy()
    denoised = calibrated(name).denoise(noisy)
    assert denoised.shape == noisy.shape
    assert denoised.dtype == np.float32
    assert denoised.flags.writeable and not np.shares_memory(denoised, noisy)
    assert denoised.min() >= 0 and denoised.max() <= 1
    np.testing.assert_array_equal(noisy, before)


@every_baseline
def test_an_image_is_denoised_whatever_its_neighbours(name: str) -> None:
    noisy, _ = pair("test")
    denoise = calibrated(name).denoise
    np.testing.assert_allclose(denoise(noisy[7:8]), denoise(noisy)[7:8], atol=1e-4)
    assert denoise(noisy[:0]).shape == (0, 28, 28, 1)


@every_baseline
def test_colour_images_are_denoised(name: str) -> None:
    """Also where height and width differ."""
    clean = np.stack([digits("train")[:120, 8:20, 9:19, 0]] * 3, axis=-1) * np.float32(0.8)
    noise = Gaussian(sigma=0.2)
    noisy = noise.apply(clean, np.random.default_rng(0))
    found = calibrate(name, Known(clean[:100], noise, 0), noisy[100:110], clean[100:110])
    denoised = found.denoise(noisy[110:])
    assert denoised.shape == (10, 12, 10, 3)
    assert np.isfinite(denoised).all()


@every_baseline
def test_the_strength_is_one_of_its_grid(name: str) -> None:
    found = calibrated(name)
    assert found.name == name
    assert found.tone == name.endswith(TONE)
    assert found.strength in BASELINES[name].grid


@pytest.mark.parametrize("name", TONED)
def test_correcting_the_tone_pays_on_images_that_it_was_not_learned_on(name: str) -> None:
    """Clipped noise of 0.5 bends every filter's tone, by half a decibel or more."""
    assert score(name) > score(name.removesuffix(TONE)) + 0.5


@pytest.mark.parametrize("name", ["gaussian filter", "total variation"])
def test_no_strength_of_the_grid_is_better_on_validation(name: str) -> None:
    noisy, clean = pair("val")
    baseline = BASELINES[name]
    scores = [
        psnr(clean, np.clip(baseline.fit(known(), **strength)(noisy), 0, 1)).mean()
        for strength in baseline.grid
    ]
    assert calibrated(name).strength == baseline.grid[int(np.argmax(scores))]


def test_less_noise_asks_for_less_strength() -> None:
    weak = calibrate("gaussian filter", known(), *pair("val", sigma=0.1))
    assert weak.strength["sigma"] < calibrated("gaussian filter").strength["sigma"]


def test_constants_are_what_they_say() -> None:
    noisy, _ = pair("test")
    np.testing.assert_array_equal(calibrated("noisy").denoise(noisy), noisy)
    assert calibrated("all black").denoise(noisy).max() == 0
    expected = np.broadcast_to(known().train_clean.mean(0), noisy.shape)
    np.testing.assert_allclose(calibrated("mean image").denoise(noisy), expected, rtol=1e-4)
