"""Which format a file has, which it can be written in, and both ways in one function each."""

import io
import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import IO, NamedTuple

from denoising_pipeline.images.arrays import MAX_PIXELS, Images
from denoising_pipeline.pictures.formats import jpeg, webp
from denoising_pipeline.pictures.formats.bmp import BmpPicture, create_bmp
from denoising_pipeline.pictures.formats.jpeg import JpegPicture, create_jpeg
from denoising_pipeline.pictures.formats.npy import NpyPicture, write_npy
from denoising_pipeline.pictures.formats.picture import Metadata, Picture, Source, reading
from denoising_pipeline.pictures.formats.png import PngPicture, create_png
from denoising_pipeline.pictures.formats.samples import PictureError, Samples
from denoising_pipeline.pictures.formats.signatures import signature_of
from denoising_pipeline.pictures.formats.tiff import TiffPicture
from denoising_pipeline.pictures.formats.tiff_write import write_tiff
from denoising_pipeline.pictures.formats.wav import WavPicture
from denoising_pipeline.pictures.formats.webp import WebpPicture, create_webp

FACTS = {
    "icc": "the colour profile",
    "orientation": "the orientation",
    "exif": "EXIF data",
    "xmp": "XMP data",
    "dpi": "the resolution",
}
"""What can be said of a picture, by the names of `Metadata`."""


class Format(NamedTuple):
    """What a format can hold.

    Attributes:
        suffixes: How its files end, the usual one first.
        bits: Most bits of unsigned integers.
        any_type: Whether it holds wider, signed and floating point numbers.
        modes: What it holds, transparency and palettes aside.
        alpha: Whether it holds transparency.
        pages: Whether it holds several.
        beside: What it holds of the facts about a picture, by the names of `Metadata`.
        block: Bytes of EXIF or XMP data at most.
        numbers: Whether it holds numbers alone, which nobody looks at.
        longest: Pixels of a side at most.
        sound: Whether it holds recordings, and nothing else.
    """

    suffixes: tuple[str, ...]
    bits: int = 8
    any_type: bool = False
    modes: tuple[str, ...] = ("grey", "RGB")
    alpha: bool = True
    pages: bool = False
    beside: frozenset[str] = frozenset(FACTS)
    block: int = 2**31 - 1
    numbers: bool = False
    longest: int = 2**31 - 1
    sound: bool = False


FORMATS = {
    "PNG": Format((".png",), bits=16),
    "JPEG": Format(
        (".jpg", ".jpeg", ".jpe", ".jfif"),
        modes=("grey", "RGB", "CMYK"),
        alpha=False,
        block=jpeg.LONGEST_BLOCK,
        longest=jpeg.LONGEST_SIDE,
    ),
    "WebP": Format((".webp",), longest=webp.LONGEST_SIDE),
    "BMP": Format((".bmp", ".dib"), alpha=False, beside=frozenset({"dpi"})),
    "TIFF": Format((".tif", ".tiff"), any_type=True, modes=("grey", "RGB", "CMYK"), pages=True),
    "NPY": Format((".npy",), any_type=True, pages=True, beside=frozenset(), numbers=True),
    "WAV": Format((".wav", ".wave"), any_type=True, pages=True, beside=frozenset(), sound=True),
}
"""What can be read and written."""

_PICTURES: dict[str, type[Picture]] = {
    "PNG": PngPicture,
    "JPEG": JpegPicture,
    "WebP": WebpPicture,
    "BMP": BmpPicture,
    "TIFF": TiffPicture,
    "NPY": NpyPicture,
    "WAV": WavPicture,
}
_CREATE: dict[str, Callable[[Samples, int, Metadata, IO[bytes]], None]] = {
    "PNG": create_png,
    "JPEG": create_jpeg,
    "WebP": create_webp,
    "BMP": create_bmp,
}


def open_picture(
    source: Source,
    name: str | None = None,
    max_pixels: int = MAX_PIXELS,
    bits: int | None = None,
) -> Picture:
    """Open an image file, PNG, JPEG, WebP, BMP, TIFF or NPY, or a recording, WAV.

    Args:
        source: Path of the file, or its content. Its content alone decides what format it is.
        name: What people call it; None: the path, or "image".
        max_pixels: Of a page at most; larger ones are refused before they are decoded.
        bits: Significant bits of unsigned integers of 16 bits, if the file does not say it: 12
            makes 4095 white.

    Returns:
        The picture; no file stays open.

    Raises:
        PictureError: The file is damaged, too large or none that is read; the sentence has no name
            in it.
        OSError: The file cannot be opened.
    """
    name = name or (str(source) if isinstance(source, Path) else "image")
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
        start = file.read(16)
    with reading():
        return _PICTURES[signature_of(start, FORMATS)](source, name, max_pixels, bits)


def format_of(name: str) -> str:
    """Return the format that a suffix or a name of a format means, such as ".tif" or "tiff".

    Raises:
        ValueError: None is called so.
    """
    wanted = name.lower().removeprefix(".")
    for known, found in FORMATS.items():
        if wanted == known.lower() or f".{wanted}" in found.suffixes:
            return known
    raise ValueError(f"'{name}' is no format that is written: choose one of {', '.join(FORMATS)}.")


def check_format(picture: Picture, format: str | None) -> None:  # noqa: A002
    """Check that a format can hold a picture.

    Args:
        picture: The picture.
        format: Name of a format; None: its own.

    Raises:
        PictureError: Something would be lost: depth, transparency, pages, ink, profile, orientation
            or size.
    """
    if format is None or (format := format_of(format)) == picture.format:  # noqa: A001
        return
    if lost := list(_lost(picture, FORMATS[format])):
        other = "" if picture.rate or FORMATS[format].sound else ", or choose TIFF"
        raise PictureError(
            f"cannot become {format} without a loss of {' and of '.join(lost)}: keep its format"
            f"{other}"
        )


def left_out(picture: Picture, format: str | None = None) -> str:  # noqa: A002
    """Say in a sentence what of a picture will not be in the file that is written.

    Args:
        picture: The picture, which the format can hold.
        format: Name of a format; None: its own.

    Returns:
        The sentence; empty: nothing is left out.
    """
    target = picture.format if format is None else format_of(format)
    if target == picture.format:
        return picture.note
    facts, held = _facts(picture), FORMATS[target]
    long = {name for name in ("exif", "xmp") if len(getattr(picture.metadata, name)) > held.block}
    missing = [name for key, name in FACTS.items() if key in (facts - held.beside) | (facts & long)]
    parts = [*missing, *picture.own]
    return f"{target} does not keep {', '.join(parts)}." if parts else ""


def write_picture(
    picture: Picture,
    pages: Iterator[Images],
    file: IO[bytes],
    format: str | None = None,  # noqa: A002
) -> None:
    """Write a picture with other pages: same size, mode, depth, range, transparency and metadata.

    A value that is unchanged comes back bit by bit, and a file without any change byte by byte.

    Args:
        picture: What was read.
        pages: For each page in order, float32 of the shape that `picture.read` returns, clipped to
            [0, 1]; taken one after the other.
        file: Binary file.
        format: Name of a format; None: its own.

    Raises:
        PictureError: The format cannot hold it, or the file that was read is damaged.
        ValueError: An image has another shape, or values that are not finite, or there are too few
            or too many.
    """
    check_format(picture, format)
    if not (file.seekable() and file.readable()):
        with tempfile.TemporaryFile() as beside:
            write_picture(picture, pages, beside, format)
            beside.seek(0)
            shutil.copyfileobj(beside, file)
        return
    target = picture.format if format is None else format_of(format)
    if target == picture.format:
        picture.rewrite(_counted(pages, picture.pages), file)
        return
    changed = (
        picture.samples(page).with_image(image)
        for page, image in enumerate(_counted(pages, picture.pages))
    )
    bits = picture.colour_bits
    if target == "TIFF":
        write_tiff(file, changed, bits, picture.metadata)
    elif target == "NPY":
        changed = (samples.widened(bits) for samples in changed)
        first = next(changed)
        channels = first.colour.shape[2] + (first.alpha is not None)
        shape = (picture.pages,) * (picture.pages > 1) + picture.size()
        shape += (channels,) * (channels > 1)
        write_npy(file, shape, first.colour.dtype, chain([first], changed))
    else:
        for samples in changed:
            _CREATE[target](samples, bits, picture.metadata, file)


def _counted(pages: Iterator[Images], count: int) -> Iterator[Images]:
    number = 0
    for number, image in enumerate(pages, 1):
        if number > count:
            break
        yield image
    if number != count:
        raise ValueError(f"There are {'more' if number else 'no'} images for {count} pages.")


def _facts(picture: Picture) -> set[str]:
    """Return what is said of a picture, by the names of `Metadata`."""
    plain = Metadata()
    return {name for name in FACTS if getattr(picture.metadata, name) != getattr(plain, name)}


def _lost(picture: Picture, target: Format) -> Iterator[str]:
    mode = {"grey+alpha": "grey", "RGBA": "RGB", "palette": "RGB", "palette+alpha": "RGB"}
    if (picture.rate is not None) != target.sound:
        yield "all that is seen" if target.sound else "all that is heard"
        return
    narrow = picture.dtype.kind in "bu" and picture.colour_bits <= target.bits
    if not (narrow or target.any_type):
        deep = picture.mode.startswith("palette")
        yield f"depth ({f'{picture.colour_bits} bit' if deep else picture.depth})"
    if picture.is_mixed:
        yield "pages of several depths"
    if picture.peak or (picture.depth.endswith("bit") and picture.bits not in {1, 2, 4, 8, 16}):
        yield "what is white in fewer bits than its type has"
    if mode.get(picture.mode, picture.mode) not in target.modes:
        yield f"inks ({picture.mode})"
    if picture.has_alpha and not target.alpha:
        yield "transparency"
    if picture.pages > 1 and not target.pages:
        yield f"pages ({picture.pages})"
    looks = {"icc", "orientation"} & _facts(picture) - target.beside
    if looks and not target.numbers:
        yield " and ".join(FACTS[name] for name in sorted(looks))
    if max(picture.size()) > target.longest:
        yield f"size ({max(picture.size())} pixels a side, it takes {target.longest})"
