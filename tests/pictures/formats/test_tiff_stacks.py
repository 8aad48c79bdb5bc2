"""Pages, axes and metadata of ImageJ's, OME's and scanners' TIFF files stay as they were."""

import io
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from picture_files import darker, saved, with_pages, written
from PIL import Image

from denoising_pipeline.pictures.formats import (
    PictureError,
    check_format,
    open_picture,
    write_picture,
)

STACK = np.random.default_rng(0).integers(0, 65536, (2, 3, 4, 7, 9), np.uint16)


def stack(pixels: npt.NDArray[Any], **options: Any) -> bytes:
    tifffile.imwrite(file := io.BytesIO(), pixels, **options)
    return file.getvalue()


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_hyperstack_of_imagej_keeps_axes_units_and_overlays(compression: str | None) -> None:
    metadata = {
        "axes": "TZCYX",
        "unit": "um",
        "spacing": 2.5,
        "finterval": 0.1,
        "Labels": [f"plane {n}" for n in range(24)],
        "LUTs": [np.tile(np.arange(256, dtype=np.uint8), (3, 1))] * 4,
    }
    options: dict[str, Any] = {"imagej": True, "resolution": (5.0, 5.0), "compression": compression}
    content = stack(STACK, metadata=metadata, **options)
    assert open_picture(content).pages == 24
    again = written(content, lambda image: 1 - image)
    with (
        tifffile.TiffFile(io.BytesIO(content)) as old,
        tifffile.TiffFile(io.BytesIO(again)) as new,
    ):
        assert str(new.imagej_metadata) == str(old.imagej_metadata)
        assert new.series[0].axes == "TZCYX"
        assert new.pages.first.tags[282].value == old.pages.first.tags[282].value
        np.testing.assert_array_equal(new.asarray(), 65535 - STACK)


def test_pages_without_a_directory_are_pages() -> None:
    """As ImageJ writes stacks of more than 4 GB."""
    content = stack(STACK[0, 0], imagej=True, metadata={"axes": "ZYX"}, truncate=True)
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        assert len(file.pages) == 1
    assert open_picture(content).pages == 4
    again = written(content, lambda image: 1 - image)
    assert len(again) == len(content)
    np.testing.assert_array_equal(tifffile.imread(io.BytesIO(again)), 65535 - STACK[0, 0])


def test_ome_keeps_its_description_word_by_word() -> None:
    metadata = {"axes": "TCZYX", "PhysicalSizeX": 0.2, "PhysicalSizeXUnit": "µm"}
    content = stack(STACK, ome=True, metadata=metadata, compression="zlib", tile=(16, 16))
    again = written(content, lambda image: 1 - image)
    with (
        tifffile.TiffFile(io.BytesIO(content)) as old,
        tifffile.TiffFile(io.BytesIO(again)) as new,
    ):
        assert new.ome_metadata == old.ome_metadata
        assert new.series[0].axes == "TCZYX"
        np.testing.assert_array_equal(new.asarray(), 65535 - STACK)


def test_channels_that_are_no_colour_are_pages_of_their_own() -> None:
    pixels = np.moveaxis(STACK[0, 0, :2], 0, -1)
    for options in ({"planarconfig": "contig"}, {}):
        shaped = pixels if options else np.moveaxis(pixels, -1, 0)
        planar: dict[str, Any] = options or {"planarconfig": "separate"}
        content = stack(shaped, photometric="minisblack", **planar)
        picture = open_picture(content)
        assert picture.pages == 2
        images = [picture.read(0), 1 - picture.read(1)]
        again = tifffile.imread(io.BytesIO(with_pages(picture, images)))
        again = again if options else np.moveaxis(again, 0, -1)
        np.testing.assert_array_equal(again[..., 0], pixels[..., 0])
        np.testing.assert_array_equal(again[..., 1], 65535 - pixels[..., 1])


def test_pages_may_differ_in_everything() -> None:
    draws = np.random.default_rng(0)
    pages = [
        draws.integers(0, 256, (5, 8), np.uint8),
        draws.integers(0, 256, (9, 4, 3), np.uint8),
        draws.random((3, 3)).astype(np.float32),
    ]
    with tifffile.TiffWriter(file := io.BytesIO()) as writer:
        for page in pages:
            writer.write(page, photometric="rgb" if page.ndim > 2 else "minisblack")
    picture = open_picture(file.getvalue())
    assert [picture.size(page) for page in range(3)] == [(5, 8), (9, 4), (3, 3)]
    again = written(file.getvalue(), lambda image: 1 - image)
    with tifffile.TiffFile(io.BytesIO(again)) as new:
        for number, old in enumerate(pages):
            top = 1 if old.dtype.kind == "f" else 255
            np.testing.assert_allclose(new.pages[number].asarray(), top - old, atol=1e-6)


def test_a_scan_of_several_bilevel_pages_keeps_them() -> None:
    draws = np.random.default_rng(0)
    pages = [Image.fromarray(draws.random((40, 30)) > 0.5) for _ in range(3)]
    content = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:], compression="group4")
    picture = open_picture(content)
    assert (picture.pages, picture.depth) == (3, "1 bit")
    again = open_picture(written(content, lambda image: 1 - image))
    for page, old in enumerate(pages):
        np.testing.assert_array_equal(again.read(page)[..., 0], ~np.asarray(old))


def test_tags_exif_profile_and_what_nobody_knows_stay() -> None:
    made, exif = Image.Exif(), Image.Exif()
    made[270], made[305], made[315], made[274] = "a cell", "a microscope", "somebody", 6
    made[65001] = "private"
    made.get_ifd(0x8769)[0x9003] = "2026:11:27 00:00:00"
    exif.load(made.tobytes())
    pixels = np.full((8, 12, 3), 128, np.uint8)
    content = saved(pixels, "TIFF", exif=exif, dpi=(300, 200), icc_profile=b"profile")
    again = written(content, darker)
    with Image.open(io.BytesIO(content)) as old, Image.open(io.BytesIO(again)) as new:
        assert dict(new.getexif()) == dict(old.getexif())
        assert new.getexif().get_ifd(0x8769)[0x9003] == "2026:11:27 00:00:00"
        assert new.info == old.info
    metadata = open_picture(content).metadata
    assert (metadata.icc, metadata.dpi, metadata.orientation) == (b"profile", (300, 200), 6)


def test_smaller_copies_stay_as_they_were_with_a_word() -> None:
    large, small = np.full((32, 32), 200, np.uint8), np.full((16, 16), 200, np.uint8)
    with tifffile.TiffWriter(file := io.BytesIO()) as writer:
        writer.write(large, subifds=1, photometric="minisblack")
        writer.write(small, subfiletype=1, photometric="minisblack")
    picture = open_picture(file.getvalue())
    assert picture.pages == 1
    assert "smaller copies" in picture.note
    with tifffile.TiffFile(io.BytesIO(written(file.getvalue()))) as new:
        assert (new.pages.first.asarray() == 100).all()
        assert (new.series[0].levels[1].asarray() == 200).all()


def test_a_large_stack_needs_the_memory_of_one_page(tmp_path: Any) -> None:
    path = tmp_path / "stack.tif"
    page = np.full((256, 256), 1000, np.uint16)
    with tifffile.TiffWriter(path) as writer:
        for _ in range(60):
            writer.write(page, contiguous=False, compression="zlib", photometric="minisblack")
    picture = open_picture(path)
    with (tmp_path / "new.tif").open("wb") as file:
        tracemalloc.start()
        write_picture(picture, (darker(picture.read(n)) for n in range(60)), file)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 30 * page.nbytes
    assert (tifffile.imread(tmp_path / "new.tif", key=59) == 500).all()


def test_pages_of_other_depths_have_scales_of_their_own() -> None:
    shallow, deep = STACK[0, 0, 0].astype(np.uint8), STACK[0, 0, 0]
    with tifffile.TiffWriter(file := io.BytesIO()) as writer:
        for pixels in (shallow, deep):
            writer.write(pixels, photometric="minisblack", metadata=None)
    picture = open_picture(file.getvalue())
    np.testing.assert_array_equal(picture.read(0)[..., 0], shallow / np.float32(255))
    np.testing.assert_array_equal(picture.read(1)[..., 0], deep / np.float32(65535))
    again = open_picture(written(file.getvalue(), lambda image: 1 - image))
    np.testing.assert_allclose(again.read(1)[..., 0], 1 - deep / 65535, atol=1e-5)
    with pytest.raises(PictureError, match="pages of several depths"):
        check_format(picture, "NPY")


@pytest.mark.parametrize("place", [0, 10, 7])
def test_pixels_that_lie_where_the_file_says_what_it_is_are_refused(place: int) -> None:
    """Written anew in their place, they would make a file that nobody can read."""
    content = bytearray(stack(STACK[0, 0, 0]))
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        where = file.pages.first.tags[273].valueoffset
    content[where : where + 4] = place.to_bytes(4, "little")
    with pytest.raises(PictureError, match="where it says what they are"):
        open_picture(bytes(content))


def damaged(number: int, place: Callable[[tifffile.TiffFile], int], to: str) -> bytes:
    """Two pages of two strips each, without compression, of which one number is another."""
    with tifffile.TiffWriter(file := io.BytesIO()) as writer:
        for pixels in STACK[0, 0, :2]:
            writer.write(pixels, rowsperstrip=4, metadata=None, photometric="minisblack")
    content = bytearray(file.getvalue())
    with tifffile.TiffFile(io.BytesIO(content)) as read:
        tags = read.pages.first.tags
        where = tags[273].valueoffset + 4 * number if to == "strip" else tags[273].offset + 8
        if to == "end":
            last = read.pages[1].aspage()
            where = last.offset + 2 + 12 * len(last.tags)
        content[where : where + 4] = place(read).to_bytes(4, "little")
    return bytes(content)


@pytest.mark.parametrize(
    ("to", "place"),
    [
        ("strip", lambda file: file.pages[1].tags[282].valueoffset - 8),
        ("strip", lambda file: file.pages[1].offset - 8),
        ("list", lambda file: file.pages[0].tags[279].valueoffset),
    ],
    ids=["value of another page", "directory of another page", "lists in one place"],
)
def test_pixels_that_lie_where_another_page_is_described_are_refused(
    to: str, place: Callable[[tifffile.TiffFile], int]
) -> None:
    with pytest.raises(PictureError, match="is damaged"):
        open_picture(damaged(0, place, to))


def test_pixels_that_would_be_the_next_directory_are_refused() -> None:
    content = damaged(0, lambda file: file.pages[0].dataoffsets[0], "end")
    with pytest.raises(PictureError, match="is damaged"):
        open_picture(content)


def test_strips_in_one_place_become_strips_in_places_of_their_own() -> None:
    """The second page has its first strip where the first page has its second, half of it."""
    content = damaged(1, lambda file: file.pages[1].dataoffsets[0] + 2, "strip")
    picture = open_picture(content)
    before = [picture.read(page) for page in range(2)]
    after = open_picture(written(content, lambda image: image[::-1]))
    for page in range(2):
        np.testing.assert_array_equal(after.read(page), before[page][::-1])


def flat_but_for_one(height: int, width: int) -> npt.NDArray[np.uint16]:
    """Return a page of 0, but for one pixel: all 16 bits are its range."""
    page = np.zeros((height, width), np.uint16)
    page[0, 0] = 65535
    return page


@pytest.mark.parametrize("what", ["tag", "next directory", "missing end"])
def test_what_points_behind_the_end_is_left_out_of_what_is_written(what: str) -> None:
    """New pixels go there: readers would find a tag or a directory that there was not."""
    described = {"metadata": None, "description": "of eight words"}
    content = bytearray(stack(flat_but_for_one(40, 50), compression="zlib", **described))
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        page = file.pages.first
        end = page.offset + 2 + 12 * len(page.tags)
        where = page.tags[270].offset + 8 if what == "tag" else end
        directory = content[page.offset : end]
    if what == "missing end":
        content[4:8] = len(content).to_bytes(4, "little")
        content += directory
    else:
        content[where : where + 4] = (len(content) + 100).to_bytes(4, "little")
    assert written(bytes(content), lambda image: image) == bytes(content)
    noise = np.random.default_rng(0).random((40, 50, 1), np.float32)
    after = written(bytes(content), lambda image: noise)
    with tifffile.TiffFile(io.BytesIO(after)) as file:
        assert len(file.pages) == 1
        assert (270 in file.pages.first.tags) == (what != "tag")
    np.testing.assert_allclose(open_picture(after).read(), noise, atol=1e-5)


@pytest.mark.parametrize("is_changed", [False, True])
def test_a_strip_that_lacks_its_end_gets_a_place_of_its_own(is_changed: bool) -> None:
    """What another page has appended would lie in it."""
    with tifffile.TiffWriter(file := io.BytesIO()) as writer:
        for _ in range(2):
            flat = flat_but_for_one(40, 50)  # Packed, white takes as many bytes.
            writer.write(flat, compression="zlib", metadata=None, photometric="minisblack")
    content = file.getvalue()[:-2]
    assert written(content, lambda image: image) == content
    images = [open_picture(content).read(page) for page in range(2)]
    images[0] = np.random.default_rng(0).random((40, 50, 1), np.float32)
    images[1][images[1] == 0] = np.float32(is_changed)
    again = open_picture(with_pages(open_picture(content), images))
    for page in range(2):
        np.testing.assert_allclose(again.read(page), images[page], atol=1e-5)
