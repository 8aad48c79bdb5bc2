"""PNG of every depth: its parts, and its samples as they are stored.

Pillow cuts 16 bits a channel with colour or transparency to 8; here the high and the low bytes are
unpacked by it one after the other.

Source of the format: W3C, "Portable Network Graphics (PNG) Specification (Third Edition)", section
5 (chunks).
"""

import io
import struct
import zlib
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

Chunks: TypeAlias = list[tuple[bytes, bytes]]
"""Kinds and contents of the parts of a PNG file, in their order."""

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGB_ALPHA: 4}
"""Channels, transparency being the last of 2 and 4, by colour type."""

DEPTHS = {
    GREY: (1, 2, 4, 8, 16),
    RGB: (8, 16),
    PALETTE: (1, 2, 4, 8),
    GREY_ALPHA: (8, 16),
    RGB_ALPHA: (8, 16),
}
"""Bits a channel that there are, by colour type."""

_DEEP = 16
_BYTE = 8
_UNPACKED = {
    RGB: ("RGB", ("RGB;16B", "RGB;16L")),
    RGB_ALPHA: ("RGBA", ("RGBA;16B", "RGBA;16L")),
    GREY_ALPHA: ("RGBA", ("RGBA",)),
}
"""Pillow's mode and ways to unpack 16 bits: high bytes, then low ones; both at once as 4 bytes."""


class PngError(ValueError):
    """A file is damaged, or none that the standard knows; the sentence goes on from its name."""


class Header(NamedTuple):
    """What the first part of a PNG file says of its samples."""

    width: int
    height: int
    bits: int
    colour: int
    interlaced: bool

    @property
    def is_deep(self) -> bool:
        """Whether Pillow alone would lose bits."""
        return self.bits == _DEEP and self.colour in _UNPACKED


def read_chunks(content: bytes) -> Chunks:
    """Return the parts of a PNG file.

    Args:
        content: The whole file; what follows its end is passed over.

    Raises:
        PngError: The file is truncated, or a checksum in it is wrong.
    """
    chunks: Chunks = []
    place, kind = len(SIGNATURE), b""
    while kind != b"IEND":
        if place + 12 > len(content):
            raise PngError("is truncated: a part of it is missing at its end")
        (length,) = struct.unpack_from(">I", content, place)
        named = content[place + 4 : place + 8 + length]
        if content[place + 8 + length : place + 12 + length] != struct.pack(
            ">I", zlib.crc32(named)
        ):
            raise PngError("is damaged or truncated: a checksum in it is wrong or missing")
        kind = named[:4]
        chunks.append((kind, named[4:]))
        place += 12 + length
    return chunks


def read_header(content: bytes) -> Header:
    """Return what the beginning of a PNG file says.

    Args:
        content: The file, or its first 33 bytes or more.

    Raises:
        PngError: There is no such header, or it has a type that the standard does not know.
    """
    if len(content) < 33 or content[12:16] != b"IHDR":  # noqa: PLR2004
        raise PngError("is truncated: it ends within its header")
    width, height, bits, colour, _, _, interlaced = struct.unpack_from(">IIBBBBB", content, 16)
    if bits not in DEPTHS.get(colour, ()) or not width or not height:
        raise PngError(
            f"is no PNG that the standard knows: {width}x{height} pixels of {bits} bits and colour "
            f"type {colour}"
        )
    return Header(width, height, bits, colour, bool(interlaced))


def read_samples(content: bytes) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
    """Decode a PNG file.

    Args:
        content: The whole file.

    Returns:
        (H, W, C) as stored: uint8 with values up to 2^bits - 1, or uint16 of 16 bits. C is 1 to 4,
        transparency the last channel of 2 and 4. Of a palette, the indices.

    Raises:
        PngError: The file is damaged.
    """
    header = read_header(content)
    deep, step = header.is_deep, 1
    mode, ways = _UNPACKED[header.colour] if deep else (None, (None,))
    planes = [_unpacked(content, mode, way) for way in ways]
    if len(planes) > 1:
        high, low = planes
        samples: npt.NDArray[Any] = high.astype(np.uint16)
        samples <<= 8
        samples |= low
    elif deep:
        samples = planes[0].view(">u2").astype(np.uint16)
    else:
        samples = planes[0]
        if header.colour == GREY and header.bits < _BYTE:
            step = 1 if samples.dtype == bool else 255 // (2**header.bits - 1)
        samples = samples.astype(np.uint16 if header.bits == _DEEP else np.uint8, copy=False)
    samples = samples.reshape(header.height, header.width, CHANNELS[header.colour])
    return samples // np.uint8(step) if step > 1 else samples


def read_orientation(chunks: Chunks) -> int:
    """Return the orientation of EXIF, 1 to 8; 1 where none is stated."""
    exif = Image.Exif()
    exif.load(dict(chunks).get(b"eXIf", b""))
    stated = exif.get(0x0112, 1)
    return stated if stated in range(1, 9) else 1


def _unpacked(content: bytes, mode: str | None, way: str | None) -> npt.NDArray[Any]:
    try:
        with PngImageFile(io.BytesIO(content)) as opened:
            if mode:
                opened._mode = mode
                opened.tile = [tile._replace(args=way) for tile in opened.tile]
            return np.asarray(opened)
    except (OSError, SyntaxError) as error:
        raise PngError(f"is damaged or truncated: {error}") from error
