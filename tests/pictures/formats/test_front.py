"""What is opened, what is refused with what to do, and what another format can hold."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from picture_files import COLOUR, DEEP, GREY, darker, saved, with_pages, written
from PIL import Image

from denoising_pipeline.pictures.formats import (
    FORMATS,
    PictureError,
    check_format,
    format_of,
    open_picture,
    write_picture,
)

ROTATED = Image.Exif()
ROTATED[0x0112] = 6


def tiff(pixels: Any, **options: Any) -> bytes:
    tifffile.imwrite(file := io.BytesIO(), pixels, **({"photometric": "minisblack"} | options))
    return file.getvalue()


def npy(array: Any) -> bytes:
    np.save(file := io.BytesIO(), array)
    return file.getvalue()


FILES = {
    "grey": saved(GREY),
    "one bit": saved(GREY > 99),
    "one bit a colour": npy(COLOUR > 99),
    "colour": saved(COLOUR, "JPEG"),
    "turned": saved(COLOUR, "JPEG", exif=ROTATED),
    "alpha": saved(np.dstack([COLOUR, GREY])),
    "grey alpha": saved(np.dstack([GREY, GREY]), "PNG"),
    "palette": saved(Image.fromarray(COLOUR).quantize(9)),
    "inks": saved(Image.fromarray(np.dstack([COLOUR, GREY]), "CMYK"), "TIFF"),
    "deep": tiff(DEEP[..., 0]),
    "deep colour": tiff(DEEP[..., :3], photometric="rgb"),
    "float": tiff(GREY / np.float32(300)),
    "signed": npy(GREY.astype(np.int16) - 99),
    "pages": tiff(np.stack([GREY, GREY.T.reshape(GREY.shape)])),
    "twelve bits": tiff(DEEP[..., 0] >> 4, extratags=[(281, "H", 1, 4095, True)]),
}
COLOURS = {"one bit a colour", "colour"}
HELD = {
    "PNG": {"grey", "one bit", *COLOURS, "turned", "alpha", "grey alpha", "palette", "deep"}
    | {"deep colour"},
    "JPEG": {"grey", "one bit", *COLOURS, "turned", "palette", "inks"},
    "WebP": {"grey", "one bit", *COLOURS, "turned", "alpha", "grey alpha", "palette"},
    "BMP": {"grey", "one bit", *COLOURS, "palette"},
    "TIFF": {*FILES},
    "NPY": FILES.keys() - {"inks", "twelve bits"},
    "WAV": set(),
}


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("name", FILES)
def test_a_format_takes_what_it_holds_without_a_loss(kind: str, name: str) -> None:
    picture = open_picture(FILES[name])
    if name not in HELD[kind]:
        with pytest.raises(PictureError, match=f"cannot become {kind} without a loss of"):
            check_format(picture, kind)
        return
    check_format(picture, kind)
    images = [1 - picture.read(page) for page in range(picture.pages)]
    again = open_picture(with_pages(picture, images, kind))
    assert (again.format, again.pages) == (kind, picture.pages)
    assert again.size() == picture.size()
    assert again.metadata.orientation == (picture.metadata.orientation if kind != "NPY" else 1)
    if kind == "JPEG":
        return
    expected = [picture.samples(page).with_image(image) for page, image in enumerate(images)]
    for page, old in enumerate(expected):
        new = again.samples(page)
        seen = np.ones(picture.size(), bool) if old.visible is None else old.visible
        np.testing.assert_allclose(new.image()[seen], old.image()[seen], atol=1e-6)
        assert (new.alpha is None) == (old.alpha is None)
        if old.alpha is not None and new.alpha is not None:
            np.testing.assert_array_equal(new.alpha, old.alpha)


def test_a_format_is_known_by_its_name_and_its_suffixes() -> None:
    for name in ("TIFF", "tif", ".tiff", ".TIF"):
        assert format_of(name) == "TIFF"
    with pytest.raises(ValueError, match=r"'gif' is no format .* PNG, JPEG, WebP, BMP, TIFF, NPY"):
        format_of("gif")


def test_fault_r18_profile_resolution_and_orientation_go_along() -> None:
    content = saved(COLOUR, "JPEG", exif=ROTATED, icc_profile=b"profile!", dpi=(200, 300))
    for kind in ("PNG", "WebP", "TIFF"):
        metadata = open_picture(written(content, kind=kind)).metadata
        assert (metadata.icc, metadata.orientation) == (b"profile!", 6)
        assert metadata.dpi == pytest.approx((200, 300), abs=0.02)
    tagged = written(content, kind="TIFF")
    assert open_picture(written(tagged, kind="JPEG")).metadata.orientation == 6


REFUSED = {
    "is empty": b"",
    "is no image that is read: save it as PNG": b"no image at all",
    "is a GIF: save it": saved(GREY, "GIF"),
    "is animated: save its frames": saved(
        GREY, "PNG", save_all=True, append_images=[Image.fromarray(255 - GREY)]
    ),
    "animated: save its frames": saved(
        GREY, "WEBP", save_all=True, append_images=[Image.fromarray(255 - GREY)]
    ),
    "is a JPEG 2000": saved(GREY, "JPEG2000"),
    "HEIF, AVIF": saved(GREY, "AVIF"),
    "is a HEIC photograph: export it": b"\0\0\0\x18ftypheic" + bytes(99),
}


@pytest.mark.parametrize("message", REFUSED)
def test_other_files_are_refused_with_what_to_do(message: str) -> None:
    with pytest.raises(PictureError, match=message):
        open_picture(REFUSED[message])


NOISE = np.random.default_rng(0).integers(0, 256, (60, 60, 3), np.uint8)
WHOLE = {
    "png": saved(NOISE),
    "bmp": saved(NOISE, "BMP"),
    "webp": saved(NOISE, "WEBP"),
    "jpeg": saved(NOISE, "JPEG"),
    "tiff": tiff(NOISE, photometric="rgb"),
    "npy": npy(NOISE),
}


@pytest.mark.parametrize("kind", WHOLE)
def test_a_truncated_file_is_refused_in_one_sentence(kind: str) -> None:
    whole = WHOLE[kind]
    for length in (16, 40, len(whole) // 2, len(whole) - 40):
        with pytest.raises(PictureError) as caught:
            open_picture(whole[:length]).read()
        assert str(caught.value)
        assert "\n" not in str(caught.value)


def test_the_content_decides_and_not_the_name(tmp_path: Path) -> None:
    (path := tmp_path / "a photograph.jpg").write_bytes(FILES["deep"])
    picture = open_picture(path)
    assert (picture.format, picture.name, picture.depth) == ("TIFF", str(path), "16 bit")
    assert open_picture(path, "it").name == "it"
    with pytest.raises(FileNotFoundError):
        open_picture(tmp_path / "none.png")


@pytest.mark.parametrize("kind", WHOLE)
def test_what_is_too_large_is_refused_before_it_is_decoded(kind: str) -> None:
    with pytest.raises(PictureError, match=r"60x60 pixels.* by --max-pixels .*max_pixels in"):
        open_picture(WHOLE[kind], max_pixels=3599)
    assert open_picture(WHOLE[kind], max_pixels=3600).size() == (60, 60)


def test_fault_r19_a_bomb_is_refused_by_its_header() -> None:
    """A PNG of 40,000 x 40,000 zeros takes 200 kB."""
    header = bytearray(saved(GREY)[:33])
    header[16:24] = (40_000).to_bytes(4, "big") * 2
    with pytest.raises(PictureError, match="40000x40000 pixels, and at most 99,999,999"):
        open_picture(bytes(header))


def test_fault_r19_pictures_from_100_megapixels_on_are_refused() -> None:
    assert open_picture(saved(np.zeros((10_001, 9_999), np.bool_))).size() == (10_001, 9_999)
    with pytest.raises(PictureError, match="10000x10000 pixels, and at most 99,999,999"):
        open_picture(saved(np.zeros((10_000, 10_000), np.bool_)))


def test_pillows_own_limit_is_neither_used_nor_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    for kind in WHOLE.keys() - {"webp"}:
        assert open_picture(WHOLE[kind]).read().shape == (60, 60, 3)
    with pytest.raises(PictureError, match="more pixels than Pillow reads"):
        open_picture(WHOLE["webp"])
    assert Image.MAX_IMAGE_PIXELS == 10


def test_a_pipe_is_written_to() -> None:
    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.content = b""

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            self.content += bytes(data)
            return len(data)

    for content in (FILES["pages"], FILES["palette"]):
        picture = open_picture(content)
        pages = [darker(picture.read(page)) for page in range(picture.pages)]
        write_picture(picture, iter(pages), pipe := Pipe())  # type: ignore[arg-type]
        assert pipe.content == with_pages(picture, pages)


@pytest.mark.parametrize("name", ["pages", "grey", "signed"])
@pytest.mark.parametrize("count", [0, 3])
def test_too_few_or_too_many_pages_are_refused(name: str, count: int) -> None:
    picture = open_picture(FILES[name])

    def pages() -> Iterator[Any]:
        yield from [picture.read()] * count

    with pytest.raises(ValueError, match=r"images for .* pages"):
        write_picture(picture, pages(), io.BytesIO())


def test_what_fails_while_pages_are_made_is_passed_on() -> None:
    def pages() -> Iterator[Any]:
        raise RuntimeError("no memory for the network")
        yield

    for content in FILES.values():
        with pytest.raises(RuntimeError, match="no memory"):
            write_picture(open_picture(content), pages(), io.BytesIO())


def test_images_are_seen_without_a_network_library() -> None:
    """The room is used by a command that has to start fast."""
    import subprocess
    import sys

    code = (
        "import sys, denoising_pipeline.pictures.formats;"
        "print({'kedro', 'tensorflow', 'keras', 'mlflow', 'pandas', 'scipy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.strip() == b"set()"
