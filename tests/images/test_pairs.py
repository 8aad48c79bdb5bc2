"""Two images are a pair if they show the same, whatever their noise."""

from typing import Any

import numpy as np
import pytest
from skimage import data

from denoising_pipeline.images.files import Pixels
from denoising_pipeline.images.pairs import mismatch

ASTRONAUT, COFFEE = data.astronaut()[:, :500], data.coffee()[:400]


def noisy(clean: Pixels, sigma: float) -> Pixels:
    draws = np.random.default_rng(0).normal(0, sigma, clean.shape)
    return np.clip(clean + draws, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("clean", [ASTRONAUT, COFFEE, data.text()[..., np.newaxis]])
@pytest.mark.parametrize("sigma", [0, 20, 75, 150])
def test_any_noise_leaves_a_pair_a_pair(clean: Pixels, sigma: float) -> None:
    assert mismatch(clean, noisy(clean, sigma)) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.astype(np.uint16) * 257,
        lambda x: x.mean(2, keepdims=True).astype(np.uint8),
        lambda x: (0.3 * x / 255 + 0.2).astype(np.float32),
        lambda x: np.minimum(x, np.linspace(0, 255, x.shape[1])[:, np.newaxis]).astype(np.uint8),
    ],
    ids=["depth", "grey", "contrast", "light"],
)
def test_depth_contrast_and_light_may_differ(change: Any) -> None:
    assert mismatch(ASTRONAUT, change(noisy(ASTRONAUT, 20))) is None


@pytest.mark.parametrize(("down", "right"), [(3, 0), (0, -4), (5, 7), (-12, 3)])
def test_shifted_images_are_no_pair(down: int, right: int) -> None:
    found = mismatch(ASTRONAUT, noisy(np.roll(ASTRONAUT, (down, right), (0, 1)), 20))
    assert found == f"are shifted by {abs(down)} rows and {abs(right)} columns: align them"


def test_other_pictures_and_sizes_are_no_pair() -> None:
    other = data.coffee()[:400, :500]
    assert "do not show the same" in str(mismatch(ASTRONAUT[:400], noisy(other, 20)))
    assert "are of 512x500 and 400x500 pixels" in str(mismatch(ASTRONAUT, other))


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 300, 3), (40, 40, 1)])
def test_where_nothing_is_to_be_seen_nothing_is_held_against_it(shape: tuple[int, ...]) -> None:
    flat = np.full(shape, 128, np.uint8)
    assert mismatch(flat, noisy(flat, 20)) is None
