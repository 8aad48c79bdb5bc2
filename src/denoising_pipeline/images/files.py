"""Image files: PNG, JPEG, WebP and TIFF as arrays of the depth that they have; WAV as well."""

import logging
import math
import os
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from denoising_pipeline.images import png, wav
from denoising_pipeline.images import tiff_codecs as codecs
from denoising_pipeline.images.arrays import MAX_PIXELS
from denoising_pipeline.images.luma import LUMA
from denoising_pipeline.images.tiff_pages import layout_of

Pixels: TypeAlias = npt.NDArray[Any]
"""One image, (H, W, C) with C in {1, 3}: uint8 or uint16, which stand for [0, 1] on the whole range
of their type, or float32 in [0, 1]."""

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

LEAST_BITS = 8
"""Of files of 16 bits: one of fewer is dark, and of no narrower camera."""

_ORIENTATION = 0x0112

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
    try:
        return _decoded(file, max_pixels)
    except (ImageError, codecs.TiffError) as error:
        raise ImageError(f"'{name}' {error}.") from error
    except MemoryError:
        raise
    except Exception as error:  # Decoders raise whatever their code meets in a damaged file.
        raise ImageError(f"'{name}' cannot be read: {error}. Repair it.") from error


def with_channels(pixels: Pixels, channels: int | None) -> Pixels:
    """Return an image with another number of channels and the same type.

    Args:
        pixels: The image.
        channels: 3: grey is repeated. 1: the luma of ITU-R Recommendation BT.601, 0.299 red + 0.587
            green + 0.114 blue of the values as they are, rounded. None: the image as it is.
    """
    if channels is None or channels == pixels.shape[2]:
        return pixels
    if channels > 1:
        return np.repeat(pixels, channels, axis=2)
    luma: Pixels = pixels @ LUMA[:, np.newaxis]
    return (np.rint(luma) if pixels.dtype.kind == "u" else luma).astype(pixels.dtype)


def with_depth(pixels: Pixels, dtype: npt.DTypeLike) -> Pixels:
    """Return an image in a type that has room for every value, on the same scale.

    Args:
        pixels: The image.
        dtype: uint8, uint16 or float32, no narrower than that of the image.
    """
    if pixels.dtype == dtype:
        return pixels
    if np.dtype(dtype) == np.uint16:
        return pixels.astype(np.uint16) * np.uint16(257)
    return (pixels / np.float32(np.iinfo(pixels.dtype).max)).astype(np.float32)


def narrowest(largest: float) -> int:
    """Return the fewest bits, 8 or more, that have room for a value."""
    return max(LEAST_BITS, math.ceil(largest).bit_length())


def widened(pixels: Pixels, bits: int | None) -> Pixels:
    """Return an image of 16 bits, of which it needs fewer, on their whole range.

    Args:
        pixels: The image; of another type it is returned as it is.
        bits: That its largest possible value has; None: 16.
    """
    if pixels.dtype != np.uint16 or bits is None:
        return pixels
    factor = np.iinfo(np.uint16).max / (2**bits - 1)
    return np.rint(pixels * np.float32(factor)).astype(np.uint16)


def turned(pixels: Pixels, orientation: int) -> Pixels:
    """Return an image as it is meant to be seen.

    Args:
        pixels: (H, W, ...) as stored.
        orientation: 1 to 8, of TIFF 6.0, which EXIF has taken over.
    """
    if orientation > 4:  # noqa: PLR2004
        pixels = pixels.swapaxes(0, 1)
    if orientation in {3, 4, 7, 8}:
        pixels = pixels[::-1]
    if orientation in {2, 3, 6, 7}:
        pixels = pixels[:, ::-1]
    return pixels


def _decoded(file: IO[bytes], max_pixels: int) -> Picture:
    start = file.read(33)
    file.seek(0)
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
    if start[:4] in {b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"}:
        return _tiff(file, max_pixels)
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
    return Picture(
        np.ascontiguousarray(pixels[..., :kept]), _note("transparency" * (kept < channels))
    )


def _shallow(file: IO[bytes], kind: str, max_pixels: int, pages: int = 1) -> Picture:
    """Read what Pillow reads without a loss."""
    with Image.open(file, formats=(kind,)) as opened:
        _check_size(opened.height, opened.width, max_pixels)
        opened.load()
        if kind == "WEBP":
            pages = getattr(opened, "n_frames", 1)
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
    return Picture(
        pixels.reshape(*pixels.shape[:2], -1), _note("transparency" * transparent, pages)
    )


def _tiff(file: IO[bytes], max_pixels: int) -> Picture:
    from tifffile import PHOTOMETRIC, TiffFile

    with TiffFile(file) as tiff:
        page, pages = tiff.pages.first, len(tiff.pages)
        bits = page.bitspersample
        if bits <= 8:  # noqa: PLR2004
            file.seek(0)
            return _shallow(file, "TIFF", max_pixels, pages)
        _check_size(page.imagelength * page.imagedepth, page.imagewidth, max_pixels)
        if page.samplesperpixel > MOST_CHANNELS:
            raise ImageError(f"has {page.samplesperpixel} channels: save it as grey or RGB")
        grey = page.photometric in {PHOTOMETRIC.MINISBLACK, PHOTOMETRIC.MINISWHITE}
        if not grey and page.photometric != PHOTOMETRIC.RGB:
            raise ImageError(f"is of the type {page.photometric!r}: save it as grey or RGB")
        layout = layout_of(page)
        if layout.packing not in codecs.PACKINGS:
            packing = getattr(page.compression, "name", page.compression)
            raise ImageError(f"is packed as {packing}, which is not read: save it uncompressed")
        pixels = layout.read_page(file)
        inverted = page.photometric == PHOTOMETRIC.MINISWHITE
        tag = page.tags.get(_ORIENTATION)
    pixels = _checked_depth(pixels, bits)
    if inverted:
        pixels = (1 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max) - pixels
    pixels = turned(pixels, int(tag.value) if tag else 1)
    kept = 1 if grey else 3
    extra = "all channels but the first " + ("1" if grey else "3")
    return Picture(
        np.ascontiguousarray(pixels[..., :kept]),
        _note(extra * (pixels.shape[2] > kept), pages),
    )


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
    if pixels.dtype != np.uint16 or bits != np.iinfo(np.uint16).bits:
        raise ImageError(
            f"has {bits} bits a channel as {pixels.dtype}: save it as unsigned 8 or 16 bits or as "
            "floating point in [0, 1]"
        )
    return pixels


def _note(extra: str, pages: int = 1) -> str:
    """Say what of a file is left out."""
    others = f"all pages but the first of {pages}" * (pages > 1)
    parts = [part for part in (extra, others) if part]
    return f"left out: {' and '.join(parts)}" if parts else ""
