"""EXIF and its like go along from format to format, or it is said that they do not."""

import io
from typing import Any

import pytest
import tifffile
from picture_files import COLOUR, DEEP, saved, written
from PIL import Image

from denoising_pipeline.pictures.formats import check_format, left_out, open_picture


def camera_exif(endian: str) -> bytes:
    """Facts of a camera, with directories within."""
    exif = Image.Exif()
    exif.endian = endian
    exif.update({0x010F: "Maker", 0x0110: "Model", 0x0112: 6, 0x0132: "2026:01:02 03:04:05"})
    exif.get_ifd(0x8769).update(
        {0x829A: (1, 250), 0x927C: b"the maker's", 0x9286: b"ASCII\0\0\0hi"}
    )
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 8.0, 1.5)})
    return exif.tobytes()


def facts(block: bytes) -> list[dict[int, Any]]:
    (exif := Image.Exif()).load(block)
    own = {code: value for code, value in exif.items() if code not in {282, 283, 296}}
    inside = [exif.get_ifd(code) for code in (0x8769, 0x8825)]
    return [{code: value for code, value in own.items() if code < 0x8000}, *inside]


@pytest.mark.parametrize("endian", ["<", ">"])
@pytest.mark.parametrize(
    "way", [("TIFF", "PNG"), ("PNG", "TIFF", "WebP", "JPEG"), ("WebP", "TIFF", "TIFF", "JPEG")]
)
def test_exif_goes_along_from_format_to_format(endian: str, way: tuple[str, ...]) -> None:
    content = saved(COLOUR, "JPEG", exif=camera_exif(endian), dpi=(200, 300))
    expected = facts(open_picture(content).metadata.exif)
    assert [len(each) for each in expected] == [4, 3, 2]
    for kind in way:
        content = written(content, kind=kind)
        metadata = open_picture(content).metadata
        assert facts(metadata.exif) == expected
        assert metadata.orientation == 6
        assert metadata.dpi == pytest.approx((200, 300), abs=0.02)
    with Image.open(io.BytesIO(content)) as image:
        assert image.getexif()[0x010F] == "Maker"
        assert image.getexif().get_ifd(0x8825) == expected[2]


@pytest.mark.filterwarnings("ignore::UserWarning")  # of Pillow
def test_a_damaged_exif_block_costs_no_picture() -> None:
    whole = camera_exif("<")[6:]
    for block in (whole[:40], b"II*\0\xff\xff\xff\xff", b"II*\0\x08\0\0\0" + b"\xff" * 60):
        content = saved(COLOUR, "JPEG", exif=b"Exif\0\0" + block)
        for kind in ("TIFF", "WebP"):
            assert open_picture(written(content, kind=kind)).size() == (7, 9)


CAMERA = saved(COLOUR, "JPEG", exif=camera_exif("<"), icc_profile=b"profile!", comment=b"hello")
STACK = io.BytesIO()
tifffile.imwrite(STACK, DEEP[..., 0], imagej=True)


@pytest.mark.parametrize(
    ("content", "kind", "sentence"),
    [
        (CAMERA, None, ""),
        (CAMERA, "PNG", "PNG does not keep the comment."),
        (
            CAMERA,
            "NPY",
            "NPY does not keep the colour profile, the orientation, EXIF data, the resolution,",
        ),
        (saved(COLOUR, "JPEG", dpi=(96, 96)), "BMP", ""),
        (saved(COLOUR, "JPEG", dpi=(96, 96)), "NPY", "NPY does not keep the resolution."),
        (saved(Image.fromarray(COLOUR).quantize(9)), "TIFF", "TIFF does not keep the palette."),
        (STACK.getvalue(), "PNG", "PNG does not keep axes and sizes of ImageJ or OME."),
        (
            saved(COLOUR, "PNG", exif=b"Exif\0\0" + camera_exif("<")[6:] + bytes(70_000)),
            "JPEG",
            "JPEG does not keep EXIF data.",
        ),
    ],
)
def test_what_a_format_cannot_keep_is_said(content: bytes, kind: str | None, sentence: str) -> None:
    picture = open_picture(content)
    check_format(picture, kind)
    assert left_out(picture, kind).startswith(sentence)
    assert bool(left_out(picture, kind)) == bool(sentence)
    assert open_picture(written(content, kind=kind)).size() == picture.size()
