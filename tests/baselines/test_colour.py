"""Baselines of colour: what they add to grey images, and where they do not exist."""

import numpy as np
import pytest

from denoising_pipeline.baselines import Known, NotApplicableError, calibrate
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.degradations.greyscale import Greyscale
from denoising_pipeline.images.luma import luma

DRAWS = np.random.default_rng(0)
GREY = DRAWS.uniform(0.3, 0.6, (6, 5, 4, 1)).astype(np.float32)
TINT = np.array([0.1, -0.05, 0.0], np.float32)
TINT -= luma(TINT)
CLEAN = GREY + TINT
KNOWN = Known(CLEAN, Greyscale(), 0)


def test_the_mean_colour_is_that_of_the_training_images_and_the_luma_stays() -> None:
    denoised = calibrate("mean colour", KNOWN, GREY, CLEAN).denoise(GREY)
    np.testing.assert_allclose(denoised, CLEAN, atol=1e-5)
    np.testing.assert_allclose(luma(denoised), GREY, atol=1e-5)


def test_a_grey_image_has_its_grey_in_all_channels() -> None:
    denoised = calibrate("grey image", KNOWN, GREY, CLEAN).denoise(GREY)
    np.testing.assert_array_equal(denoised, np.repeat(GREY, 3, axis=-1))


@pytest.mark.parametrize("name", ["grey image", "mean colour"])
def test_images_that_are_not_grey_or_stay_grey_are_none_of_theirs(name: str) -> None:
    for images in (GREY, CLEAN):
        with pytest.raises(NotApplicableError, match="colour images of grey ones"):
            calibrate(name, Known(images, Gaussian(sigma=0.1), 0), images, images)


def test_what_denoises_does_not_exist_where_colours_are_missing() -> None:
    with pytest.raises(NotApplicableError, match="channels of the clean ones"):
        calibrate("noisy", KNOWN, GREY, CLEAN)
