"""Image files: PNG, JPEG, WebP and TIFF as arrays of the depth that they have; WAV as well."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image, ImageOps

from denoising_pipeline.images import png, wav
from denoising_pipeline.images import tiff_codecs as codecs
from denoising_pipeline.images.arrays import MAX_PIXELS
from denoising_pipeline.images.pixels import Pixels, turned
from denoising_pipeline.images.tiff_pages import Layout, hidden_pages, layout_of, page_at

if TYPE_CHECKING:
    from tifffile import TiffPage

SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".tif", ".tiff"),
    *wav.SUFFIXES,
)
"""How the files that are read end."""

OTHER_SUFFIXES = (
    *(".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf", ".raf", ".raw", ".rw2"),
    *(".avif", ".bmp", ".exr", ".gif", ".hdr", ".heic", ".heif", ".jp2", ".jxl", ".npy"),
    *(".pbm", ".pgm", ".ppm", ".psd", ".svg", ".tga"),
)
"""How files of images end that are not read."""

FORMATS = "PNG, JPEG, WebP or TIFF"

MOST_CHANNELS = 16
"""Of which the first one or three are read."""

_ORIENTATION, _BYTE = 0x0112, 8
_ALPHAS = {1, 2}

logger = logging.getLogger(__name__)


class ImageError(ValueError):
    """A file is no image that can be read."""


class Picture(NamedTuple):
    """An image, and what of its file was left out, in words; empty: nothing.

    Attributes:
        pixels: The image.
        note: The words.
        rate: Samples a second of a recording, which is an image of one row; None: a picture.
    """

    pixels: Pixels
    note: str
    rate: int | None = None


def read_image(path: str | os.PathLike[str]) -> Pixels:
    """Read an image file: PNG, JPEG, WebP, or the first page of a TIFF file.

    No pixel changes its scale: 16 bits stay 16 bits. An EXIF or TIFF orientation is applied,
    palettes are looked up, and transparency is left out, which is logged as a warning.

    Args:
        path: Of the file; its content decides what format it is.

    Returns:
        (H, W, C) with C in {1, 3}: uint8, uint16, or float32 in [0, 1].

    Raises:
        ImageError: The file is damaged, or of another format or type; it is named.
        OSError: It cannot be opened.
    """
    with Path(path).open("rb") as file:
        picture = decode_image(file, os.fspath(path))
    if picture.note:
        logger.warning("%s: %s", path, picture.note)
    return picture.pixels


class Pages:
    """The pages of an open image file, each an image of its own, decoded one at a time.

    A TIFF file has as many as `denoise` sees: smaller copies are none, and channels that are no
    colour, such as those of a microscope, are pages of their own. Any other file has one.

    Attributes:
        name: What errors call the file.
        count: Number of pages.
    """

    def __init__(self, file: IO[bytes], name: str, max_pixels: int = MAX_PIXELS) -> None:
        """Look at a file; pixels are decoded by `read`.

        Args:
            file: Seekable binary file at its start, open as long as pages are read.
            name: What errors call it.
            max_pixels: That a page has at most.

        Raises:
            ImageError: It is of another format, or its pages cannot be found.
        """
        self.name = name
        with _named(name):
            self.count, self._read = _opened(file, max_pixels)

    def name_of(self, page: int) -> str:
        """Return the name of a page, counted from 0: that of the file if it has no other."""
        return page_name(self.name, page) if self.count > 1 else self.name

    def read(self, page: int = 0) -> Picture:
        """Decode a page, counted from 0; see `read_image`.

        Raises:
            ImageError: It is damaged, or of another type; it is named.
        """
        with _named(self.name_of(page)):
            return self._read(page)


def page_name(name: str, page: int) -> str:
    """Return what a page, counted from 0, of a file of several is called: `name:1` is the first."""
    return f"{name}:{page + 1}"


def decode_image(file: IO[bytes], name: str, max_pixels: int = MAX_PIXELS) -> Picture:
    """Read an image from an open file; see `read_image`.

    Args:
        file: Seekable binary file at its start.
        name: What errors call it.
        max_pixels: That it has at most.

    Returns:
        The image, and what was left out.

    Raises:
        ImageError: As for `read_image`.
    """
    pages = Pages(file, name, max_pixels)
    with _named(name):
        picture = pages._read(0)
    return picture if pages.count == 1 else picture._replace(note=_note(picture, pages.count))


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Make errors name what cannot be read."""
    try:
        yield
    except (ImageError, codecs.TiffError) as error:
        raise ImageError(f"'{name}' {error}.") from error
    except MemoryError:
        raise
    except Exception as error:  # Decoders raise whatever their code meets in a damaged file.
        raise ImageError(f"'{name}' cannot be read: {error}. Repair it.") from error


def _opened(file: IO[bytes], max_pixels: int) -> tuple[int, Callable[[int], Picture]]:
    """Return the number of pages, and what decodes one."""
    start = file.read(33)
    file.seek(0)
    if start[:4] in {b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"}:
        pages = _TiffPages(file, max_pixels)
        return len(pages.places), pages.read
    return 1, lambda page: _decoded(file, start, max_pixels)


def _decoded(file: IO[bytes], start: bytes, max_pixels: int) -> Picture:
    """Decode a file that has one page."""
    if start.startswith(png.SIGNATURE):
        header = _png_header(start)
        _check_size(header.height, header.width, max_pixels)
        return _deep_png(file) if header.is_deep else _shallow(file, "PNG", max_pixels)
    if start.startswith(b"\xff\xd8\xff"):
        return _shallow(file, "JPEG", max_pixels)
    if wav.is_wav(start):
        return _recording(file)
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return _shallow(file, "WEBP", max_pixels)
    raise ImageError(f"is no image that can be read: save it as {FORMATS}")


def _check_size(height: int, width: int, max_pixels: int) -> None:
    """Refuse an image that is too large, before memory is taken for it."""
    if height * width > max_pixels:
        raise ImageError(
            f"has {height}x{width} pixels, and at most {max_pixels:,} are read: cut it into parts"
        )


def _png_header(start: bytes) -> png.Header:
    try:
        return png.read_header(start)
    except png.PngError as error:
        raise ImageError(str(error)) from error


def _deep_png(file: IO[bytes]) -> Picture:
    content = file.read()
    try:
        orientation = png.read_orientation(png.read_chunks(content))
        pixels = turned(png.read_samples(content), orientation)
    except png.PngError as error:
        raise ImageError(str(error)) from error
    channels = pixels.shape[2]
    kept = channels - 1 + channels % 2
    note = "left out: transparency" * (kept < channels)
    return Picture(np.ascontiguousarray(pixels[..., :kept]), note)


def _shallow(file: IO[bytes], kind: str, max_pixels: int) -> Picture:
    """Read what Pillow reads without a loss."""
    with Image.open(file, formats=(kind,)) as opened:
        pages = getattr(opened, "n_frames", 1) if kind == "WEBP" else 1
        picture = _by_pillow(opened, max_pixels)
    return picture._replace(note=_note(picture, pages))


def _by_pillow(opened: Image.Image, max_pixels: int) -> Picture:
    """Decode the page that Pillow is at."""
    _check_size(opened.height, opened.width, max_pixels)
    opened.load()
    turned = ImageOps.exif_transpose(opened)
    transparent = turned.mode in {"LA", "PA", "RGBA"} or "transparency" in turned.info
    if turned.mode in {"1", "LA"}:
        turned = turned.convert("L")
    elif turned.mode in {"P", "PA", "RGBA", "YCbCr"}:
        turned = turned.convert("RGB")
    elif turned.mode not in {"L", "RGB", "I;16", "I;16L", "I;16B"}:
        raise ImageError(f"is of the type {turned.mode}: save it as grey or RGB")
    pixels = np.array(turned)
    pixels = pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
    note = "left out: transparency" * transparent
    return Picture(pixels.reshape(*pixels.shape[:2], -1), note)


class _Place(NamedTuple):
    """Where a page of a TIFF file lies.

    Attributes:
        directory: Its number.
        layout: Of its pixels, where the directory does not say it.
        channel: Of the directory's channels, where these are pages; None: all.
    """

    directory: int
    layout: Layout | None = None
    channel: int | None = None


class _TiffPages:
    """The pages of an open TIFF file."""

    def __init__(self, file: IO[bytes], max_pixels: int) -> None:
        from tifffile import TiffFile

        self._file, self._max_pixels, self._tiff = file, max_pixels, TiffFile(file)
        self.places = [*self._found()] or [_Place(0)]

    def read(self, number: int) -> Picture:
        """Decode a page, counted from 0."""
        from tifffile import PHOTOMETRIC

        place = self.places[number]
        page = page_at(self._tiff, place.directory)
        bits, plain = page.bitspersample, place == (place.directory, None, None)
        if plain and bits <= _BYTE:
            self._pillow.seek(place.directory)
            return _by_pillow(self._pillow, self._max_pixels)
        _check_size(page.imagelength * page.imagedepth, page.imagewidth, self._max_pixels)
        if page.samplesperpixel > MOST_CHANNELS:
            raise ImageError(f"has {page.samplesperpixel} channels: save it as grey or RGB")
        grey = _is_grey(page)
        if not grey and page.photometric != PHOTOMETRIC.RGB:
            raise ImageError(f"is of the type {page.photometric!r}: save it as grey or RGB")
        layout = place.layout or layout_of(page)
        if layout.packing not in codecs.PACKINGS:
            packing = getattr(page.compression, "name", page.compression)
            raise ImageError(f"is packed as {packing}, which is not read: save it uncompressed")
        pixels = layout.read_page(self._file)
        first = place.channel or 0
        kept = pixels[..., first : first + (1 if grey else 3)]
        kept = _checked_depth(np.ascontiguousarray(kept), bits)
        if page.photometric == PHOTOMETRIC.MINISWHITE:
            kept = (1 if kept.dtype.kind == "f" else np.iinfo(kept.dtype).max) - kept
        tag = page.tags.get(_ORIENTATION)
        left_out = place.channel is None and kept.shape[2] < pixels.shape[2]
        note = f"left out: all channels but the first {kept.shape[2]}" * left_out
        return Picture(np.ascontiguousarray(turned(kept, int(tag.value) if tag else 1)), note)

    def _has_room(self, size: int) -> bool:
        return bool(self._tiff.filehandle.size >= size)

    @cached_property
    def _pillow(self) -> Image.Image:
        self._file.seek(0)
        return Image.open(self._file, formats=("TIFF",))

    def _found(self) -> Iterator[_Place]:
        count = len(self._tiff.pages)
        for number in range(count):
            page = page_at(self._tiff, number)
            if page.is_reduced:
                continue
            channels = page.samplesperpixel
            of_one = {*page.extrasamples}.isdisjoint(_ALPHAS) and 1 < channels <= MOST_CHANNELS
            if of_one and _is_grey(page):
                yield from (_Place(number, None, channel) for channel in range(channels))
            elif count == 1 and page.bitspersample >= _BYTE and self._has_room(2 * page.nbytes):
                hidden = hidden_pages(self._tiff, layout_of(page))
                one = len(hidden) == 1
                yield from (_Place(number, None if one else layout) for layout in hidden)
            else:
                yield _Place(number)


def _is_grey(page: "TiffPage") -> bool:
    from tifffile import PHOTOMETRIC

    return page.photometric in {PHOTOMETRIC.MINISBLACK, PHOTOMETRIC.MINISWHITE}


def _recording(file: IO[bytes]) -> Picture:
    """Read a recording: its channels become one, their mean."""
    try:
        found = wav.read_wav(file.read())
        mixed = found.values.mean(axis=2, keepdims=True, dtype=np.float32)
    except wav.WavError as error:
        raise ImageError(str(error)) from error
    note = f"mixed: {found.channels} channels to one" * (found.channels > 1)
    return Picture(mixed, note, found.rate)


def _checked_depth(pixels: Pixels, bits: int) -> Pixels:
    if pixels.dtype.kind == "f":
        low, high = float(pixels.min()), float(pixels.max())
        if not (low >= 0 and high <= 1):
            raise ImageError(
                f"holds floating point values from {low:g} to {high:g}: images of this type lie in "
                "[0, 1], so divide by the value that is white"
            )
        return pixels.astype(np.float32)
    if pixels.dtype.kind != "u" or bits != 8 * pixels.dtype.itemsize or bits > 2 * _BYTE:
        raise ImageError(
            f"has {bits} bits a channel as {pixels.dtype}: save it as unsigned 8 or 16 bits or as "
            "floating point in [0, 1]"
        )
    return pixels


def _note(picture: Picture, pages: int) -> str:
    """Say what of a file is left out, further pages included."""
    if pages == 1:
        return picture.note
    start = f"{picture.note} and" if picture.note else "left out:"
    return f"{start} all pages but the first of {pages}"
