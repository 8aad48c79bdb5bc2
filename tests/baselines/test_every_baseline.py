"""What holds for every baseline: the contract of a denoiser, its hyperparameters."""

import numpy as np
import pytest
from digits import calibrated, digits, known, pair
from scipy.ndimage import gaussian_filter

from denoising_pipeline.baselines import (
    BASELINES,
    Known,
    NotApplicableError,
    calibrate,
    denoise_each,
    fit,
)
from denoising_pipeline.baselines.base import TONE
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.evaluation.metrics import psnr
from denoising_pipeline.images.sets import ImageSet, apply_to

SPEECH = ("spectral subtraction", "wiener filter of speech")
OF_PICTURES = [name for name, each in BASELINES.items() if name not in SPEECH and not each.colours]
"""Those of speech and of colours have tests of their own."""

every_baseline = pytest.mark.parametrize("name", OF_PICTURES)
TONED = [name for name in BASELINES if name.endswith(TONE)]


def score(name: str) -> float:
    noisy, clean = pair("test")
    return float(psnr(clean, calibrated(name).denoise(noisy)).mean())


def test_those_that_were_asked_for_are_there() -> None:
    filters = ("gaussian filter", "median filter", "bilateral filter", "total variation")
    of_print = ("median background", "sauvola")
    with_tone = (
        *filters,
        *of_print,
        "non-local means",
        "wavelet",
        "PCA 16",
        "PCA 32",
        "PCA 64",
        "PCA 128",
    )
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
def test_the_hyperparameters_are_of_its_grid(name: str) -> None:
    found = calibrated(name)
    assert found.name == name
    assert found.tone == name.endswith(TONE)
    assert found.hyperparameters in BASELINES[name].grid


ANY_SIZE = [
    name
    for name in OF_PICTURES
    if not name.startswith(("linear", "PCA", "posterior", "mean image"))
]


def photographs() -> tuple[ImageSet, ImageSet]:
    """(noisy, clean) colour images of different sizes, odd ones too."""
    draws = np.random.default_rng(0)
    shapes = [(24, 17, 3), (24, 17, 3), (15, 31, 3)]
    images = [gaussian_filter(draws.random(shape, np.float32), (2, 2, 0)) for shape in shapes]
    clean = ImageSet.collect(images, shapes, np.float32)
    noisy = apply_to(clean, lambda place, pixels: Gaussian(sigma=0.1).apply(pixels, draws))
    assert isinstance(noisy, ImageSet)
    return noisy, clean


@pytest.mark.parametrize("name", ANY_SIZE)
def test_images_of_any_size_are_denoised_each_as_it_is_alone(name: str) -> None:
    noisy, clean = photographs()
    found = calibrate(name, Known(clean, Gaussian(sigma=0.1), 0), noisy, clean)
    denoised = denoise_each(found.denoise, noisy)
    assert isinstance(denoised, ImageSet)
    np.testing.assert_array_equal(denoised.shapes, noisy.shapes)
    alone = found.denoise(noisy.read(2)[np.newaxis])[0]
    np.testing.assert_allclose(denoised.read(2), alone, atol=1e-6)


@pytest.mark.parametrize("name", sorted(set(OF_PICTURES) - set(ANY_SIZE)))
def test_what_needs_images_of_one_size_says_so(name: str) -> None:
    noisy, clean = photographs()
    with pytest.raises(NotApplicableError, match="images that are all of one size"):
        calibrate(name, Known(clean, Gaussian(sigma=0.1), 0), noisy, clean)


@pytest.mark.parametrize("name", ["mean image", "linear MMSE", "PCA 16", "posterior mean"])
def test_what_learns_reads_a_set_of_one_size_like_an_array_and_copies_nothing(name: str) -> None:
    noisy, clean = pair("val")
    learnt = ImageSet.of(known(300).train_clean)
    of_set = Known(learnt, known().noise, 0)
    assert of_set.images is learnt
    assert np.shares_memory(known(300).images.values, known(300).train_clean)
    one, other = (calibrate(name, given, noisy, clean) for given in (known(300), of_set))
    np.testing.assert_array_equal(one.denoise(noisy), other.denoise(noisy))


def test_images_that_lost_their_colour_are_left_to_others() -> None:
    noisy, clean = photographs()
    grey = apply_to(noisy, lambda place, pixels: pixels.mean(-1, keepdims=True))
    with pytest.raises(NotApplicableError, match="the channels of the clean"):
        calibrate("median filter", Known(clean, Gaussian(), 0), grey, clean)


@pytest.mark.parametrize("name", ["noisy", "median filter + tone", "linear MMSE"])
def test_fitted_with_the_hyperparameters_that_were_chosen_it_is_the_same(name: str) -> None:
    noisy, _ = pair("test", 3)
    chosen = calibrated(name)
    again = fit(name, chosen.hyperparameters, known(), *pair("val"))
    np.testing.assert_array_equal(again.denoise(noisy), chosen.denoise(noisy))


@pytest.mark.parametrize("name", TONED)
def test_correcting_the_tone_pays_on_images_that_it_was_not_learned_on(name: str) -> None:
    """Clipped noise of 0.5 bends every filter's tone, by half a decibel or more."""
    assert score(name) > score(name.removesuffix(TONE)) + 0.5


@pytest.mark.parametrize("name", ["gaussian filter", "total variation"])
def test_no_others_of_the_grid_are_better_on_validation(name: str) -> None:
    noisy, clean = pair("val")
    baseline = BASELINES[name]
    scores = [
        psnr(clean, np.clip(baseline.fit(known(), **chosen)(noisy), 0, 1)).mean()
        for chosen in baseline.grid
    ]
    assert calibrated(name).hyperparameters == baseline.grid[int(np.argmax(scores))]


def test_less_noise_asks_for_a_weaker_filter() -> None:
    weak = calibrate("gaussian filter", known(), *pair("val", sigma=0.1))
    assert weak.hyperparameters["sigma"] < calibrated("gaussian filter").hyperparameters["sigma"]


def test_constants_are_what_they_say() -> None:
    noisy, _ = pair("test")
    np.testing.assert_array_equal(calibrated("noisy").denoise(noisy), noisy)
    assert calibrated("all black").denoise(noisy).max() == 0
    expected = np.broadcast_to(known().images.as_array().mean(0), noisy.shape)
    np.testing.assert_allclose(calibrated("mean image").denoise(noisy), expected, rtol=1e-4)
