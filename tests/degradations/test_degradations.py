"""What every degradation in severities must do, and the definition of each."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from project_folder import ROOT

from denoising_pipeline.degradations import DEGRADATIONS, NOISE_BLOCK, draw_noisy
from denoising_pipeline.degradations.base import Graded
from denoising_pipeline.evaluation.metrics import mse
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.idx import read_idx

GRADED = {name: cls for name, cls in DEGRADATIONS.items() if issubclass(cls, Graded)}
every_degradation = pytest.mark.parametrize("name", GRADED)


@pytest.fixture(scope="module")
def digits() -> Images:
    with (ROOT / "data/01_raw/mnist/t10k-images-idx3-ubyte.gz").open("rb") as file:
        return np.divide(read_idx(file)[:100, :, :, np.newaxis], 255, dtype=np.float32)


@st.composite
def batches(draw: st.DrawFn) -> Images:
    """Images in [0, 1], of any small size, with one or three channels."""
    sides = [draw(st.integers(1, 9)) for _ in range(2)]
    shape = (draw(st.integers(0, 3)), *sides, draw(st.sampled_from([1, 3])))
    return draw(hnp.arrays(np.float32, shape, elements=st.floats(0, 1, width=32)))


def black(images: int, side: int = 28) -> Images:
    return np.zeros((images, side, side, 1), np.float32)


def apply(name: str, clean: Images, severity: float, seed: int = 0) -> Images:
    return GRADED[name](severity=severity).apply(clean, np.random.default_rng(seed))  # type: ignore[call-arg]


def draw(name: str, clean: Images, severity: float, seed: int = 0, split: str = "test") -> Images:
    degradation = GRADED[name](severity=severity)  # type: ignore[call-arg]
    return draw_noisy(clean, degradation, seed=seed, split=split, epoch=0)


@every_degradation
@settings(max_examples=30, deadline=None)
@given(clean=batches(), severity=st.floats(0, 1), seed=st.integers(0, 2**32))
def test_shape_type_and_range_are_kept_and_the_input_is_not_changed(
    name: str, clean: Images, severity: float, seed: int
) -> None:
    before = clean.copy()
    clean.flags.writeable = False
    degraded = apply(name, clean, severity, seed)
    assert degraded.shape == clean.shape
    assert degraded.dtype == np.float32
    assert np.all((degraded >= 0) & (degraded <= 1))
    assert not np.shares_memory(degraded, clean)
    np.testing.assert_array_equal(clean, before)


@every_degradation
@settings(max_examples=20, deadline=None)
@given(clean=batches(), seed=st.integers(0, 2**32))
def test_severity_zero_is_the_identity(name: str, clean: Images, seed: int) -> None:
    np.testing.assert_allclose(apply(name, clean, 0, seed), clean, atol=1e-6)


@every_degradation
def test_more_damage_at_a_higher_severity(name: str, digits: Images) -> None:
    errors = [mse(digits, apply(name, digits, severity)).mean() for severity in (0.3, 0.6, 1)]
    assert 0.001 < errors[0] < errors[1] < errors[2]


@every_degradation
def test_the_seed_is_the_only_randomness_and_splits_share_none(name: str, digits: Images) -> None:
    first, again, other_seed, other_split = (
        draw(name, digits, 1, seed, split)
        for seed, split in [(0, "test"), (0, "test"), (1, "test"), (0, "val")]
    )
    np.testing.assert_array_equal(first, again)
    if name not in {"brightness", "stripe"}:
        assert not np.array_equal(first, other_seed)
        assert not np.array_equal(first, other_split)


@every_degradation
@pytest.mark.parametrize("kept", [1, NOISE_BLOCK, NOISE_BLOCK + 1])
def test_an_image_does_not_depend_on_those_that_follow(name: str, kept: int) -> None:
    clean = np.random.default_rng(0).random((NOISE_BLOCK + 9, 6, 7, 1), dtype=np.float32)
    whole = draw(name, clean, 0.8)
    part = draw(name, clean[:kept], 0.8)
    np.testing.assert_array_equal(part, whole[:kept])


@pytest.mark.parametrize("name", sorted({*GRADED} - {"stripe"}))
def test_pixels_stay_in_their_place(name: str, digits: Images) -> None:
    """Of all shifts by up to two pixels, none matches the degraded images better than no shift."""
    degraded = apply(name, digits, 1) - 0.5
    shifts = [(down, right) for down in range(-2, 3) for right in range(-2, 3)]
    matches = {by: float(np.vdot(np.roll(digits, by, (1, 2)), degraded)) for by in shifts}
    assert max(matches, key=lambda by: matches[by]) == (0, 0)


def test_shot_noise_counts_photons() -> None:
    """At severity 1 white is three photons: values are multiples of 1/3."""
    degraded = apply("shot", np.full((1, 40, 40, 1), 0.5, np.float32), 1)
    assert set(np.rint(degraded * 3).ravel()) == {0, 1, 2, 3}
    np.testing.assert_allclose(degraded * 3, np.rint(degraded * 3), atol=1e-6)


def test_impulse_noise_loses_the_share_of_values() -> None:
    grey = np.full((1, 200, 200, 1), 0.5, np.float32)
    assert np.mean(apply("impulse", grey, 1) != grey) == pytest.approx(0.27, abs=0.01)


@pytest.mark.parametrize("name", ["glass_blur", "motion_blur"])
def test_blurs_keep_an_even_surface_and_spread_a_dot_no_farther_than_their_reach(name: str) -> None:
    even = np.full((2, 20, 20, 3), 0.3, np.float32)
    np.testing.assert_allclose(apply(name, even, 1), even, atol=1e-6)
    dots = black(200, side=21)
    dots[:, 10, 10] = 1
    mean = apply(name, dots, 1).mean(0)[..., 0]
    rows, columns = np.nonzero(mean)
    assert np.abs(rows - 10).max() <= 5
    assert 2 <= np.abs(columns - 10).max() <= 5
    assert mean.sum() == pytest.approx(1, abs=0.2)


def test_brightness_is_added_and_the_stripe_is_inverted(digits: Images) -> None:
    np.testing.assert_allclose(apply("brightness", digits, 1), np.minimum(digits + 0.5, 1))
    striped = apply("stripe", digits, 1)
    middle = slice(10, 17)
    assert middle.stop - middle.start == 28 / 4
    np.testing.assert_array_equal(striped[:, :, middle], 1 - digits[:, :, middle])
    np.testing.assert_array_equal(np.delete(striped, middle, 2), np.delete(digits, middle, 2))


def test_fog_is_smooth_spans_its_range_and_takes_contrast_away() -> None:
    """On black it is 2/3 of the clouds; neighbours differ far less than pixels far apart."""
    clouds = apply("fog", black(50), 1)[..., 0]
    np.testing.assert_allclose(clouds.max((1, 2)), 2 / 3, rtol=1e-5)
    np.testing.assert_allclose(clouds.min((1, 2)), 0, atol=1e-6)
    assert (
        np.abs(np.diff(clouds)).mean() < 0.5 * np.abs(clouds[:, :, 14:] - clouds[:, :, :14]).mean()
    )
    white = apply("fog", 1 + black(50), 1)[..., 0]
    np.testing.assert_allclose(white - clouds, 1 / 3, rtol=1e-4)


def test_drops_cover_the_share_and_hide_what_is_behind(digits: Images) -> None:
    wet = apply("spatter", black(500), 1) > 0
    assert wet.mean() == pytest.approx(0.25, abs=0.01)
    degraded = apply("spatter", digits, 1)
    np.testing.assert_array_equal(degraded[wet[:100]], np.float32(0.75))
    np.testing.assert_array_equal(degraded[~wet[:100]], digits[~wet[:100]])


@pytest.mark.parametrize("severity", [0.01, 0.5, 1])
def test_lines_cross_the_image_from_left_to_right(severity: float) -> None:
    """Each column has ink of up to as many lines as asked for; dots leave every other two out."""
    count = int(np.ceil(3 * severity))
    inked = apply("zigzag", black(50), severity).sum((1, 3))
    assert inked.max() <= 2 * count
    assert (inked > 0.4).mean() > 0.85
    dots = apply("dotted_line", black(50), severity).sum((1, 3))
    np.testing.assert_array_equal(dots[:, 2::4], 0)
    assert dots[:, ::4].min() > 0.4
    assert dots.max() <= 2 * count
