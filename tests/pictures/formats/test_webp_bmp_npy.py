"""WebP, BMP and NPY come back as they were."""

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from picture_files import COLOUR, GREY, one_pixel, opened, saved, with_pages, written
from PIL import Image
from skimage import data

from denoising_pipeline.pictures.formats import PictureError, open_picture, write_picture
from denoising_pipeline.pictures.formats.webp import is_lossless

CLEAR = np.dstack([COLOUR, GREY])


@pytest.mark.parametrize("pixels", [COLOUR, CLEAR], ids=["RGB", "RGBA"])
def test_lossless_webp_stays_lossless(pixels: npt.NDArray[np.uint8]) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    options = {"exif": exif, "icc_profile": b"profile!", "xmp": b"<x/>", "exact": True}
    content = saved(pixels, "WEBP", lossless=True, **options)
    assert written(content, lambda image: image) == content
    again = written(content, one_pixel)
    assert is_lossless(again)
    found = opened(again)
    flat = np.asarray(found).reshape(63, -1)
    np.testing.assert_array_equal(flat[1:], pixels.reshape(63, -1)[1:])
    assert found.info == opened(content).info
    assert open_picture(content).metadata.orientation == 6


def test_fault_r17_lossy_webp_keeps_alpha_bit_by_bit() -> None:
    photograph = data.astronaut()[:64, :64]
    alpha = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    content = saved(np.dstack([photograph, alpha]), "WEBP", quality=80)
    picture = open_picture(content)
    again = open_picture(written(content))
    assert not is_lossless(again.content())
    np.testing.assert_array_equal(again.samples().alpha, picture.samples().alpha)
    visible = alpha > 0
    assert np.abs(again.read() - picture.read() / 2)[visible].mean() < 0.02


def test_grey_webp_stays_grey() -> None:
    """What decoders make of a lossy file is not grey to the bit; black is."""
    for stored, lossless in ((GREY, True), (np.zeros_like(GREY), False)):
        content = saved(np.dstack([stored] * 3), "WEBP", lossless=lossless)
        assert is_lossless(content) == lossless
        picture = open_picture(content)
        wanted = (GREY[..., np.newaxis] / 255).astype(np.float32)
        assert picture.read().shape == wanted.shape
        np.testing.assert_array_equal(open_picture(with_pages(picture, [wanted])).read(), wanted)


@pytest.mark.parametrize(
    "image",
    [
        Image.fromarray(GREY),
        Image.fromarray(GREY > 99),
        Image.fromarray(COLOUR),
        Image.fromarray(COLOUR).quantize(256),
    ],
    ids=lambda image: image.mode,
)
def test_bmp_comes_back_as_it_was(image: Image.Image) -> None:
    content = saved(image, "BMP", dpi=(300, 300))
    assert written(content, lambda image: image) == content
    again = opened(written(content, one_pixel))
    assert (again.mode, again.size, again.info) == (image.mode, (9, 7), opened(content).info)
    before, after = (np.asarray(i.convert("RGB")).reshape(63, 3) for i in (image, again))
    np.testing.assert_array_equal(before[1:], after[1:])


@pytest.mark.parametrize("height", [7, -7], ids=["bottom up", "top down"])
def test_bmp_of_32_bits_keeps_its_fourth_bytes_and_header(height: int) -> None:
    stored = np.ascontiguousarray(np.dstack([COLOUR[..., ::-1], GREY]))
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    header = struct.pack("<IiiHHIIiiII", 56, 9, height, 1, 32, 3, stored.nbytes, 0, 0, 0, 0)
    start = 14 + 56
    content = struct.pack("<2sIHHI", b"BM", start + stored.nbytes, 0, 0, start)
    content += header + masks + stored.tobytes()
    picture = open_picture(content)
    order = slice(None, None, -1 if height > 0 else 1)
    assert picture.mode == "RGBA"
    np.testing.assert_array_equal(picture.samples().colour, COLOUR[order])
    again = with_pages(picture, [1 - picture.read()])
    assert again[:start] == content[:start]
    found = np.frombuffer(again[start:], np.uint8).reshape(7, 9, 4)
    np.testing.assert_array_equal(found[..., 3], GREY)
    seen = GREY > 0
    np.testing.assert_array_equal(found[..., 2::-1][seen], 255 - COLOUR[seen])


dtypes = st.sampled_from(["?", *(f"{o}{k}{s}" for o in "<>" for k in "iu" for s in (1, 2, 4, 8))])
shapes = array_shapes(min_dims=2, max_dims=4, max_side=4)


@settings(deadline=None, max_examples=60)
@given(dtypes.flatmap(lambda dtype: arrays(dtype, shapes)), st.booleans())
def test_npy_of_any_shape_and_type_comes_back(stored: npt.NDArray[Any], fortran: bool) -> None:
    stored = np.asfortranarray(stored) if fortran else stored
    np.save(file := io.BytesIO(), stored)
    found = np.load(io.BytesIO(written(file.getvalue(), lambda image: image)))
    assert (found.dtype, found.shape) == (stored.dtype, stored.shape)
    np.testing.assert_array_equal(found, stored)


@pytest.mark.parametrize("dtype", ["f2", ">f4", "f8"])
def test_npy_of_floating_point_keeps_its_range_and_what_is_no_number(
    tmp_path: Path, dtype: str
) -> None:
    stored = np.random.default_rng(0).normal(500, 300, (3, 8, 9)).astype(dtype)
    stored[1, 2, 3], stored[2, 0, 0] = np.nan, np.inf
    np.save(tmp_path / "a.npy", stored)
    picture = open_picture(tmp_path / "a.npy")
    assert (picture.pages, picture.size(), picture.mode) == (3, (8, 9), "grey")
    with (tmp_path / "b.npy").open("wb") as file:
        write_picture(picture, (1 - picture.read(page) for page in range(3)), file)
    found = np.load(tmp_path / "b.npy")
    assert found.dtype == stored.dtype
    finite = np.isfinite(stored)
    np.testing.assert_array_equal(found[~finite], stored[~finite])
    for page in range(3):
        old = stored[page][finite[page]].astype(float)
        new = found[page][finite[page]].astype(float)
        tolerance = 2e-3 if dtype == "f2" else 1e-5
        np.testing.assert_allclose(new, old.min() + old.max() - old, atol=tolerance * np.ptp(old))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(3), "shape"),
        (np.zeros((3, 3), complex), "complex128"),
        (np.zeros((2, 3), "U1"), "<U1"),
        (np.zeros((0, 5, 5)), "no pages"),
        (np.zeros((0, 3)), "no pixels"),
    ],
)
def test_npy_without_an_image_is_refused(array: npt.NDArray[Any], message: str) -> None:
    np.save(file := io.BytesIO(), array)
    with pytest.raises(PictureError, match=message):
        open_picture(file.getvalue())


def test_npy_that_ends_too_early_or_holds_objects_is_refused() -> None:
    np.save(file := io.BytesIO(), np.zeros((50, 50)))
    for content in (file.getvalue()[:500], file.getvalue()[:20]):
        with pytest.raises(PictureError, match="truncated"):
            open_picture(content)
    np.save(file := io.BytesIO(), np.array([[{}]], dtype=object), allow_pickle=True)
    with pytest.raises(PictureError, match="object"):
        open_picture(file.getvalue())


@pytest.mark.parametrize("kind", ["WebP", "PNG", "JPEG", "TIFF"])
def test_a_resolution_that_cannot_be_one_is_left_out(kind: str) -> None:
    content = bytearray(saved(COLOUR, "BMP"))
    content[38:46] = b"\xff\xff\xff\x7f" * 2
    assert open_picture(bytes(content)).metadata.dpi is None
    assert open_picture(written(bytes(content), one_pixel, kind)).size() == (7, 9)


def test_truth_values_of_other_bytes_than_one_are_true() -> None:
    np.save(file := io.BytesIO(), np.array([[0, 1], [7, 255]], np.uint8).view(bool))
    np.testing.assert_array_equal(open_picture(file.getvalue()).read()[..., 0], [[0, 1], [1, 1]])
