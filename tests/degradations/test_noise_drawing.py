"""`draw_noisy` on whole splits, and a known figure on the real test images."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from denoising_pipeline.core.seeding import generator
from denoising_pipeline.degradations import NOISE_BLOCK, draw_noisy
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.evaluation.metrics import psnr
from denoising_pipeline.images.arrays import Images

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
