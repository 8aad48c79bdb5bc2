"""Eight views of an image, averaged: better than one, and refused where it would be worse."""

from pathlib import Path

import numpy as np
import pytest
from skimage import data
from small_denoiser import write_denoiser

from denoising_pipeline import Denoiser
from denoising_pipeline.denoiser.views import mean_of_views
from denoising_pipeline.evaluation.metrics import mse
from denoising_pipeline.images.arrays import Images


def test_each_pixel_is_the_mean_of_what_its_eight_views_say() -> None:
    """A network that looks one step to the left and one up sees, in its views, to all sides."""
    image = np.random.default_rng(0).random((2, 7, 5, 3), np.float32)

    def leaning(pixels: Images) -> Images:
        return np.pad(pixels, ((0, 0), (2, 0), (1, 0), (0, 0)))[:, :-2, :-1]

    by_hand = np.zeros_like(image)
    around = np.pad(image, ((0, 0), (2, 2), (2, 2), (0, 0)))
    for down, right in [
        (a * i, b * j) for a, b in ((1, 2), (2, 1)) for i in (1, -1) for j in (1, -1)
    ]:
        by_hand += around[:, 2 + down : 9 + down, 2 + right : 7 + right] / 8
    np.testing.assert_allclose(mean_of_views(leaning, image), by_hand, rtol=0, atol=1e-6)


def test_photographs_come_nearer_to_the_clean_ones_and_tiles_fit_together() -> None:
    photos = Denoiser.load()
    clean = data.astronaut()[np.newaxis, 100:261, 150:293] / np.float32(255)
    noise = np.random.default_rng(0).normal(0, 25 / 255, clean.shape)
    noisy = np.clip(clean + noise, 0, 1).astype(np.float32)
    once = photos(noisy, sigma=25 / 255)
    best = photos(noisy, sigma=25 / 255, best=True)
    tiled = photos(noisy, 1, 28_000_000, 25 / 255, best=True)
    gain = 10 * np.log10(mse(clean, once) / mse(clean, best)).item()
    assert 0.05 < gain < 0.3
    np.testing.assert_allclose(tiled, best, rtol=0, atol=1e-5)


def test_a_denoiser_that_saw_no_such_views_says_so(tmp_path: Path) -> None:
    """Text upside down is no text."""
    upright = Denoiser.load(write_denoiser(tmp_path / "upright.zip"))
    with pytest.raises(ValueError, match=r"training\.flips=all.*leave `best` out"):
        upright.denoise(np.zeros((8, 8), np.uint8), best=True)
