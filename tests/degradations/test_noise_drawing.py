"""`draw_noisy` on whole splits, arrays and sets, and a known figure on the real test images."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from denoising_pipeline.core.seeding import generator
from denoising_pipeline.degradations import (
    NOISE_BLOCK,
    Degradation,
    draw_noisy,
    draw_noisy_block,
)
from denoising_pipeline.degradations.blind import Blind
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.degradations.motion_blur import MotionBlur
from denoising_pipeline.evaluation.metrics import psnr
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet

MNIST_TEST = Path(__file__).parents[2] / "data/01_raw/mnist/t10k-images-idx3-ubyte.gz"
IDX_HEADER = 16


@pytest.fixture(scope="module")
def digits() -> Images:
    """The first 1000 test images of MNIST."""
    with gzip.open(MNIST_TEST) as file:
        raw = file.read(IDX_HEADER + 1000 * 28 * 28)
    pixels = np.frombuffer(raw, np.uint8, offset=IDX_HEADER).reshape(-1, 28, 28, 1)
    return pixels.astype(np.float32) / np.float32(255)


def test_each_block_has_the_generator_of_its_index() -> None:
    clean = np.full((NOISE_BLOCK + 7, 2, 2, 1), 0.5, np.float32)
    noisy = draw_noisy(clean, Gaussian(), seed=3, split="val", epoch=2)
    last = Gaussian().apply(clean[NOISE_BLOCK:], generator(3, "noise", "val", 2, 1))
    np.testing.assert_array_equal(noisy[NOISE_BLOCK:], last)
    one = draw_noisy_block(clean[NOISE_BLOCK:], Gaussian(), seed=3, split="val", epoch=2, block=1)
    np.testing.assert_array_equal(one, last)


def test_an_empty_split_stays_empty() -> None:
    empty = np.empty((0, 28, 28, 1), np.float32)
    assert draw_noisy(empty, Gaussian(), seed=0, split="val", epoch=0).shape == empty.shape


def test_noise_is_drawn_on_a_read_only_map_of_a_file(tmp_path: Path) -> None:
    clean = np.full((5, 4, 4, 1), 0.5, np.float32)
    np.save(tmp_path / "clean.npy", clean)
    mapped = np.load(tmp_path / "clean.npy", mmap_mode="r")
    np.testing.assert_array_equal(
        draw_noisy(mapped, Gaussian(), seed=0, split="test", epoch=0),
        draw_noisy(clean, Gaussian(), seed=0, split="test", epoch=0),
    )


def test_sigma_half_on_mnist_has_the_known_psnr(digits: Images) -> None:
    """The noise of the 2020 article leaves 9.38 dB on the test images."""
    noisy = draw_noisy(digits, Gaussian(sigma=0.5), seed=0, split="test", epoch=0)
    assert np.mean(psnr(digits, noisy)) == pytest.approx(9.38, abs=0.03)


class Grey(Degradation):
    """The mean of the channels."""

    @staticmethod
    def of(clean: Images) -> Images:
        """Average."""
        grey: Images = clean.mean(-1, keepdims=True)
        return grey

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Average."""
        return self.of(clean)

    def out_channels(self, channels: int) -> int:
        """Return one."""
        return 1


SIZES = [(9, 7, 1), (5, 5, 1), (5, 5, 1), (12, 3, 1)]


def images_of_sizes() -> ImageSet:
    draws = np.random.default_rng(0)
    shades = (draws.integers(0, 256, size, np.uint8) for size in SIZES)
    return ImageSet.collect(shades, SIZES, np.uint8)


@pytest.mark.parametrize("degradation", [Gaussian(), Blind(), MotionBlur()])
def test_each_image_of_a_set_has_a_generator_of_its_own(degradation: Degradation) -> None:
    """Whatever images of whatever sizes lie before it, beside it or after it."""
    clean = images_of_sizes()
    noisy = draw_noisy(clean, degradation, seed=3, split="val", epoch=2)
    assert noisy.values.dtype == np.float32
    assert [noisy.shape(i) for i in range(len(noisy))] == SIZES
    for i in range(len(clean)):
        expected = degradation.apply(clean.read(i)[np.newaxis], generator(3, "noise", "val", 2, i))
        np.testing.assert_array_equal(noisy.read(i), expected[0])
    first = draw_noisy(clean.first(2), degradation, seed=3, split="val", epoch=2)
    np.testing.assert_array_equal(first.read(1), noisy.read(1))


def test_channels_of_an_array_and_of_a_set_are_those_of_the_degradation() -> None:
    clean = np.random.default_rng(0).random((3, 4, 5, 3), dtype=np.float32)
    for images in (clean, ImageSet.of(clean)):
        grey = draw_noisy(images, Grey(name="grey"), seed=0, split="test", epoch=0)
        np.testing.assert_array_equal(ImageSet.of(grey).as_array(), Grey.of(clean))


def test_a_purpose_has_draws_of_its_own_and_levels_share_them() -> None:
    """Fog is no copy of the noise that comes after it, and is the same fog at each severity."""
    clean = np.full((2, 30, 30, 1), 0.5, np.float32)

    def draws(purpose: str, sigma: float = 0.01) -> Images:
        noise = Gaussian(sigma=sigma)
        drawn = draw_noisy(clean, noise, seed=0, split="test", epoch=0, purpose=purpose)
        return (drawn - clean).ravel() / np.float32(sigma)

    np.testing.assert_allclose(draws("noise"), draws("noise", 0.02), atol=1e-4)
    correlation = np.corrcoef(draws("noise"), draws("degradation fog"))[0, 1]
    assert abs(correlation) < 5 / np.sqrt(clean.size)
