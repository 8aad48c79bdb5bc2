"""EXIF: directories of tags, as TIFF files and EXIF blocks have them, moved from one to the other.

Sources of the format: Adobe, "TIFF Revision 6.0", section 2; CIPA DC-008, "Exif 2.32", section 4.6.
"""

import io
import struct
from collections.abc import Sequence
from typing import IO, NamedTuple

import numpy as np
from tifffile import TiffPage

from denoising_pipeline.pictures.formats.picture import Metadata

ORIENTATION, DESCRIPTION = 274, 270
RESOLUTION = (282, 283, 296)
"""Tags of it: across, down and its unit."""

CARRIED = frozenset(
    {DESCRIPTION, 271, 272, ORIENTATION, 305, 306, 315, 316, 33432, 18246, 18249, *RESOLUTION}
    | {34665, 34853, *range(40091, 40096)}
)
"""Tags of the first directory that say something of the picture, and not how it is stored."""

IPTC = 33723
STORED = frozenset(
    {254, 255, 256, 257, 258, 259, 262, 263, 266, 273, 277, 278, 279, 280, 281, 284, 292, 293, 297}
    | {317, 320, 322, 323, 324, 325, 330, 338, 339, 340, 341, 347, 530, 531, 532, 700, 34675, IPTC}
)
"""Tags that say how pages are stored, and those that are looked at by themselves."""

_DIRECTORIES = {34665, 34853, 40965}
_SHORT, _LONG, _RATIONAL = 3, 4, 5
_SIZES = {
    1: 1,
    2: 1,
    _SHORT: 2,
    _LONG: 4,
    _RATIONAL: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
}
_WIDE_PLACES = {16, 18}
_DEEPEST, _LONGEST = 3, 2**24
_HEADER = b"II*\0\x08\0\0\0"
_INCH, _PARTS = 2, 10_000


class Tag(NamedTuple):
    """A fact.

    Attributes:
        code: Which.
        kind: Number of its type.
        data: In little-endian order.
        inside: Of a directory within; else empty.
    """

    code: int
    kind: int
    data: bytes = b""
    inside: tuple["Tag", ...] = ()

    @property
    def values(self) -> int:
        """Number of values."""
        return 1 if self.inside else len(self.data) // _SIZES[self.kind]


def exif_of(metadata: Metadata, *, resolution: bool = False) -> bytes:
    """Return the EXIF block, with the orientation where there is no block.

    Args:
        metadata: Of a picture.
        resolution: Whether the block has to hold the resolution, since the format has no other
            place for it.
    """
    needs = resolution and metadata.dpi is not None
    if not needs and (metadata.exif or metadata.orientation == 1):
        return metadata.exif
    tags = {tag.code: tag for tag in tags_of(metadata.exif)}
    if metadata.orientation != 1:
        tags[ORIENTATION] = _short(ORIENTATION, metadata.orientation)
    if needs and metadata.dpi:
        for code, side in zip(RESOLUTION, metadata.dpi, strict=False):
            parts = struct.pack("<II", round(side * _PARTS), _PARTS)
            tags[code] = Tag(code, _RATIONAL, parts)
        tags[RESOLUTION[2]] = _short(RESOLUTION[2], _INCH)
    return _HEADER + packed(list(tags.values()), len(_HEADER))


def dpi_of(exif: bytes) -> tuple[float, float] | None:
    """Return the resolution in a block, in pixels per inch; None: it has none."""
    tags = {tag.code: tag.data for tag in tags_of(exif)}
    try:
        sides = [a / b for a, b in (struct.unpack("<II", tags[code]) for code in RESOLUTION[:2])]
        unit = struct.unpack("<H", tags.get(RESOLUTION[2], b"\2\0"))[0]
    except (KeyError, struct.error, ZeroDivisionError):
        return None
    return {2: (sides[0], sides[1]), 3: (2.54 * sides[0], 2.54 * sides[1])}.get(unit)


def exif_of_tiff(file: IO[bytes], page: TiffPage) -> bytes:
    """Return the EXIF block that says what a page's directory says; empty: nothing, or damage."""
    tiff = page.parent
    told = {code for code in CARRIED if code in page.tags}.difference(RESOLUTION)
    if page.is_imagej or page.is_ome or page.is_shaped:
        told.discard(DESCRIPTION)  # It describes the stack, not the picture.
    if not told - {ORIENTATION}:
        return b""
    try:
        found = _read(file, page.offset, tiff.byteorder, wide=tiff.is_bigtiff)
    except (struct.error, ValueError):
        return b""
    return _HEADER + packed([tag for tag in found if tag.code in told], len(_HEADER))


def tags_of(exif: bytes) -> list[Tag]:
    """Return what a block says of a picture; a damaged one says nothing."""
    orders = {b"II": "<", b"MM": ">"}
    try:
        order = orders[exif[:2]]
        (place,) = struct.unpack_from(f"{order}I", exif, 4)
        found = _read(io.BytesIO(exif), place, order)
    except (KeyError, struct.error, ValueError):
        return []
    return [tag for tag in found if tag.code in CARRIED]


def packed(
    tags: Sequence[Tag], at: int, kept: Sequence[bytes] = (), following: bytes = bytes(4)
) -> bytes:
    """Return a directory and what belongs to it, little-endian.

    Args:
        tags: In it.
        at: Its place in the file, or in the block.
        kept: Entries as they are stored, of which no tag is given.
        following: The place of the next directory, as it is stored; 0: there is none.
    """
    stored = {int.from_bytes(entry[:2], "little"): entry for entry in kept}
    added = [tag for tag in tags if tag.code not in stored]
    behind_at = at + 2 + 12 * (len(stored) + len(added)) + 4
    behind = b""
    for tag in added:
        place = behind_at + len(behind)
        data = packed(tag.inside, place) if tag.inside else tag.data
        if tag.inside or len(data) > 4:  # noqa: PLR2004
            behind += data + b"\0" * (len(data) % 2)
            data = struct.pack("<I", place)
        stored[tag.code] = struct.pack("<HHI4s", tag.code, tag.kind, tag.values, data)
    entries = [entry for _, entry in sorted(stored.items())]
    return struct.pack("<H", len(entries)) + b"".join(entries) + following + behind


def _short(code: int, value: int) -> Tag:
    return Tag(code, _SHORT, struct.pack("<H", value))


def _read(
    file: IO[bytes], place: int, order: str, *, wide: bool = False, depth: int = 0
) -> list[Tag]:
    """Read a directory, and those within; `wide`: of BigTIFF.

    Raises:
        ValueError: It is damaged.
        struct.error: Likewise.
    """
    number, entry, room = ("Q", "HHQ8s", 8) if wide else ("H", "HHI4s", 4)
    file.seek(place)
    (count,) = struct.unpack(f"{order}{number}", file.read(struct.calcsize(number)))
    entries = file.read(min(count, 2**16) * struct.calcsize(f"{order}{entry}"))
    tags: dict[int, Tag] = {}
    total = 0
    for code, kind, values, stored in struct.iter_unpack(f"{order}{entry}", entries):
        if code in tags:
            continue
        if code in _DIRECTORIES:
            form = "Q" if kind in _WIDE_PLACES else "I"
            (inner,) = struct.unpack_from(f"{order}{form}", stored)
            if depth < _DEEPEST and (
                inside := _read(file, inner, order, wide=wide, depth=depth + 1)
            ):
                tags[code] = Tag(code, _LONG, inside=tuple(inside))
            continue
        length = values * _SIZES.get(kind, 0)
        total += length
        if not length:
            continue
        if total > _LONGEST:
            raise ValueError("The tags hold more than a file's facts do.")
        data = stored[:length]
        if length > room:
            file.seek(struct.unpack(f"{order}{'Q' if wide else 'I'}", stored)[0])
            data = file.read(length)
        if len(data) < length:
            raise ValueError("The data of a tag end too early.")
        tags[code] = Tag(code, kind, _little(data, kind, order))
    return list(tags.values())


def _little(data: bytes, kind: int, order: str) -> bytes:
    unit = _SIZES[kind] // (2 if kind in {_RATIONAL, 10} else 1)
    if order == "<" or unit == 1:
        return data
    return np.frombuffer(data, f">u{unit}").astype(f"<u{unit}").tobytes()
