"""Small pictures: the right part, upright, bright enough, and as good as there is room for."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from denoising_pipeline.batch.pictures import fitted
from denoising_pipeline.batch.thumbnails import MOST_PICTURED, make_thumbnails, pictured
from denoising_pipeline.images.arrays import Images


def opened(content: bytes) -> Images:
    with Image.open(io.BytesIO(content)) as image:
        return np.atleast_3d(np.asarray(image, np.float32) / np.float32(255))


def from_uri(uri: str) -> Images:
    return opened(base64.b64decode(uri.partition(",")[2]))


def with_square(height: int, width: int, top: int, left: int) -> Images:
    """Grey, with a checkered square of 300x300 pixels."""
    image = np.full((height, width, 1), 0.5, np.float32)
    rows, columns = np.ogrid[:300, :300]
    image[top : top + 300, left : left + 300, 0] = (rows // 30 + columns // 30) % 2
    return image


def noise(*shape: int) -> Images:
    return np.random.default_rng(0).random(shape, np.float32)


def test_the_part_is_where_the_detail_is_pixel_by_pixel() -> None:
    image = with_square(1500, 2100, 900, 1700)
    found = make_thumbnails(image, image)
    left, top, width, height = found.crop_place
    place = np.rint([top * 1500, left * 2100, height * 1500, width * 2100]).astype(int)
    row, column, high, wide = place
    assert (high, wide) == (320, 320)
    assert row <= 910 and row + 320 >= 1190
    assert column <= 1710 and column + 320 >= 1990
    cut = image[row : row + 320, column : column + 320]
    assert np.abs(opened(found.crop_before) - cut).max() <= 0.5 / 255 + 1e-6
    assert opened(found.whole_before).shape[:2] == (343, 480)


@pytest.mark.parametrize(
    ("height", "width"), [(1, 1), (1, 4000), (29, 31), (321, 319), (960, 5000)]
)
def test_every_size_has_pictures(height: int, width: int) -> None:
    before, after = noise(height, width, 3), np.zeros((height, width, 3), np.float32)
    found = make_thumbnails(before, after)
    assert max(opened(found.whole_after).shape) <= 480
    assert opened(found.crop_before).shape == (min(320, height), min(320, width), 3)
    shown = fitted(found, 10**6)
    assert (shown.whole is None) == (max(height, width) <= 320)
    assert all(0 <= share <= 100.001 for share in shown.place)


def test_pictures_are_turned_upright() -> None:
    image = noise(20, 30, 3)
    found = make_thumbnails(image, image, orientation=6)
    upright = np.rot90(image, -1)
    assert np.abs(opened(found.crop_before) - upright).max() <= 0.5 / 255 + 1e-6


def test_what_is_too_dark_to_be_seen_is_shown_brighter() -> None:
    """As 12 bits of a microscope in a file of 16."""
    dark = noise(64, 64, 1) / np.float32(16)
    found = make_thumbnails(dark, dark)
    assert found.brightness == pytest.approx(14.5, rel=0.1)
    assert opened(found.crop_before).max() > 0.85
    assert make_thumbnails(noise(64, 64, 1), noise(64, 64, 1)).brightness == 1
    black = np.zeros((64, 64, 1), np.float32)
    assert make_thumbnails(black, black).brightness == 1


def test_the_residual_lies_around_grey_and_is_amplified_as_far_as_fits() -> None:
    before = np.full((64, 64, 1), 0.5, np.float32)
    after = before.copy()
    after[:32] += 0.04
    shown = fitted(make_thumbnails(before, after), 10**6)
    residual = from_uri(shown.residual.uri)
    assert shown.amplified == 8
    assert residual[8, 8, 0] == pytest.approx(0.5 + 8 * 0.04, abs=0.02)
    assert residual[56, 56, 0] == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("budget", [600_000, 100_000, 20_000])
def test_pictures_keep_to_their_budget_and_use_it(budget: int) -> None:
    """Of noise, than which nothing takes more room."""
    found = make_thumbnails(noise(600, 800, 3), noise(600, 800, 3))
    shown = fitted(found, budget)
    pictures = [*(shown.whole or ()), *shown.crop, shown.residual]
    assert sum(len(picture.uri) for picture in pictures) <= budget
    assert sum(len(picture.uri) for picture in pictures) > budget / 2


def test_less_room_costs_size_last_and_the_part_stays_pixel_by_pixel() -> None:
    image = with_square(600, 800, 200, 300)
    found = make_thumbnails(image, image)
    large, small = fitted(found, 10**6), fitted(found, 1)
    assert (large.crop[0].width, small.crop[0].width) == (320, 80)
    middle = from_uri(large.crop[0].uri)[120:200, 120:200]
    assert np.abs(from_uri(small.crop[0].uri) - middle).mean() < 0.05
    assert small.place[2] == pytest.approx(large.place[2] / 4)


@pytest.mark.parametrize("files", [0, 1, 2, 99, 100, 101, 12_345])
def test_a_hundred_files_at_most_are_pictured(files: int) -> None:
    found = pictured(files)
    assert len(found) == min(files, MOST_PICTURED)
    assert found <= set(range(files))
    if files:
        assert {0, files - 1} <= found
