"""PNG of every depth and colour type comes back as it was."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from picture_files import COLOUR, DEEP, GREY, darker, one_pixel, opened, saved, with_pages, written
from PIL import Image, ImageCms, PngImagePlugin

from denoising_pipeline.images import png
from denoising_pipeline.images.png import Header
from denoising_pipeline.pictures.formats import open_picture
from denoising_pipeline.pictures.formats.png import write_png

IDAT = (b"IDAT", b"")
KINDS = [(colour, bits) for colour, depths in png.DEPTHS.items() for bits in depths]
PALETTE = (b"PLTE", bytes(range(256)) * 3)


def png_file(
    stored: npt.NDArray[Any], bits: int, colour: int, *parts: tuple[bytes, bytes]
) -> bytes:
    header = Header(stored.shape[1], stored.shape[0], bits, colour, interlaced=False)
    table = [(b"PLTE", PALETTE[1][: 3 * 2**bits])] if colour == png.PALETTE else []
    write_png(file := io.BytesIO(), header, stored, [*table, *parts, IDAT])
    return file.getvalue()


@st.composite
def stored_pngs(draw: st.DrawFn) -> tuple[npt.NDArray[Any], int, int]:
    colour, bits = draw(st.sampled_from(KINDS))
    shape = (draw(st.integers(1, 5)), draw(st.integers(1, 19)), png.CHANNELS[colour])
    dtype = np.uint16 if bits > 8 else np.uint8
    values = st.integers(0, 2**bits - 1)
    return draw(arrays(dtype, shape, elements=values)), bits, colour


@settings(deadline=None)
@given(stored_pngs())
def test_fault_r15_samples_are_written_and_read_bit_by_bit(
    made: tuple[npt.NDArray[Any], int, int],
) -> None:
    np.testing.assert_array_equal(png.read_samples(png_file(*made)), made[0])


@settings(deadline=None)
@given(stored_pngs())
def test_a_file_written_anew_differs_in_nothing_but_what_was_changed(
    made: tuple[npt.NDArray[Any], int, int],
) -> None:
    stored, bits, colour = made
    content = png_file(*made)
    picture = open_picture(content)
    again = written(content, one_pixel)
    new = open_picture(again)
    assert (new.mode, new.size()) == (picture.mode, picture.size())
    if colour == png.PALETTE:
        old_colours, colours = picture.samples().colour, new.samples().colour
        assert (colours.reshape(-1, 3)[1:] == old_colours.reshape(-1, 3)[1:]).all()
        return
    assert new.depth == f"{bits} bit"
    found = png.read_samples(again)
    assert (found.reshape(-1, found.shape[2])[1:] == stored.reshape(-1, found.shape[2])[1:]).all()
    if colour in {png.GREY_ALPHA, png.RGB_ALPHA}:
        assert (found[..., -1] == stored[..., -1]).all()


@pytest.mark.parametrize(
    "image",
    [
        Image.fromarray(GREY),
        Image.fromarray(GREY > 99),
        Image.fromarray(COLOUR),
        Image.fromarray(np.dstack([COLOUR, GREY])),
        Image.fromarray(np.dstack([GREY, GREY.T.reshape(GREY.shape)]), "LA"),
        Image.fromarray(DEEP[..., 0]),
        Image.fromarray(COLOUR).quantize(16),
    ],
    ids=lambda image: image.mode,
)
def test_pillow_reads_what_is_written(image: Image.Image) -> None:
    content = saved(image)
    assert written(content, lambda image: image) == content
    found = opened(written(content, one_pixel))
    assert found.mode == image.mode
    colours = "RGB" if image.mode == "P" else image.mode
    before, after = (np.asarray(i.convert(colours)) for i in (image, found))
    before, after = (a.reshape(image.height * image.width, -1)[1:] for a in (before, after))
    np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_grey_of_few_bits_keeps_its_levels(bits: int) -> None:
    levels = np.arange(2**bits, dtype=np.uint8).reshape(1, -1, 1)
    picture = open_picture(png_file(levels, bits, png.GREY))
    np.testing.assert_allclose(picture.read().ravel(), np.linspace(0, 1, 2**bits), rtol=1e-6)
    changed = with_pages(picture, [1 - picture.read()])
    np.testing.assert_array_equal(png.read_samples(changed), levels[:, ::-1])


@pytest.mark.parametrize(("colour", "bits"), [(0, 1), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16)])
def test_what_is_transparent_by_its_colour_stays_so_and_nothing_else_becomes_it(
    colour: int, bits: int
) -> None:
    channels, top = png.CHANNELS[colour], 2**bits - 1
    stored = np.zeros((1, 3, channels), np.uint16 if bits > 8 else np.uint8)
    stored[0, 1:] = top
    key = struct.pack(f">{channels}H", *[top] * channels)
    content = png_file(stored, bits, colour, (b"tRNS", key))
    picture = open_picture(content)
    assert picture.mode == {0: "grey+alpha", 2: "RGBA"}[colour]
    image = picture.read()
    image[0, 0] = 1
    changed = open_picture(with_pages(picture, [image])).samples()
    assert changed.alpha is not None
    assert (changed.alpha == picture.samples().alpha).all()
    assert changed.colour[0, 0].tolist() == [top] * (channels - 1) + [top - 1]
    assert (changed.colour[0, 1:] == top).all()


def test_fault_r17_sixteen_bits_under_transparency_keep_every_bit() -> None:
    for colour, channels in ((png.RGB_ALPHA, 4), (png.GREY_ALPHA, 2)):
        stored = DEEP[..., :channels]
        content = png_file(stored, 16, colour)
        image = open_picture(content).read()
        hidden = stored[..., -1] == 0
        expected = stored.copy()
        expected[..., :-1] = np.where(hidden[..., None], stored[..., :-1], 65535 - stored[..., :-1])
        found = png.read_samples(with_pages(open_picture(content), [1 - image]))
        np.testing.assert_array_equal(found, expected)


def test_every_other_part_comes_back_as_it_was() -> None:
    """Also one that nobody knows, and one behind the samples."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "of 1998")
    info.add_itxt("XML:com.adobe.xmp", "<x/>")
    info.add(b"vpAg", b"private")
    info.add(b"tIME", b"\x07\xce\x01\x02\x03\x04\x05", after_idat=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = saved(COLOUR, dpi=(300, 300), exif=exif, icc_profile=profile, pnginfo=info)
    again = written(content)
    assert png.read_orientation(png.read_chunks(again)) == 6

    def others(file: bytes) -> list[tuple[bytes, bytes]]:
        return [part for part in png.read_chunks(file) if part[0] != b"IDAT"]

    assert others(again) == others(content)
    metadata = open_picture(content).metadata
    assert (metadata.icc, metadata.xmp, metadata.orientation) == (profile, b"<x/>", 6)
    assert metadata.dpi == pytest.approx((300, 300), abs=0.01)
    assert open_picture(content).size() == (7, 9)


def test_fault_r17_a_palette_stays_one_while_its_colours_are_few() -> None:
    picture = open_picture(content := saved(Image.fromarray(COLOUR).quantize(4)))
    assert (picture.mode, picture.depth) == ("palette", "2 bit")
    again = open_picture(written(content))
    assert (again.mode, again.depth) == ("palette", "2 bit")
    np.testing.assert_allclose(again.read(), picture.read() / 2, atol=0.51 / 255)


def test_a_palette_becomes_rgb_where_there_are_too_many_colours_and_says_so_before() -> None:
    noise = np.random.default_rng(0)
    wanted = noise.random((32, 32, 3), np.float32)
    for clear in (False, True):
        image = Image.new("P", (32, 32), 1)
        image.putpalette([0, 0, 0, 255, 0, 0])
        content = saved(image, transparency=b"\xff\x80") if clear else saved(image)
        picture = open_picture(content)
        assert picture.mode == "palette" + "+alpha" * clear
        assert "palette" in picture.note
        again = open_picture(with_pages(picture, [wanted]))
        assert again.mode == ("RGBA" if clear else "RGB")
        np.testing.assert_allclose(again.read(), wanted, atol=0.51 / 255)
        if clear:
            np.testing.assert_array_equal(again.samples().alpha, 0x80)


def test_a_palette_of_greys_is_one_channel_and_stays_a_palette() -> None:
    image = Image.fromarray(np.tile(np.arange(256, dtype=np.uint8), (4, 1)))
    image.putpalette(bytes(value for value in range(256) for _ in range(3)))
    picture = open_picture(content := saved(image))
    assert picture.read().shape == (4, 256, 1)
    again = open_picture(written(content))
    assert (again.mode, again.read().shape) == ("palette", (4, 256, 1))


def test_interlaced_files_are_read_and_come_back_plain() -> None:
    parts = (
        struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 1),
        zlib.compress(b"\0\x12\x34\x56\x78\x9a\xbc"),
    )
    content = png.SIGNATURE
    for kind, data in zip((b"IHDR", b"IDAT", b"IEND"), (*parts, b""), strict=True):
        content += struct.pack(">I", len(data)) + kind + data
        content += struct.pack(">I", zlib.crc32(kind + data))
    assert png.read_samples(content).tolist() == [[[0x1234, 0x5678, 0x9ABC]]]
    again = written(content, darker)
    assert not png.read_header(again).interlaced
