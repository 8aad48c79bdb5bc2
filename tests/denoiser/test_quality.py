"""The PSNR of a denoised image, predicted without the clean one."""

from typing import Any

import numpy as np
import pytest
from cards import card
from scipy.ndimage import gaussian_filter

from denoising_pipeline.degradations.camera import Camera
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.quality import features
from denoising_pipeline.denoiser.quality_fit import learn_quality
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.noise_level import estimate_noise
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.models.unet import Unet


class Smoothing:
    """In place of a network: a Gaussian filter that is as wide as there is noise."""

    output_shape = (None, None, None, 1)
    bytes_per_pixel = 100

    def predict_on_batch(self, seen: Images) -> Images:
        """Filter."""
        found = [gaussian_filter(image[..., 0], 5 * float(image[0, 0, 1]) ** 0.5) for image in seen]
        return np.stack(found)[..., np.newaxis]


def smoothing() -> Denoiser:
    network: Any = Smoothing()
    architecture = Unet(noise_level=True, widths=(4,), blocks=(1,))
    return Denoiser(architecture, (None, None, 1), network, card(Camera()))


def scenes(count: int, seed: int) -> ImageSet:
    """Soft shapes, some with more detail than others."""
    draws = np.random.default_rng(seed)
    images = []
    for _ in range(count):
        rough = draws.random((200, 200)).astype(np.float32)
        soft = gaussian_filter(rough, draws.uniform(1, 8))
        soft = 0.1 + 0.8 * (soft - soft.min()) / np.ptp(soft)
        images.append(soft.astype(np.float32)[..., np.newaxis])
    return ImageSet.collect(images, [image.shape for image in images], np.float32)


def test_the_interval_holds_what_it_says_on_images_that_it_has_not_seen() -> None:
    denoiser = smoothing()
    quality = learn_quality(denoiser, scenes(8, 0), 0, crops=1)
    assert quality
    inside, errors = [], []
    draws = np.random.default_rng(1)
    unseen = scenes(20, 2)
    for index in range(len(unseen)):
        clean = unseen.read(index)
        noise = draws.standard_normal(clean.shape).astype(np.float32)
        noisy = clean + np.float32(draws.uniform(0.02, 0.25)) * noise
        sigma = estimate_noise(noisy).sigma
        denoised = denoiser(noisy[np.newaxis], sigma=sigma)[0]
        found = quality.predict(noisy, denoised, sigma)
        psnr = -10 * np.log10(np.square(clean - denoised).mean())
        inside.append(found.low <= psnr <= found.high)
        errors.append(psnr - found.psnr)
    assert np.mean(inside) >= 0.7
    assert np.abs(errors).mean() < 1.5
    assert np.std(errors) < 2


def test_features_of_the_smallest_images_are_numbers() -> None:
    for shape in [(1, 1, 1), (1, 9, 3)]:
        image = np.zeros(shape, np.float32)
        assert np.isfinite(features(image, image, 0.0)).all()


def test_from_one_image_nothing_is_learnt_and_it_is_said(caplog: pytest.LogCaptureFixture) -> None:
    """A training that took half an hour does not fail for it."""
    assert learn_quality(smoothing(), scenes(1, 0), 0) is None
    assert "takes 2 validation images or more" in caplog.text
