"""JPEG comes back with the tables, the sampling and the markers that it had."""

import io
from typing import Any

import numpy as np
import pytest
from picture_files import COLOUR, GREY, darker, opened, saved, with_pages, written
from PIL import Image, JpegImagePlugin
from skimage import data

from denoising_pipeline.pictures.formats import PictureError, open_picture
from denoising_pipeline.pictures.formats.jpeg import read_segments

PHOTOGRAPH = data.astronaut()[:97, 100:231]
PRINT = Image.fromarray(np.dstack([255 - PHOTOGRAPH, PHOTOGRAPH[..., 0] // 4]), "CMYK")


def coding(content: bytes) -> Any:
    image = opened(content)
    assert isinstance(image, JpegImagePlugin.JpegImageFile)
    sampling = [part[1:3] for part in image.layer] if image.layers == 3 else []
    return image.mode, image.quantization, sampling, "progressive" in image.info


@pytest.mark.parametrize("quality", [10, 75, 95, 100])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_tables_sampling_and_order_are_kept(
    quality: int, subsampling: int, progressive: bool, mode: str
) -> None:
    image = PRINT if mode == "CMYK" else Image.fromarray(PHOTOGRAPH).convert(mode)
    options: dict[str, Any] = {"subsampling": subsampling, "progressive": progressive}
    content = saved(image, "JPEG", quality=quality, **options)
    again = written(content)
    assert coding(again) == coding(content)
    error = open_picture(again).read() - open_picture(content).read() / 2
    assert np.abs(error).mean() < (0.05 if quality == 10 else 0.02)


def test_rgb_without_chroma_stays_so() -> None:
    content = saved(PHOTOGRAPH, "JPEG", quality=95, keep_rgb=True)
    again = written(content)
    assert opened(again).info["adobe_transform"] == 0
    assert np.abs(open_picture(again).read() - open_picture(content).read() / 2).mean() < 0.01


def test_a_file_in_which_nothing_changes_comes_back_byte_by_byte() -> None:
    content = saved(PHOTOGRAPH, "JPEG", quality=50)
    assert written(content, lambda image: image) == content


def test_grey_stored_as_colour_is_one_channel_and_stays_grey() -> None:
    content = saved(np.dstack([PHOTOGRAPH[..., 0]] * 3), "JPEG", quality=80)
    picture = open_picture(content)
    assert (picture.mode, picture.read().shape) == ("RGB", (97, 131, 1))
    again = np.asarray(opened(written(content)))
    assert again.shape == (97, 131, 3)
    assert (again == again[..., :1]).all()


def test_every_marker_comes_back_as_it_was() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "a camera"
    exif.get_ifd(0x8769)[0x927C] = b"a maker's own"
    content = saved(
        PHOTOGRAPH,
        "JPEG",
        exif=exif,
        icc_profile=b"profile" * 20_000,
        xmp=b"<x/>",
        comment=b"of 1998",
        dpi=(300, 301),
        extra=b"\xff\xed\x00\x10Photoshop 3.0\0",
    )
    again = written(content)

    def markers(file: bytes) -> list[tuple[int, bytes]]:
        return [part for part in read_segments(file)[0] if part[0] >= 0xE0]

    assert len(markers(content)) == 8
    assert markers(again) == markers(content)
    assert opened(again).info == opened(content).info
    picture = open_picture(content)
    assert picture.size() == (97, 131)
    assert (picture.metadata.orientation, picture.metadata.dpi) == (6, (300, 301))


def test_further_images_of_a_phone_are_left_out_with_a_word() -> None:
    second = Image.fromarray(PHOTOGRAPH // 2)
    content = saved(PHOTOGRAPH, "MPO", save_all=True, append_images=[second])
    picture = open_picture(content)
    assert (picture.format, picture.pages) == ("JPEG", 1)
    assert "further images" in picture.note
    again = written(content)
    assert b"MPF\0" not in again
    assert len(again) < len(content) * 0.75


def test_inks_are_seen_as_light() -> None:
    picture = open_picture(saved(PRINT, "JPEG", quality=100))
    assert picture.read().shape == (97, 131, 3)
    ink = np.asarray(PRINT) / 255
    expected = (1 - ink[..., :3]) * (1 - ink[..., 3:])
    assert np.abs(picture.read() - expected).max() < 0.05


@pytest.mark.parametrize("cut", [2, 200, 2000])
def test_a_truncated_file_is_refused(cut: int) -> None:
    content = saved(PHOTOGRAPH, "JPEG", quality=95)[:cut] if cut > 2 else b"\xff\xd8\xff\xe0"
    with pytest.raises(PictureError, match="damaged or truncated"):
        open_picture(content).read()


def test_noise_that_pillow_cannot_pack_tightly_is_written_all_the_same() -> None:
    noise = np.random.default_rng(0).random((700, 900, 3), np.float32)
    content = saved(np.zeros((700, 900, 3), np.uint8), "JPEG", quality=100, subsampling=0)
    again = with_pages(open_picture(content), [noise[..., :1]])
    assert coding(again) == coding(content)
    colour = saved(np.rint(noise * 255).astype(np.uint8), "JPEG", quality=100, subsampling=0)
    np.testing.assert_allclose(open_picture(written(colour)).read(), noise / 2, atol=0.03)


def test_small_files_of_one_pixel_work() -> None:
    for pixels in (GREY[:1, :1], COLOUR[:1, :1], COLOUR[:1]):
        content = saved(pixels, "JPEG", quality=95)
        assert opened(written(content, darker)).size == pixels.shape[1::-1]
    assert io.BytesIO(content).read(2) == b"\xff\xd8"
