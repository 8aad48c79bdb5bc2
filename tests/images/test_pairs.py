"""Two images are a pair if they show the same, whatever their noise."""

from typing import Any

import numpy as np
import pytest
from scipy import ndimage
from skimage import data

from denoising_pipeline.images.pairs import differ_by_noise, mismatch
from denoising_pipeline.images.pixels import Pixels

ASTRONAUT, COFFEE = data.astronaut()[:, :500], data.coffee()[:400]


def noisy(clean: Pixels, sigma: float, seed: int = 0) -> Pixels:
    draws = np.random.default_rng(seed).normal(0, sigma, clean.shape)
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


@pytest.mark.parametrize("size", [64, 200, 400])
@pytest.mark.parametrize("sigma", [2, 10, 40])
def test_shots_of_a_still_scene_differ_by_noise(size: int, sigma: float) -> None:
    """Two hundred of them, and none is taken for anything else; photon noise as well."""
    clean = data.camera()[:size, 100 : 100 + size, np.newaxis]
    for seed in range(20):
        one, other = (noisy(clean, sigma, 2 * seed + shot) for shot in (0, 1))
        assert differ_by_noise(one, other)
        draws = np.random.default_rng(seed)
        photons = [draws.poisson(20.0 * clean).astype(np.uint16) for _ in range(2)]
        assert differ_by_noise(*photons)


@pytest.mark.parametrize(
    "change",
    [
        lambda x: np.roll(x, 1, 1),
        lambda x: np.roll(x, 4, 0),
        lambda x: 0.9 * x,
        lambda x: x + 0.1 * np.arange(x.shape[1])[:, np.newaxis],
        lambda x: ndimage.gaussian_filter(x, (1.5, 1.5, 0)),
    ],
    ids=["one pixel", "four", "brightness", "light", "focus"],
)
def test_what_moved_or_changed_is_no_shot_of_the_same(change: Any) -> None:
    clean = data.camera()[100:300, 100:300, np.newaxis].astype(float)
    one, other = noisy(clean, 15), noisy(np.asarray(change(clean)), 15, 1)
    assert not differ_by_noise(one, other)


def test_equal_images_and_others_of_another_size_are_no_shots() -> None:
    one = noisy(ASTRONAUT, 20)
    assert not differ_by_noise(one, one)
    assert not differ_by_noise(one, noisy(ASTRONAUT, 20, 1)[1:])
