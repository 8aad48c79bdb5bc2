"""Image files of every depth: no pixel changes its scale, and what cannot be read is named."""

import io
import logging
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from PIL import Image

from denoising_pipeline.images.files import ImageError, Pages, read_image
from denoising_pipeline.images.pixels import Pixels, with_channels, with_depth
from denoising_pipeline.pictures.formats import open_picture

DRAWS = np.random.default_rng(0)
GREY = DRAWS.integers(0, 256, (7, 9), np.uint8)
COLOUR = DRAWS.integers(0, 256, (7, 9, 3), np.uint8)
DEEP = DRAWS.integers(0, 65536, (7, 9, 4), np.uint16)
TURNS: dict[int, Callable[[Any], Any]] = {
    1: lambda image: image,
    2: np.fliplr,
    3: lambda image: np.rot90(image, 2),
    4: np.flipud,
    5: lambda image: np.swapaxes(image, 0, 1),
    6: lambda image: np.rot90(image, -1),
    7: lambda image: np.rot90(np.swapaxes(image, 0, 1), 2),
    8: np.rot90,
}
"""How an image that was stored in each EXIF orientation is meant to be seen."""


def as_tiff(path: Path, pixels: npt.NDArray[Any], **options: Any) -> Pixels:
    tifffile.imwrite(path, pixels, **options)
    return read_image(path)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png16(pixels: npt.NDArray[np.uint16], kind: int, exif: bytes = b"") -> bytes:
    """Write a PNG of 16 bits whose lines have the five filters of the standard in turn."""
    height, _, channels = pixels.shape
    lines = pixels.astype(">u2").reshape(height, -1).view(np.uint8).astype(int)
    step = 2 * channels
    body = bytearray()
    for row, line in enumerate(lines):
        above = lines[row - 1] if row else np.zeros_like(line)
        left, corner = (np.concatenate([np.zeros(step, int), a[:-step]]) for a in (line, above))
        guess = left + above - corner
        distances = np.abs(np.stack([guess - left, guess - above, guess - corner]))
        paeth = np.choose(distances.argmin(0), [left, above, corner])
        filters = [0 * line, left, above, (left + above) // 2, paeth]
        body += bytes([row % 5]) + ((line - filters[row % 5]) % 256).astype(np.uint8).tobytes()
    return png_file(pixels.shape, kind, bytes(body), exif)


def interlaced_png16(pixels: npt.NDArray[np.uint16], kind: int) -> bytes:
    """Write a PNG of 16 bits in the seven passes of Adam7, without filters."""
    starts = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4))
    body = bytearray()
    for top, left, down, across in (*starts, (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)):
        for line in pixels.astype(">u2")[top::down, left::across]:
            body += b"\0" + line.tobytes() if line.size else b""
    return png_file(pixels.shape, kind, bytes(body), interlaced=1)


def png_file(
    shape: tuple[int, ...], kind: int, body: bytes, exif: bytes = b"", interlaced: int = 0
) -> bytes:
    header = struct.pack(">IIBBBBB", shape[1], shape[0], 16, kind, 0, 0, interlaced)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(body))]
    if exif:
        parts.append(chunk(b"eXIf", exif))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


def test_webp_is_read_and_always_has_three_channels(tmp_path: Path) -> None:
    for pixels in (GREY, COLOUR):
        Image.fromarray(pixels).save(path := tmp_path / "image.webp", lossless=True)
        expected = with_channels(np.atleast_3d(pixels), 3)
        np.testing.assert_array_equal(read_image(path), expected)


def test_an_animated_webp_gives_its_first_page_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = Image.fromarray(COLOUR), Image.fromarray(COLOUR[::-1])
    path = tmp_path / "moving.webp"
    first.save(path, lossless=True, save_all=True, append_images=[second])
    with caplog.at_level(logging.WARNING):
        np.testing.assert_array_equal(read_image(path), COLOUR)
    assert "all pages but the first of 2" in caplog.text


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("pixels", [GREY, COLOUR], ids=["grey", "colour"])
def test_eight_bits_come_as_they_are(
    tmp_path: Path, suffix: str, pixels: npt.NDArray[np.uint8]
) -> None:
    Image.fromarray(pixels).save(path := tmp_path / f"image.{suffix}")
    found = read_image(path)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, np.atleast_3d(pixels))


def test_one_bit_is_black_and_white(tmp_path: Path) -> None:
    for suffix in ("png", "tif"):
        Image.fromarray(GREY > 127).save(path := tmp_path / f"image.{suffix}")
        np.testing.assert_array_equal(read_image(path)[..., 0], np.where(GREY > 127, 255, 0))


def test_a_palette_is_looked_up(tmp_path: Path) -> None:
    palette = Image.fromarray(COLOUR).quantize(8)
    for suffix in ("png", "tif"):
        palette.save(path := tmp_path / f"image.{suffix}")
        np.testing.assert_array_equal(read_image(path), np.asarray(palette.convert("RGB")))


@pytest.mark.parametrize("kind", [0, 2, 4, 6])
def test_fault_r15_png_of_sixteen_bits_keeps_every_bit(
    tmp_path: Path, kind: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Grey or colour, with or without transparency, whatever filters its lines have."""
    stored, kept = {0: (1, 1), 2: (3, 3), 4: (2, 1), 6: (4, 3)}[kind]
    (path := tmp_path / "deep.png").write_bytes(png16(DEEP[..., :stored], kind))
    found = read_image(path)
    assert found.dtype == np.uint16
    np.testing.assert_array_equal(found, DEEP[..., :kept])
    assert ("transparency" in caplog.text) == (kept < stored)


@pytest.mark.parametrize("kind", [2, 4, 6])
def test_an_interlaced_png_of_sixteen_bits_keeps_every_bit(tmp_path: Path, kind: int) -> None:
    stored, kept = {2: (3, 3), 4: (2, 1), 6: (4, 3)}[kind]
    (path := tmp_path / "deep.png").write_bytes(interlaced_png16(DEEP[..., :stored], kind))
    np.testing.assert_array_equal(read_image(path), DEEP[..., :kept])


def test_what_of_a_png_of_sixteen_bits_is_not_as_it_should_be_is_said(tmp_path: Path) -> None:
    whole = png16(DEEP[..., :3], 2)
    faulty = {
        "truncated": whole[:-10],
        "checksum": whole[:60] + bytes([whole[60] ^ 1]) + whole[61:],
        "damaged": png16(DEEP[..., :3], 6),
        "no PNG that the standard knows": png16(DEEP[..., :1], 7),
    }
    for message, content in faulty.items():
        (path := tmp_path / "deep.png").write_bytes(content)
        with pytest.raises(ImageError, match=rf"deep\.png' .*{message}"):
            read_image(path)


@pytest.mark.parametrize(
    ("pixels", "options"),
    [
        (DEEP[..., 0], {}),
        (DEEP[..., 0], {"byteorder": ">", "compression": "zlib", "predictor": True}),
        (DEEP[..., :3], {"photometric": "rgb"}),
        (np.moveaxis(DEEP[..., :3], 2, 0), {"photometric": "rgb", "planarconfig": "separate"}),
    ],
    ids=["grey", "packed", "colour", "planes"],
)
def test_tiff_of_sixteen_bits_keeps_every_bit(
    tmp_path: Path, pixels: npt.NDArray[np.uint16], options: dict[str, Any]
) -> None:
    found = as_tiff(tmp_path / "deep.tif", pixels, **options)
    assert found.dtype == np.uint16
    expected = np.moveaxis(pixels, 0, 2) if "planarconfig" in options else np.atleast_3d(pixels)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_tiff_of_floating_point_comes_as_it_is(tmp_path: Path, dtype: str) -> None:
    pixels = DRAWS.random((7, 9, 3)).astype(dtype)
    found = as_tiff(tmp_path / "float.tiff", pixels, photometric="rgb")
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, pixels.astype(np.float32))


@pytest.mark.parametrize("value", [-0.1, 255.0, np.nan])
def test_fault_r16_floating_point_outside_of_zero_to_one_is_refused(
    tmp_path: Path, value: float
) -> None:
    pixels = np.full((4, 4), 0.5, np.float32)
    pixels[1, 1] = value
    with pytest.raises(ImageError, match=r"float\.tif' holds .* divide by the value"):
        as_tiff(tmp_path / "float.tif", pixels)


def test_white_is_zero_in_some_tiffs(tmp_path: Path) -> None:
    for pixels in (GREY, DEEP[..., 0]):
        found = as_tiff(tmp_path / "white.tif", pixels, photometric="miniswhite")
        np.testing.assert_array_equal(found[..., 0], np.iinfo(pixels.dtype).max - pixels)


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "jpeg"])
def test_packed_tiffs_of_eight_bits_are_read(tmp_path: Path, compression: str) -> None:
    image = Image.fromarray(np.full((16, 16, 3), 77, np.uint8))
    image.save(path := tmp_path / "packed.tif", compression=compression)
    assert np.abs(read_image(path).astype(int) - 77).max() <= 1


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "tiff_deflate", "zstd"])
def test_packed_tiffs_of_sixteen_bits_are_read(tmp_path: Path, compression: str) -> None:
    image = Image.fromarray(DEEP[..., 0])
    image.save(path := tmp_path / "packed.tif", compression=compression)
    np.testing.assert_array_equal(read_image(path)[..., 0], DEEP[..., 0])


def test_a_packing_of_sixteen_bits_that_is_not_known_is_refused(tmp_path: Path) -> None:
    tifffile.imwrite(path := tmp_path / "packed.tif", DEEP[..., 0], compression="zlib")
    content = path.read_bytes()
    told = struct.pack("<HHI", 259, 3, 1)
    path.write_bytes(content.replace(told + struct.pack("<H", 8), told + struct.pack("<H", 34712)))
    with pytest.raises(ImageError, match=r"packed\.tif' is packed as JPEG2000.* uncompressed"):
        read_image(path)


def test_fault_r19_strips_that_unpack_to_more_than_the_header_says_take_no_memory(
    tmp_path: Path,
) -> None:
    """64 MiB of zeros in a strip of a picture of 7x9 pixels of 16 bits."""
    tifffile.imwrite(path := tmp_path / "bomb.tif", DEEP[..., 0], compression="zlib")
    packed = zlib.compress(DEEP[..., 0].tobytes() + bytes(2**26))
    with tifffile.TiffFile(path) as tiff:
        places = [tiff.pages.first.tags[code].valueoffset for code in (273, 279)]
    content = bytearray(path.read_bytes())
    for place, value in zip(places, (len(content), len(packed)), strict=True):
        content[place : place + 4] = struct.pack("<I", value)
    path.write_bytes(content + packed)
    tracemalloc.start()
    found = read_image(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(found[..., 0], DEEP[..., 0])
    assert peak < 2**22


@pytest.mark.parametrize("orientation", TURNS)
def test_fault_r18_orientation_is_applied(tmp_path: Path, orientation: int) -> None:
    """In a JPEG and a PNG of 16 bits by EXIF, in a TIFF of either depth by its tag."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(GREY).save(path := tmp_path / "turned.jpg", quality=100, exif=exif)
    with Image.open(path) as stored:
        expected = TURNS[orientation](np.asarray(stored))
    np.testing.assert_array_equal(read_image(path)[..., 0], expected)
    block = exif.tobytes().removeprefix(b"Exif\0\0")
    (path := tmp_path / "turned.png").write_bytes(png16(DEEP[..., :3], 2, block))
    np.testing.assert_array_equal(read_image(path), TURNS[orientation](DEEP[..., :3]))
    tag = [(0x0112, "H", 1, orientation, True)]
    for pixels in (GREY, DEEP[..., 0]):
        found = as_tiff(tmp_path / "turned.tif", pixels, extratags=tag)
        np.testing.assert_array_equal(found[..., 0], TURNS[orientation](pixels))


def test_transparency_is_left_out_with_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    alpha = np.full((7, 9, 1), 128, np.uint8)
    Image.fromarray(np.concatenate([COLOUR, alpha], 2)).save(path := tmp_path / "clear.png")
    with caplog.at_level(logging.WARNING):
        np.testing.assert_array_equal(read_image(path), COLOUR)
    assert f"{path}: left out: transparency" in caplog.text


def test_further_pages_and_channels_are_left_out_with_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found = as_tiff(tmp_path / "pages.tif", np.stack([DEEP[..., 0]] * 3), photometric="minisblack")
    np.testing.assert_array_equal(found[..., 0], DEEP[..., 0])
    assert "all pages but the first of 3" in caplog.text
    found = as_tiff(tmp_path / "four.tif", DEEP, photometric="rgb", extrasamples=["unassalpha"])
    np.testing.assert_array_equal(found, DEEP[..., :3])
    assert "all channels but the first 3" in caplog.text


STACK = DRAWS.integers(0, 65536, (2, 3, 7, 9), np.uint16)
GREY_STACK = DRAWS.integers(0, 256, (4, 7, 9), np.uint8)
PAGES: dict[str, tuple[npt.NDArray[Any], dict[str, Any], int]] = {
    "hyperstack of ImageJ": (STACK, {"imagej": True, "metadata": {"axes": "ZCYX"}}, 6),
    "ImageJ, bytes": (GREY_STACK, {"imagej": True, "metadata": {"axes": "TYX"}}, 4),
    "ImageJ, one directory": (STACK[0], {"imagej": True, "truncate": True}, 3),
    "ImageJ, bytes, one directory": (GREY_STACK, {"imagej": True, "truncate": True}, 4),
    "ImageJ, colour": (np.stack([COLOUR] * 3), {"imagej": True, "metadata": {"axes": "ZYXS"}}, 3),
    "OME": (STACK, {"ome": True, "metadata": {"axes": "TZYX"}, "compression": "zlib"}, 6),
    "OME, channels": (STACK[0], {"ome": True, "metadata": {"axes": "CYX"}}, 3),
    "channels of one page": (
        np.moveaxis(STACK[0], 0, 2),
        {"photometric": "minisblack", "planarconfig": "contig"},
        3,
    ),
    "channels of one page, bytes": (
        np.moveaxis(GREY_STACK, 0, 2),
        {"photometric": "minisblack", "planarconfig": "contig"},
        4,
    ),
    "one page": (GREY, {}, 1),
    "one page, deep": (DEEP[..., 0], {"imagej": True}, 1),
    "colour planes": (
        np.moveaxis(COLOUR, 2, 0),
        {"photometric": "rgb", "planarconfig": "separate"},
        1,
    ),
    "colour planes, deep": (
        np.moveaxis(DEEP[..., :3], 2, 0),
        {"photometric": "rgb", "planarconfig": "separate"},
        1,
    ),
}
"""Pixels, how they are written, and the pages that they are."""


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_images_of_their_own_and_as_many_as_are_denoised(
    tmp_path: Path, name: str
) -> None:
    """Planes of one colour image are no pages."""
    pixels, options, count = PAGES[name]
    tifffile.imwrite(path := tmp_path / "a.tif", pixels, **options)
    assert open_picture(path).pages == count
    with path.open("rb") as file:
        pages = Pages(file, "a.tif")
        found = [pages.read(page) for page in [*range(count), 0]]
        assert pages.count == count
        assert pages.name_of(count - 1) == ("a.tif" if count == 1 else f"a.tif:{count}")
    assert not any(picture.note for picture in found)
    seen = np.stack([picture.pixels for picture in found[:-1]])
    if "planes" in name:
        expected = np.moveaxis(pixels, 0, -1)[np.newaxis]
    elif "channels of one" in name:
        expected = np.moveaxis(pixels, -1, 0)[..., np.newaxis]
    else:
        expected = pixels.reshape(count, 7, 9, 3 if "colour" in name else 1)
    np.testing.assert_array_equal(seen, expected)
    np.testing.assert_array_equal(found[-1].pixels, expected[0])


def test_smaller_copies_are_no_pages(tmp_path: Path) -> None:
    with tifffile.TiffWriter(path := tmp_path / "a.tif") as writer:
        writer.write(GREY, subifds=1)
        writer.write(GREY[:3, :3], subfiletype=1)
        writer.write(GREY[:3, :3], subfiletype=1)
    with path.open("rb") as file:
        assert Pages(file, "a.tif").count == 1


def test_a_page_that_cannot_be_read_is_named_and_others_are_read(tmp_path: Path) -> None:
    tifffile.imwrite(
        path := tmp_path / "a.tif", STACK[0], compression="zlib", photometric="minisblack"
    )
    with tifffile.TiffFile(path) as tiff:
        place = tiff.pages[1].aspage().dataoffsets[0]
    content = bytearray(path.read_bytes())
    content[place : place + 20] = bytes(20)
    pages = Pages(io.BytesIO(content), "a.tif")
    np.testing.assert_array_equal(pages.read(2).pixels[..., 0], STACK[0, 2])
    with pytest.raises(ImageError, match=r"'a\.tif:2' cannot be read"):
        pages.read(1)


def test_a_page_of_many_takes_the_memory_of_one(tmp_path: Path) -> None:
    tifffile.imwrite(path := tmp_path / "a.tif", np.zeros((64, 256, 512), np.uint16))
    with path.open("rb") as file:
        pages = Pages(file, "a.tif")
        tracemalloc.start()
        for page in range(pages.count):
            pages.read(page)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 8 * 256 * 512 * 2


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (np.zeros((4, 4), np.int16), "int16"),
        (np.zeros((4, 4), np.uint32), "uint32"),
        (np.zeros((4, 4, 4), np.uint16), "type .*: save it as grey or RGB"),
    ],
)
def test_tiffs_of_other_types_are_refused(
    tmp_path: Path, pixels: npt.NDArray[Any], message: str
) -> None:
    options = {"photometric": "separated"} if pixels.ndim > 2 else {}
    with pytest.raises(ImageError, match=rf"other\.tif' .*{message}"):
        as_tiff(tmp_path / "other.tif", pixels, **options)


def test_cmyk_is_refused(tmp_path: Path) -> None:
    Image.new("CMYK", (4, 4)).save(path := tmp_path / "print.jpg")
    with pytest.raises(ImageError, match=r"print\.jpg' is of the type CMYK: save it"):
        read_image(path)


@pytest.mark.parametrize("content", [b"", b"no image", b"GIF89a"])
def test_other_formats_are_refused_with_those_that_are_read(tmp_path: Path, content: bytes) -> None:
    (path := tmp_path / "image.png").write_bytes(content)
    with pytest.raises(ImageError, match=r"image\.png' is no image .* PNG, JPEG, WebP or TIFF"):
        read_image(path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_a_truncated_file_is_named(tmp_path: Path, kind: str) -> None:
    Image.fromarray(DRAWS.integers(0, 256, (50, 50, 3), np.uint8)).save(whole := io.BytesIO(), kind)
    (path := tmp_path / "cut").write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
    with pytest.raises(ImageError, match=r"cut' cannot be read"):
        read_image(path)


def test_content_and_not_the_name_says_what_a_file_is(tmp_path: Path) -> None:
    Image.fromarray(GREY).save(path := tmp_path / "image.jpg", "PNG")
    np.testing.assert_array_equal(read_image(path)[..., 0], GREY)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_colour_becomes_its_luma_and_grey_is_repeated(dtype: str) -> None:
    """Red, green and blue weigh 0.299, 0.587 and 0.114, and white stays white."""
    white = 1.0 if dtype == "float32" else float(np.iinfo(dtype).max)
    colours = (np.vstack([np.eye(3), np.ones(3)]) * white).astype(dtype).reshape(1, 4, 3)
    luma = with_channels(colours, 1)
    assert luma.dtype == dtype
    expected = np.array([0.299, 0.587, 0.114, 1]) * white
    if dtype != "float32":
        expected = np.rint(expected)
    np.testing.assert_allclose(luma.ravel(), expected, rtol=1e-6)
    np.testing.assert_array_equal(with_channels(luma, 3), np.repeat(luma, 3, 2))
    assert with_channels(colours, None) is colours


def test_a_deeper_type_holds_the_same_values() -> None:
    every = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    deeper = with_depth(every, np.uint16)
    assert deeper.dtype == np.uint16
    np.testing.assert_allclose(deeper / 65535, every / 255, rtol=1e-12)
    for pixels in (every, deeper):
        np.testing.assert_allclose(with_depth(pixels, np.float32), every / 255, rtol=1e-6)
    assert with_depth(every, np.uint8) is every


def test_fault_r19_images_to_train_on_are_refused_from_100_megapixels_on(tmp_path: Path) -> None:
    Image.new("1", (9_999, 10_001)).save(tmp_path / "below.png")
    Image.new("1", (10_000, 10_000)).save(tmp_path / "at.png")
    assert read_image(tmp_path / "below.png").shape == (10_001, 9_999, 1)
    with pytest.raises(ImageError, match="at most 99,999,999 are read: cut it into parts"):
        read_image(tmp_path / "at.png")


@pytest.mark.parametrize("name", ["a.tif", "shallow.tif", "a.png", "shallow.png"])
def test_fault_r19_an_image_that_announces_gigabytes_is_refused_by_its_header(
    tmp_path: Path, name: str
) -> None:
    """A few hundred bytes that say they are 60,000 pixels a side."""
    shallow = name.startswith("shallow")
    pixels = np.zeros((7, 9), np.uint8 if shallow else np.uint16)
    if name.endswith("tif"):
        tifffile.imwrite(tmp_path / name, pixels)
        content = bytearray((tmp_path / name).read_bytes())
        for tag in (256, 257):
            place = content.index(struct.pack("<HHI", tag, 4, 1))
            content[place + 8 : place + 12] = struct.pack("<I", 60_000)
    else:
        Image.fromarray(pixels).save(file := io.BytesIO(), "PNG")
        content = bytearray(file.getvalue())
        content[16:24] = struct.pack(">II", 60_000, 60_000)
        content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImageError, match=r"60000x60000 pixels, and at most|limit"):
        read_image(tmp_path / name)
