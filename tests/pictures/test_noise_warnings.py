"""What the denoiser is not made for is said in sentences, and nothing else is."""

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from cards import card
from PIL import Image as Pillow
from scipy.ndimage import gaussian_filter
from skimage import data

from denoising_pipeline.core.seeding import generator
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.degradations.recorded import Recorded
from denoising_pipeline.degradations.speckle import Speckle
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.images.blocks import Image
from denoising_pipeline.images.noise_level import NoiseEstimate, estimate_noise
from denoising_pipeline.images.noise_structure import block_edges, stripes
from denoising_pipeline.models.dense import Dense
from denoising_pipeline.pictures.noise_warnings import is_beyond, noise_warnings

HIGHEST = 75 / 255
NOISY = NoiseEstimate(sigma=20 / 255, offset=(20 / 255) ** 2)


def camera(sigma: float) -> Image:
    clean = np.asarray(data.camera(), np.float32)[..., None] / 255
    noisy = clean + generator(0, "noise").normal(0, sigma / 255, clean.shape)
    return np.clip(noisy, 0, 1).astype(np.float32)


def as_jpeg(image: Image, quality: int) -> Image:
    file = io.BytesIO()
    pixels = np.rint(image[..., 0] * 255).astype(np.uint8)
    Pillow.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Pillow.open(file), np.float32)[..., None] / np.float32(255)


@pytest.mark.parametrize("sigma", [5, 25, 75])
def test_independent_noise_that_was_trained_on_needs_no_word(sigma: float) -> None:
    assert noise_warnings([estimate_noise(camera(sigma))], HIGHEST) == []


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"known": False, "sigma": 0.0}, "not known"),
        ({"sigma": 0.5 / 255}, "clean, or denoised or blurred before (fine noise of 0.5/255)"),
        ({"sigma": 0.5 / 255, "hidden": True}, "0.5/255 or more"),
        ({"sigma": 92 / 255}, "92.0/255 is above the 75.0/255"),
        ({"correlation": 0.3}, "correlated between neighbours (0.30)"),
        ({"correlation": -0.3}, "opposite noise"),
        ({"stripes": 9 / 255}, "stripes of 9.0/255"),
        ({"blocks": 0.2}, "20% larger"),
        ({"black": 0.5, "white": 0.13}, "63% of the values are black or white"),
    ],
)
def test_each_reason_is_said_with_its_number(changes: dict[str, Any], word: str) -> None:
    (line,) = noise_warnings([replace(NOISY, **changes)], HIGHEST)
    assert word in line
    assert line.endswith(".")


def test_a_stack_says_each_thing_once_with_its_range_and_its_pages() -> None:
    stack = [replace(NOISY, correlation=0.1 + number / 100) for number in range(24)]
    stack[3] = replace(stack[3], stripes=9 / 255)
    correlated, striped = noise_warnings(stack, HIGHEST)
    assert "correlated between neighbours (0.11 to 0.33)" in correlated
    assert correlated.endswith("leave some (23 of 24 pages).")
    assert "stripes of 9.0/255" in striped
    assert striped.endswith("(1 of 24 pages).")


def test_the_range_that_was_trained_on_can_be_given() -> None:
    assert noise_warnings([NOISY], HIGHEST) == []
    (line,) = noise_warnings([NOISY], highest=15 / 255)
    assert "above the 15.0/255" in line


def test_what_a_denoiser_was_trained_on_is_read_from_its_card() -> None:
    photos = Denoiser.load("photos")
    assert photos.trained_up_to == pytest.approx(HIGHEST)
    assert not is_beyond(1.04 * HIGHEST, HIGHEST)
    assert is_beyond(1.06 * HIGHEST, HIGHEST)
    for noise, highest in (
        (Gaussian(sigma=0.2), 0.2),
        (Speckle(sigma=0.2), None),
        (Recorded(), None),
    ):
        other = Denoiser(Dense(), (4, 4, 1), None, card(noise))
        assert other.trained_up_to == highest
    assert noise_warnings([replace(NOISY, sigma=0.9)], highest=None) == []


def test_noise_that_was_blurred_away_is_not_said_to_have_been_none() -> None:
    """What is left of it is coarse, and the level is read from fine noise."""
    image = gaussian_filter(camera(25), (1.5, 1.5, 0))
    (line,) = noise_warnings([estimate_noise(image)], HIGHEST)
    assert line.startswith("It looks clean, or denoised or blurred before")


@pytest.mark.parametrize("turned", [False, True])
def test_stripes_are_found_with_their_strength(turned: bool) -> None:
    image = camera(10)
    image += generator(0, "stripes").normal(0, 5 / 255, (len(image), 1, 1)).astype(np.float32)
    image = image.swapaxes(0, 1) if turned else image
    estimate = estimate_noise(image)
    assert estimate.stripes * 255 == pytest.approx(5, rel=0.2)
    assert any("stripes" in line for line in noise_warnings([estimate], HIGHEST))


@pytest.mark.parametrize("name", ["brick", "grass", "camera", "page"])
def test_what_a_photograph_shows_is_not_taken_for_stripes(name: str) -> None:
    pixels = np.asarray(getattr(data, name)(), np.float32) / np.float32(255)
    assert stripes(pixels[..., None]) == 0


def test_noise_of_a_small_picture_has_no_blocks_of_jpeg() -> None:
    image = camera(20)
    corners = [(top, left) for top in (0, 150) for left in range(0, 450, 30)]
    cut = [image[top : top + 40, left : left + 30] for top, left in corners]
    assert max(map(block_edges, cut)) < 0.05
    assert block_edges(as_jpeg(camera(2), 50)[:64, 64:128]) > 0.05


@pytest.mark.parametrize("start", [0, 3])
def test_blocks_of_jpeg_are_found_wherever_the_grid_starts(start: int) -> None:
    image = as_jpeg(camera(2), 60)[start:, start:]
    assert block_edges(image) > 0.05
    assert any("JPEG" in line for line in noise_warnings([estimate_noise(image)], HIGHEST))
