"""From stored samples to what a network sees, and back: exact where nothing has changed."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from denoising_pipeline.pictures.formats.samples import PictureError, Samples, scale_of

INTEGERS = [np.dtype(f"{kind}{size}") for kind in "ui" for size in (1, 2, 4, 8)]
FLOATS = [np.dtype(f"f{size}") for size in (2, 4, 8)]
shapes = st.tuples(
    array_shapes(min_dims=2, max_dims=2, max_side=4), st.sampled_from([1, 3, 4])
).map(lambda shape: (*shape[0], shape[1]))
calmly = settings(deadline=None, max_examples=60)
stored_values = st.sampled_from(INTEGERS + FLOATS).flatmap(lambda dtype: arrays(dtype, shapes))


def samples(stored: npt.NDArray[Any]) -> Samples:
    return Samples(stored, *scale_of(stored))


@calmly
@given(stored_values)
def test_what_is_unchanged_comes_back_bit_by_bit(stored: npt.NDArray[Any]) -> None:
    """Also where float32 cannot hold the values, and where they are no numbers."""
    try:
        page = samples(stored)
    except PictureError:
        return
    image = page.image()
    assert image.dtype == np.float32
    assert image.min() >= 0
    assert image.max() <= 1
    assert page.with_image(image).colour.tobytes() == stored.tobytes()


@calmly
@given(stored_values, st.integers(0, 5), st.floats(0, 1, width=32))
def test_one_changed_pixel_changes_no_other(
    stored: npt.NDArray[Any], place: int, value: float
) -> None:
    try:
        page = samples(stored)
    except PictureError:
        return
    image = page.image()
    where = (place % image.shape[0], place % image.shape[1])
    image[where] = value
    colour = page.with_image(image).colour
    rest = np.ones(image.shape[:2], bool)
    rest[where] = False
    assert colour[rest].tobytes() == stored[rest].tobytes()
    written = colour[where][np.isfinite(stored[where])]
    low, high = sorted((page.black, page.white))
    assert not (written < low).any()
    assert not (written > high).any()


@pytest.mark.parametrize(("dtype", "bits"), [("u1", 8), ("u1", 1), ("u2", 16), ("u2", 12)])
def test_every_level_can_be_reached(dtype: str, bits: int) -> None:
    """White does not become 254."""
    levels = np.arange(2**bits).astype(dtype).reshape(1, -1, 1)
    noisy = np.random.default_rng(0).permutation(levels.ravel()).reshape(levels.shape)
    page = Samples(noisy, *scale_of(noisy, bits=bits))
    clean = Samples(levels, *scale_of(levels, bits=bits)).image()
    assert (clean.min(), clean.max()) == (0, 1)
    np.testing.assert_array_equal(page.with_image(clean).colour, levels)


def test_values_between_two_levels_are_rounded_to_the_nearest() -> None:
    page = samples(np.full((1, 3, 1), 100, np.uint8))
    wanted = np.array([[[10.4 / 255], [10.6 / 255], [254.6 / 255]]], np.float32)
    assert page.with_image(wanted).colour.ravel().tolist() == [10, 11, 255]


def test_a_bilevel_page_stays_bilevel() -> None:
    page = Samples(np.array([[[0], [1], [1]]], np.uint8), 0, 1)
    wanted = np.array([[[0.2], [0.4], [0.6]]], np.float32)
    assert page.with_image(wanted).colour.ravel().tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("stored", "scale"),
    [
        (np.array([0, 9], np.uint8), (0, 255)),
        (np.array([0, 9], np.uint16), (0, 255)),
        (np.array([7, 4000], np.uint16), (0, 4095)),
        (np.array([7, 40_000], np.uint16), (0, 65535)),
        (np.array([[[0, 9, 0, 0]]], np.uint16), (0, 65535)),  # inks
        (np.array([3, 9], np.uint32), (3, 9)),
        (np.array([-1024, 3071], np.int16), (-1024, 3071)),
        (np.array([0.2, 0.7]), (0, 1)),
        (np.array([0.2, np.nan, np.inf, 0.7]), (0, 1)),
        (np.array([-0.1, 0.7]), (-0.1, 0.7)),
        (np.array([0, 4000.0, np.nan, -np.inf]), (0, 4000)),
        (np.array([np.nan]), (0, 1)),
        (np.array([7.0]), (7, 0)),
        (np.array([127], np.int8), (127, 0)),
        (np.array([0], np.int8), (0, 1)),
    ],
)
def test_the_range_is_that_of_the_type_or_of_the_values(
    stored: npt.NDArray[Any], scale: tuple[float, float]
) -> None:
    assert scale_of(stored) == scale


def test_a_stated_peak_is_white_unless_there_are_larger_values() -> None:
    stored = np.array([0, 4095], np.uint16)
    assert scale_of(stored, peak=4095) == (0, 4095)
    assert scale_of(stored + 1, peak=4095) == (0, 8191)
    assert scale_of(stored, bits=12) == (0, 4095)


def test_the_bits_that_a_denoiser_learnt_from_are_white_where_they_have_room() -> None:
    stored = np.array([0, 900], np.uint16)
    assert scale_of(stored, usual=12) == (0, 4095)
    assert scale_of(stored, usual=16) == (0, 65535)
    assert scale_of(stored, usual=9) == (0, 1023)


@pytest.mark.parametrize("dtype", ["u2", "i4", "f4"])
def test_a_hot_pixel_is_not_the_range_of_an_image_and_stays_as_it_is(dtype: str) -> None:
    stored = np.random.default_rng(0).integers(100, 1000, (60, 50, 1)).astype(dtype)
    stored[5, 5], stored[0, 0], stored[1, 1] = 65_000, 100, 999
    page = samples(stored)
    assert (page.black, page.white) == (
        (0, 2047) if dtype == "u2" else (100, pytest.approx(1895, abs=10))
    )
    image = page.image()
    assert image[5, 5] == 1
    again = page.with_image(1 - image).colour
    assert again[5, 5] == stored[5, 5]
    assert (np.delete(again.ravel(), 5 * 50 + 5) != np.delete(stored.ravel(), 255)).mean() > 0.99


def test_a_range_that_cannot_be_told_is_refused() -> None:
    with pytest.raises(PictureError, match="rescale it"):
        scale_of(np.array([-1.7e308, 1.7e308]))


def test_what_is_no_number_stays_and_is_seen_as_its_nearest_neighbour() -> None:
    stored = np.full((5, 5, 1), 0.25, np.float32)
    stored[:, 3:] = 0.75
    stored[2, 1], stored[2, 4], stored[0, 0] = np.nan, np.inf, -np.inf
    page = samples(stored)
    image = page.image()
    assert image[2, 1, 0] == 0.25
    assert image[2, 4, 0] == 0.75
    new = page.with_image(np.full_like(image, 0.5)).colour
    finite = np.isfinite(stored)
    np.testing.assert_array_equal(new[~finite], stored[~finite])
    np.testing.assert_array_equal(new[finite], 0.5)


def test_equal_channels_are_read_as_one_and_stay_equal() -> None:
    stored = np.repeat(np.array([[[10], [200]]], np.uint8), 3, axis=2)
    page = samples(stored)
    assert page.image().shape == (1, 2, 1)
    new = page.with_image(page.image() * np.float32(0.3)).colour
    assert new.tolist() == [[[3, 3, 3], [60, 60, 60]]]


def test_what_cannot_be_seen_and_transparency_stay() -> None:
    stored = np.full((1, 3, 3), [10, 20, 30], np.uint8)
    alpha = np.array([[0, 1, 255]], np.uint8)
    page = Samples(stored, 0, 255, alpha, alpha > 0)
    new = page.with_image(np.zeros((1, 3, 3), np.float32))
    assert new.colour[0].tolist() == [[10, 20, 30], [0, 0, 0], [0, 0, 0]]
    assert new.alpha is alpha


def test_colours_that_cannot_be_seen_do_not_make_a_grey_page_coloured() -> None:
    stored = np.array([[[9, 0, 0], [10, 10, 10], [200, 200, 200]]], np.uint8)
    alpha = np.array([[0, 255, 255]], np.uint8)
    page = Samples(stored, 0, 255, alpha, alpha > 0)
    image = page.image()
    assert image.shape == (1, 3, 1)
    new = page.with_image(image * np.float32(0.3)).colour
    assert new.tolist() == [[[9, 0, 0], [3, 3, 3], [60, 60, 60]]]


def test_what_is_not_finite_or_cannot_be_seen_is_not_known() -> None:
    colour = np.array([[[0.5], [np.nan], [0.25]]], np.float32)
    assert samples(colour).known() is not None
    visible = np.array([[False, True, True]])
    known = Samples(colour, 0, 1, visible.astype(np.uint8), visible).known()
    assert known is not None
    assert known.tolist() == [[False, False, True]]
    assert Samples(np.zeros_like(colour), 0, 1).known() is None


@calmly
@given(
    arrays(np.uint8, (2, 3, 4)), arrays(np.float32, (2, 3, 3), elements=st.floats(0, 1, width=32))
)
def test_inks_show_what_is_wanted(stored: npt.NDArray[Any], wanted: npt.NDArray[Any]) -> None:
    """By (1 - ink) (1 - black ink); within the rounding of two inks of 8 bits."""
    page = samples(stored)
    wanted = wanted[..., : page.image().shape[2]]
    new = page.with_image(wanted)
    shown = new.image()
    np.testing.assert_allclose(np.broadcast_to(shown, wanted.shape), wanted, atol=1.01 / 255)
    assert (new.colour[..., 3] <= stored[..., 3]).all()


def test_an_image_of_another_shape_or_without_numbers_is_refused() -> None:
    page = samples(np.zeros((2, 2, 1), np.uint8))
    with pytest.raises(ValueError, match=r"\(2, 2, 1\)"):
        page.with_image(np.zeros((2, 3, 1), np.float32))
    with pytest.raises(ValueError, match="not finite"):
        page.with_image(np.full((2, 2, 1), np.nan, np.float32))
