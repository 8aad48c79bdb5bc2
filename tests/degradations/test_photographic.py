"""What photographs, prints and scans go through besides noise."""

import numpy as np
import pytest
from skimage import data

from denoising_pipeline.degradations import DEGRADATIONS, Degradation
from denoising_pipeline.degradations.banding import Banding
from denoising_pipeline.degradations.blur import Blur
from denoising_pipeline.degradations.downsampling import Downsampling
from denoising_pipeline.degradations.fading import Fading
from denoising_pipeline.degradations.greyscale import Greyscale
from denoising_pipeline.degradations.holes import Holes
from denoising_pipeline.degradations.jpeg import Jpeg
from denoising_pipeline.degradations.shading import Shading
from denoising_pipeline.degradations.watermark import Watermark
from denoising_pipeline.images.arrays import Images

PHOTOGRAPH: Images = (data.astronaut()[np.newaxis, :160, 150:342] / 255).astype(np.float32)
FLAT = np.full((3, 64, 48, 3), 0.5, np.float32)
NEW = (
    "banding",
    "blur",
    "downsampling",
    "fading",
    "holes",
    "jpeg",
    "paper",
    "shading",
    "watermark",
)


def degraded(degradation: Degradation, clean: Images = PHOTOGRAPH, seed: int = 0) -> Images:
    return degradation.apply(clean, np.random.default_rng(seed))


@pytest.mark.parametrize("name", NEW)
def test_level_0_is_nothing_and_a_higher_level_is_more(name: str) -> None:
    default = DEGRADATIONS[name].model_validate({})
    np.testing.assert_allclose(degraded(default.at(0)), PHOTOGRAPH, atol=1e-6)
    less, more = (
        float(np.square(degraded(default.at(default.level_value * part)) - PHOTOGRAPH).mean())
        for part in (0.5, 1)
    )
    assert 0 < less < more


@pytest.mark.parametrize("name", NEW)
def test_grey_and_single_pixels_are_images_too(name: str) -> None:
    for shape in ((1, 1, 1, 1), (2, 5, 3, 1), (1, 1, 9, 3)):
        found = degraded(DEGRADATIONS[name].model_validate({}), np.full(shape, 0.5, np.float32))
        assert found.shape == shape
        assert np.isfinite(found).all()
        assert 0 <= found.min() <= found.max() <= 1


@pytest.mark.parametrize("degradation", [Blur(), Downsampling(), Jpeg()])
def test_what_loses_detail_keeps_what_has_none(degradation: Degradation) -> None:
    assert degraded(degradation, FLAT) == pytest.approx(FLAT, abs=0.003)
    checked = np.indices((64, 48)).sum(0)[np.newaxis, ..., np.newaxis].astype(np.float32) % 2
    if not isinstance(degradation, Jpeg):
        middle = degraded(degradation, checked)[:, 4:-4, 4:-4]
        assert middle == pytest.approx(np.full_like(middle, 0.5), abs=0.02)


def test_half_the_size_keeps_the_means_of_squares_of_two_pixels() -> None:
    found = degraded(Downsampling(shrink=1))
    small = PHOTOGRAPH.reshape(1, 80, 2, 96, 2, 3).mean((2, 4))
    assert np.abs(found.reshape(1, 80, 2, 96, 2, 3).mean((2, 4)) - small).mean() < 0.01


def test_holes_are_black_squares_and_the_rest_stays() -> None:
    found = degraded(Holes(share=0.2, side=7))
    gone = (found == 0).all(-1)
    assert 0.1 < gone.mean() < 0.2
    np.testing.assert_array_equal(found[~gone], PHOTOGRAPH[~gone])
    assert degraded(Holes(share=1e-6), FLAT).min() == 0


@pytest.mark.parametrize(("along", "axis"), [("rows", 2), ("columns", 1)])
def test_bands_are_constant_along_themselves(along: str, axis: int) -> None:
    found = degraded(Banding(sigma=0.05, along=along), FLAT)  # type: ignore[arg-type]
    assert np.ptp(found, axis=axis).max() < 1e-6
    assert (found - 0.5).std() == pytest.approx(0.05, rel=0.2)


def test_fading_is_a_line_in_every_channel_with_less_contrast() -> None:
    found = degraded(Fading(amount=1))
    slopes = []
    for channel in range(3):
        before, after = PHOTOGRAPH[..., channel].ravel(), found[..., channel].ravel()
        slope, offset = np.polyfit(before, after, 1)
        np.testing.assert_allclose(after, slope * before + offset, atol=1e-5)
        assert 0 <= offset <= 0.6
        slopes.append(slope)
    assert 0.1 < min(slopes) < max(slopes) < 1


def test_shading_darkens_away_from_a_centre_of_each_image_and_the_far_corner_most() -> None:
    light = degraded(Shading(amount=0.6), FLAT) / FLAT
    assert light.min((1, 2, 3)) == pytest.approx([0.4] * len(FLAT), abs=1e-6)
    corners = light[:, [0, 0, -1, -1], [0, -1, 0, -1], 0]
    np.testing.assert_allclose(corners.min(1), light.min((1, 2, 3)))
    centres = [np.unravel_index(image[..., 0].argmax(), FLAT.shape[1:3]) for image in light]
    assert len(set(centres)) == len(FLAT)
    assert all(16 <= y < 48 and 12 <= x < 36 for y, x in centres)


def test_a_watermark_covers_a_part_by_its_opacity_and_leaves_the_rest() -> None:
    opacity = 0.6
    found = degraded(Watermark(opacity=opacity), FLAT)
    change = np.abs(found - FLAT)
    covered = change.max(-1) > 0
    assert 0.01 < covered.mean() < 0.5
    assert opacity / 4 * 0.9 < change.max() <= opacity / 2 + 1e-6
    assert not np.array_equal(change[0], change[1])
    np.testing.assert_array_equal(degraded(Watermark(), FLAT), degraded(Watermark(), FLAT))


def test_large_images_have_several_texts() -> None:
    black = np.zeros((1, 512, 512, 1), np.float32)
    parts = degraded(Watermark(opacity=1), black).reshape(4, 128, 4, 128).max((1, 3))
    assert (parts > 0).sum() >= 3


def test_greyscale_keeps_the_luma_in_one_channel() -> None:
    found = degraded(Greyscale())
    assert found.shape == (*PHOTOGRAPH.shape[:3], 1)
    weighted = PHOTOGRAPH @ np.array([0.299, 0.587, 0.114], np.float32)
    np.testing.assert_allclose(found[..., 0], weighted, atol=1e-6)
    np.testing.assert_array_equal(degraded(Greyscale(), found), found)
