"""PNG of 16 bits a channel with colour or transparency, which Pillow would cut to 8 bits.

Source of the format: W3C, "Portable Network Graphics (PNG) Specification (Third Edition)", sections
5 (chunks) and 9 (filtering).
"""

import struct
import zlib
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
"""Channels, transparency being the last of 2 and 4, by colour type."""

DEEP = 16
"""Bits a channel of what is read here."""


def read_png16(content: bytes) -> npt.NDArray[np.uint16]:
    """Decode a PNG file of 16 bits a channel.

    Args:
        content: The whole file.

    Returns:
        (H, W, C), C being 1 to 4; transparency is the last channel of 2 and 4.

    Raises:
        ValueError: The file is damaged, interlaced or has another number of bits.
    """
    chunks = list(_chunks(content))
    width, height, bits, colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    if bits != DEEP or colour not in CHANNELS or interlaced:
        raise ValueError(
            f"is a PNG of {bits} bits and colour type {colour}{', interlaced' * bool(interlaced)}: "
            "save it as TIFF, or not interlaced"
        )
    channels = CHANNELS[colour]
    line = 1 + 2 * channels * width
    packed = b"".join(data for kind, data in chunks if kind == b"IDAT")
    body = zlib.decompressobj().decompress(packed, line * height + 1)
    if len(body) != line * height:
        raise ValueError("is truncated: its pixels end too early or too late")
    lines = np.frombuffer(body, np.uint8).reshape(height, line)
    pixels = _unfiltered(lines[:, 0], lines[:, 1:].reshape(height, width, 2 * channels))
    return np.ascontiguousarray(pixels).view(">u2").astype(np.uint16)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    place, kind = len(SIGNATURE), b""
    while kind != b"IEND":
        if place + 12 > len(content):
            raise ValueError("is truncated: a part of it is missing at its end")
        (length,) = struct.unpack_from(">I", content, place)
        named = content[place + 4 : place + 8 + length]
        if content[place + 8 + length : place + 12 + length] != struct.pack(
            ">I", zlib.crc32(named)
        ):
            raise ValueError("is damaged: a checksum in it is wrong")
        kind = named[:4]
        yield kind, named[4:]
        place += 12 + length


def _unfiltered(
    filters: npt.NDArray[np.uint8], filtered: npt.NDArray[np.uint8]
) -> npt.NDArray[np.uint8]:
    """Undo the filter of each line, all pixels of a diagonal at once.

    A pixel depends on those to its left, above, and above left, so that the pixels of a diagonal
    do not depend on each other.
    """
    height, width, count = filtered.shape
    if filters.max(initial=0) > 4:  # noqa: PLR2004
        raise ValueError("is damaged: it has an unknown filter")
    done = np.zeros((height + 1, width + 1, count), np.int16)
    for diagonal in range(height + width - 1):
        rows = np.arange(max(0, diagonal - width + 1), min(height, diagonal + 1))
        columns = diagonal - rows
        left, above = done[rows + 1, columns], done[rows, columns + 1]
        corner = done[rows, columns]
        predictions = [0 * left, left, above, (left + above) // 2, _paeth(left, above, corner)]
        predicted = np.choose(filters[rows, None], predictions)
        done[rows + 1, columns + 1] = (filtered[rows, columns] + predicted) & 255
    return done[1:, 1:].astype(np.uint8)


def _paeth(
    left: npt.NDArray[np.int16], above: npt.NDArray[np.int16], corner: npt.NDArray[np.int16]
) -> npt.NDArray[np.int16]:
    """Return whichever of the three is nearest to left + above - corner, in this order."""
    to_left, to_above = np.abs(above - corner), np.abs(left - corner)
    to_corner = np.abs(left + above - 2 * corner)
    nearest = np.where(to_above <= to_corner, above, corner)
    return np.where((to_left <= to_above) & (to_left <= to_corner), left, nearest)
