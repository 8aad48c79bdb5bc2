"""TIFF of every type, packing and arrangement comes back with everything that it had."""

import io
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from picture_files import COLOUR, DEEP, GREY, one_pixel, opened, saved, with_pages, written
from PIL import Image, TiffImagePlugin

from denoising_pipeline.images import tiff_codecs as codecs
from denoising_pipeline.images.tiff_pages import Layout
from denoising_pipeline.pictures.formats import PictureError, open_picture

DTYPES = ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8"]
LIBTIFF = {"tiff_lzw": 5, "packbits": 32773, "zstd": 50000, "lzma": 34925}


def tiff(pixels: npt.NDArray[Any], **options: Any) -> bytes:
    tifffile.imwrite(file := io.BytesIO(), pixels, **({"photometric": "minisblack"} | options))
    return file.getvalue()


def found(content: bytes) -> npt.NDArray[Any]:
    return np.asarray(tifffile.imread(io.BytesIO(content)))


def tags(content: bytes, page: int = 0) -> dict[int, Any]:
    """Return all tags but those that tell of places and sizes of samples."""
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        found = file.pages[page].aspage().tags
        return {tag.code: tag.value for tag in found if tag.code not in {273, 279, 324, 325}}


@st.composite
def stored_tiffs(draw: st.DrawFn) -> tuple[npt.NDArray[Any], dict[str, Any]]:
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    channels = draw(st.sampled_from([1, 3, 4]))
    options: dict[str, Any] = {"byteorder": draw(st.sampled_from("<>"))}
    options["compression"] = draw(st.sampled_from([None, "zlib", "lzma"]))
    options["predictor"] = options["compression"] is not None and (
        dtype.kind != "f" and dtype.itemsize < 8 and draw(st.booleans())
    )
    if draw(st.booleans()):
        options["tile"] = (16, 16)
    else:
        options["rowsperstrip"] = draw(st.integers(1, 40))
    shape: tuple[int, ...] = (height, width)
    if channels > 1:
        options["photometric"] = "rgb"
        options["planarconfig"] = draw(st.sampled_from(["contig", "separate"]))
        is_separate = options["planarconfig"] == "separate"
        shape = (channels, *shape) if is_separate else (*shape, channels)
        if channels > 3:
            options["extrasamples"] = ["unassalpha"]
    elements = {"min_value": 0.0, "max_value": 1.0} if dtype.kind == "f" else None
    return draw(arrays(dtype, shape, elements=elements, fill=st.just(dtype.type(0)))), options


@settings(deadline=None, max_examples=60)
@given(stored_tiffs())
def test_only_what_was_changed_differs(made: tuple[npt.NDArray[Any], dict[str, Any]]) -> None:
    pixels, options = made
    content = tiff(pixels, **options)
    assert written(content, lambda image: image) == content
    again = written(content, one_pixel)
    assert tags(again) == tags(content)
    before, after = found(content), found(again)
    assert after.dtype == before.dtype
    assert after.shape == before.shape
    if options.get("planarconfig") == "separate":
        before, after = np.moveaxis(before, 0, -1), np.moveaxis(after, 0, -1)
    np.testing.assert_array_equal(after[1:], before[1:])
    np.testing.assert_array_equal(after[0, 1:], before[0, 1:])
    if options.get("extrasamples"):
        np.testing.assert_array_equal(after[..., 3], before[..., 3])


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from([5, 8, 32773, 34925, 50000]),
    arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 40))),
    st.booleans(),
)
def test_every_packing_gives_back_what_was_packed(
    packing: int, body: npt.NDArray[np.uint8], is_reversed: bool
) -> None:
    packed = codecs.pack(body, packing, is_reversed)
    lines, line = body.shape
    np.testing.assert_array_equal(
        codecs.unpack(bytes(packed), packing, line, lines, is_reversed), body
    )


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(codecs.FAX), arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 70))))
def test_fax_packings_give_back_what_was_packed(packing: int, bits: npt.NDArray[np.bool_]) -> None:
    body = np.packbits(bits, axis=1)
    lines, line = body.shape
    spare = 8 * line - bits.shape[1]
    packed = codecs.pack(body, packing, spare=spare)
    np.testing.assert_array_equal(
        codecs.unpack(bytes(packed), packing, line, lines, spare=spare), body
    )


@pytest.mark.parametrize("bits", [1, 4, 12, 16])
def test_differences_of_a_few_bits_wrap_around(bits: int) -> None:
    dtype = np.dtype("u2" if bits > 8 else "u1")
    values = np.random.default_rng(0).integers(0, 2**bits, (5, 7, 3), dtype)
    layout = Layout(
        *(5, 7, 3, dtype, bits, False, False, (5, 7), codecs.PLAIN, codecs.HORIZONTAL, False),
        offsets=(0,),
        sizes=(10**6,),
    )
    file = io.BytesIO(layout.packed(values, codecs.PLAIN))
    np.testing.assert_array_equal(layout.read_page(file), values)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_differences_of_floating_point_give_back_what_was_packed(dtype: str) -> None:
    values = np.random.default_rng(0).normal(size=(5, 7, 3)).astype(dtype)
    body = codecs.differentiate_floats(values)
    np.testing.assert_array_equal(codecs.integrate_floats(body, 3, values.dtype), values)


def test_differences_of_floating_point_are_read_as_libtiff_writes_them() -> None:
    values = np.random.default_rng(0).random((40, 50)).astype(np.float32)
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[317] = 3
    content = saved(values, "TIFF", compression="tiff_lzw", tiffinfo=info)
    picture = open_picture(content)
    np.testing.assert_array_equal(picture.read()[..., 0], values)
    halved = np.asarray(opened(with_pages(picture, [picture.read() / np.float32(2)])))
    np.testing.assert_array_equal(halved, values / 2)


@pytest.mark.parametrize("compression", [*LIBTIFF, "tiff_adobe_deflate", "tiff_deflate"])
@pytest.mark.parametrize(
    "pixels", [GREY, COLOUR, DEEP[..., 0], GREY / np.float32(255)], ids=lambda a: f"{a.dtype}"
)
def test_the_packing_is_kept(compression: str, pixels: npt.NDArray[Any]) -> None:
    content = saved(pixels, "TIFF", compression=compression)
    again = written(content)
    assert tags(again) == tags(content)
    expected = open_picture(content).read() / 2
    found = np.asarray(opened(again)).astype(np.float64)
    top = 1 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max
    np.testing.assert_allclose(np.atleast_3d(found) / top, expected, atol=0.51 / top)


def test_lzw_of_sixteen_bits_a_channel_is_read() -> None:
    """As photographers have it; libtiff's words about one page are put together by hand."""
    body = np.ascontiguousarray(DEEP[..., :3].astype("<u2")).view(np.uint8).reshape(7, -1)
    packed = codecs.pack(body, codecs.LZW)
    content = tiff(DEEP[..., :3], photometric="rgb", compression="zlib", rowsperstrip=7)
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        page = file.pages.first
        changed = bytearray(content) + packed
        for code, value, size in ((259, 5, 2), (273, len(content), 4), (279, len(packed), 4)):
            place = page.tags[code].valueoffset
            changed[place : place + size] = value.to_bytes(size, "little")
    picture = open_picture(bytes(changed))
    expected = (DEEP[..., :3] / 65535).astype(np.float32)
    np.testing.assert_array_equal(picture.read(), expected)
    again = open_picture(with_pages(picture, [1 - picture.read()]))
    np.testing.assert_allclose(again.read(), 1 - expected, atol=1e-5)


@pytest.mark.parametrize("compression", [None, "group3", "group4", "tiff_ccitt", "packbits"])
@pytest.mark.parametrize("white", [0, 1])
def test_fault_r17_a_scan_of_one_bit_stays_one(compression: str | None, white: int) -> None:
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[262] = white
    content = saved(Image.fromarray(GREY > 99), "TIFF", compression=compression, tiffinfo=info)
    picture = open_picture(content)
    assert (picture.mode, picture.depth) == ("grey", "1 bit")
    np.testing.assert_array_equal(picture.read()[..., 0], GREY > 99)
    again = with_pages(picture, [1 - picture.read()])
    assert tags(again) == tags(content)
    np.testing.assert_array_equal(np.asarray(opened(again)), GREY <= 99)


def test_white_is_zero_in_some() -> None:
    content = tiff(DEEP[..., 0], photometric="miniswhite")
    np.testing.assert_allclose(open_picture(content).read()[..., 0], 1 - DEEP[..., 0] / 65535)
    again = found(written(content, lambda image: 1 - image))
    np.testing.assert_array_equal(again, 65535 - DEEP[..., 0])


def test_jpeg_within_tiff_becomes_deflate_without_a_loss() -> None:
    flat = np.full((32, 48, 3), [200, 90, 30], np.uint8)
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[274] = 6
    content = saved(flat, "TIFF", compression="jpeg", tiffinfo=info)
    assert written(content, lambda image: image) == content
    picture = open_picture(content)
    assert picture.read().shape == (32, 48, 3)
    again = written(content, one_pixel)
    assert (tags(again)[259], tags(again)[262], tags(again)[274]) == (8, 2, 6)
    stored = np.asarray(tifffile.imread(io.BytesIO(again))).reshape(-1, 3)
    np.testing.assert_array_equal(stored[1:], picture.samples().colour.reshape(-1, 3)[1:])


def test_what_becomes_larger_goes_to_the_end() -> None:
    """Sizes were stored in 16 bits, offsets of several strips in 32."""
    levels = np.random.default_rng(0).integers(0, 65536, (300, 400), np.uint16)
    noise = (levels[..., np.newaxis] / np.float32(65535)).astype(np.float32)
    for options in ({"rowsperstrip": 300}, {"rowsperstrip": 10}, {"tile": (160, 160)}):
        flat = np.zeros((300, 400), np.uint16)
        flat[:2] = 65535  # else fewer bits would have room for it
        content = tiff(flat, compression="zlib", **options)
        again = written(content, lambda image: noise)
        np.testing.assert_array_equal(found(again), levels)


def test_twelve_bits_are_white_at_4095() -> None:
    levels = (DEEP[..., 0] >> 4).astype(np.uint16)
    stated = tiff(levels, extratags=[(281, "H", 1, 4095, True)])
    ome = tiff(levels, ome=True, metadata={"axes": "YX", "SignificantBits": 12})
    for content, bits in ((stated, None), (ome, None), (tiff(levels), 12)):
        picture = open_picture(content, bits=bits)
        np.testing.assert_allclose(picture.read()[..., 0], levels / 4095, rtol=1e-6)
        np.testing.assert_array_equal(
            found(written(content, lambda image: 1 - image, bits=bits)), 4095 - levels
        )


def test_a_palette_becomes_rgb() -> None:
    image = Image.fromarray(COLOUR).quantize(8)
    content = saved(image, "TIFF", dpi=(300, 300))
    picture = open_picture(content)
    assert picture.mode == "palette"
    np.testing.assert_array_equal(picture.samples().colour, np.asarray(image.convert("RGB")))
    assert written(content, lambda image: image) == content
    again = opened(written(content))
    assert again.mode == "RGB"
    assert again.info["dpi"] == (300, 300)


def test_fault_r17_cmyk_stays_cmyk() -> None:
    content = saved(Image.fromarray(np.dstack([COLOUR, GREY]), "CMYK"), "TIFF")
    picture = open_picture(content)
    assert (picture.mode, picture.read().shape) == ("CMYK", (7, 9, 3))
    again = opened(written(content, one_pixel))
    assert again.mode == "CMYK"
    before = np.dstack([COLOUR, GREY]).reshape(-1, 4)
    np.testing.assert_array_equal(np.asarray(again).reshape(-1, 4)[1:], before[1:])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (tiff(np.zeros((4, 4), np.complex64)), "sample format"),
        (tiff(GREY, extratags=[(50706, "B", 4, b"\1\4\0\0", True)]), "raw of a camera"),
        (tiff(COLOUR, photometric="cielab"), "CIELAB"),
        (tiff(np.zeros((90, 90), np.uint8))[:-200], "truncated"),
        (b"II*\0\x08\0\0\0", "truncated|damaged|corrupted"),
    ],
)
def test_what_is_not_read_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(PictureError, match=message):
        open_picture(content).read()


def test_colours_of_a_palette_that_need_16_bits_keep_them_in_every_format() -> None:
    table = np.random.default_rng(0).integers(0, 65536, (3, 256), np.uint16)
    indices = np.arange(63, dtype=np.uint8).reshape(7, 9)
    tifffile.imwrite(file := io.BytesIO(), indices, photometric="palette", colormap=table)
    shown = table.T[indices]
    for kind in ("PNG", "TIFF", "NPY"):
        again = open_picture(written(file.getvalue(), one_pixel, kind)).samples().colour
        assert again.dtype == np.uint16
        np.testing.assert_array_equal(again[1:], shown[1:])
    with pytest.raises(PictureError, match=r"BMP without a loss of depth \(16 bit\)"):
        written(file.getvalue(), one_pixel, "BMP")
