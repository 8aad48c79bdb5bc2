"""Where the samples of a TIFF page lie, and how they are read and put back."""

import math
import struct
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from denoising_pipeline.images import tiff_codecs as codecs
from denoising_pipeline.images.packing import pack_bits, unpack_bits
from denoising_pipeline.images.tiff_codecs import TiffError

if TYPE_CHECKING:
    from tifffile import FileHandle, TiffFile, TiffPage

_LOWEST_FIRST = 2
_SEPARATE = 2
OFFSETS, SIZES = (273, 324), (279, 325)
"""Tags with the places and sizes in bytes of strips, of tiles."""

_WIDE = {
    *(("u", bits) for bits in (32, 64)),
    *(("i", bits) for bits in (8, 16, 32, 64)),
    *(("f", bits) for bits in (16, 32, 64)),
}
"""Kinds and bits of samples that fill their type, beside unsigned ones of at most 16 bits."""


class Segment(NamedTuple):
    """A strip or tile.

    Attributes:
        number: In the lists of offsets and of sizes.
        plane: The channel it holds, where channels are apart; else None.
        rows: Those of the image.
        columns: Likewise.
        lines: Stored, 0s beyond the image included.
        pixels: Of each line, likewise.
    """

    number: int
    plane: int | None
    rows: slice
    columns: slice
    lines: int
    pixels: int


@dataclass(frozen=True)
class Layout:
    """How a page is stored.

    Attributes:
        height: In pixels.
        width: Likewise.
        channels: Samples of a pixel, further ones included.
        dtype: Of samples, in the file's byte order.
        bits: Of each.
        separate: Whether channels are stored one after the other.
        is_tiled: Whether segments are tiles, all of one size; else they are strips.
        tile: Lines and pixels of a tile; of a strip, its lines and the width.
        packing: TIFF's number of the compression.
        predictor: Likewise.
        is_reversed: The first sample of a byte is in its lowest bits.
        offsets: Of the segments.
        sizes: Likewise, in bytes.
    """

    height: int
    width: int
    channels: int
    dtype: np.dtype[Any]
    bits: int
    separate: bool
    is_tiled: bool
    tile: tuple[int, int]
    packing: int
    predictor: int
    is_reversed: bool
    offsets: tuple[int, ...]
    sizes: tuple[int, ...]

    def segments(self) -> Iterator[Segment]:
        """Yield the segments in the order of the file's lists."""
        lines, pixels = self.tile
        number = 0
        for plane in range(self.channels) if self.separate else (None,):
            for top in range(0, self.height, lines):
                rows = slice(top, min(top + lines, self.height))
                stored = lines if self.is_tiled else rows.stop - top
                for left in range(0, self.width, pixels):
                    columns = slice(left, min(left + pixels, self.width))
                    yield Segment(number, plane, rows, columns, stored, pixels)
                    number += 1

    def read(self, file: IO[bytes], segment: Segment) -> npt.NDArray[Any]:
        """Return the samples of a segment, (lines, pixels, channels), in native byte order.

        Raises:
            TiffError: It is truncated.
        """
        channels = 1 if self.separate else self.channels
        count = segment.pixels * channels
        line = -(-count * self.bits // 8)
        native = self.dtype.newbyteorder("=")
        if not self.sizes[segment.number]:
            return np.zeros((segment.lines, segment.pixels, channels), native)
        file.seek(self.offsets[segment.number])
        packed = file.read(self.sizes[segment.number])
        spare = 8 * line - count * self.bits
        body = codecs.unpack(packed, self.packing, line, segment.lines, self.is_reversed, spare)
        if self.predictor == codecs.FLOATING:
            return codecs.integrate_floats(body, channels, native)
        if self.bits == 8 * self.dtype.itemsize:
            samples = np.ascontiguousarray(body).view(self.dtype).astype(native, copy=False)
        else:
            samples = unpack_bits(body, self.bits, count)
        shaped = samples.reshape(segment.lines, -1, channels)
        return codecs.integrate(shaped, self.predictor, self.bits)

    def packed(self, samples: npt.NDArray[Any], packing: int) -> bytes | memoryview:
        """Return what a file has for the samples of a segment, (lines, pixels, channels)."""
        lines, spare = len(samples), 0
        if self.predictor == codecs.FLOATING:
            body = codecs.differentiate_floats(samples)
        else:
            flat = codecs.differentiate(samples, self.predictor).reshape(lines, -1)
            if self.bits == 8 * self.dtype.itemsize:
                body = np.ascontiguousarray(flat.astype(self.dtype, copy=False)).view(np.uint8)
            else:
                body = pack_bits(flat, self.bits)
                spare = 8 * body.shape[1] - flat.shape[1] * self.bits
        return codecs.pack(body, packing, self.is_reversed, spare)

    def cut(self, page: npt.NDArray[Any], segment: Segment) -> npt.NDArray[Any]:
        """Return the part of a page, (H, W, channels), that a segment holds, 0 beyond the image."""
        part = page[segment.rows, segment.columns]
        if segment.plane is not None:
            part = part[..., segment.plane : segment.plane + 1]
        missing = (segment.lines - part.shape[0], segment.pixels - part.shape[1])
        return np.pad(part, ((0, missing[0]), (0, missing[1]), (0, 0))) if any(missing) else part

    def read_page(self, file: IO[bytes]) -> npt.NDArray[Any]:
        """Return a page, (H, W, channels), in native byte order.

        Raises:
            TiffError: It is truncated.
        """
        page = np.empty((self.height, self.width, self.channels), self.dtype.newbyteorder("="))
        for segment in self.segments():
            part = self.read(file, segment)
            target = page[segment.rows, segment.columns]
            if segment.plane is not None:
                target = target[..., segment.plane : segment.plane + 1]
            target[:] = part[: target.shape[0], : target.shape[1]]
        return page


def layout_of(page: "TiffPage") -> Layout:
    """Return how a page is stored.

    Raises:
        TiffError: It is stored in a way that is not read.
    """
    bits, formats = page.bitspersample, page.sampleformat
    if page.imagedepth > 1 or isinstance(bits, tuple) or isinstance(formats, tuple):
        raise TiffError("has channels of different kinds or blocks in space: save it plainly")
    kind = {1: "u", 2: "i", 3: "f", 4: "u"}.get(formats, "c")
    size = 1 if bits <= 8 else 2 if bits <= 16 else bits // 8  # noqa: PLR2004
    is_packed = kind == "u" and bits <= 16  # noqa: PLR2004
    if not is_packed and (kind, bits) not in _WIDE:
        raise TiffError(
            f"has {bits} bits a channel of TIFF's sample format {formats}: save it as integers or "
            "floating point"
        )
    tile = (page.tilelength, page.tilewidth)
    strip = (min(max(page.rowsperstrip, 1), page.imagelength), page.imagewidth)
    layout = Layout(
        height=page.imagelength,
        width=page.imagewidth,
        channels=page.samplesperpixel,
        dtype=np.dtype(f"{kind}{size}").newbyteorder(page.parent.byteorder),
        bits=bits,
        separate=page.planarconfig == _SEPARATE and page.samplesperpixel > 1,
        is_tiled=page.is_tiled,
        tile=tile if page.is_tiled else strip,
        packing=int(page.compression),
        predictor=int(page.predictor),
        is_reversed=page.fillorder == _LOWEST_FIRST,
        offsets=tuple(page.dataoffsets),
        sizes=tuple(page.databytecounts),
    )
    numbers = (layout.height, layout.width, *layout.tile, *layout.offsets, *layout.sizes)
    if not all(isinstance(number, int) for number in numbers) or min(layout.tile) < 1:
        raise TiffError("is damaged: its size or the places of its pixels are no numbers")
    across, down = -(-layout.width // layout.tile[1]), -(-layout.height // layout.tile[0])
    count = across * down * (layout.channels if layout.separate else 1)
    is_listed = any(code in page.tags for code in SIZES)
    if not is_listed or not count <= min(len(layout.offsets), len(layout.sizes)):
        raise TiffError("is damaged: the places of its pixels are missing")
    return layout


def page_at(tiff: "TiffFile", directory: int) -> "TiffPage":
    """Return a directory of a file with all that it says, whatever tifffile made of it so far."""
    return tiff.pages[directory].aspage()


def hidden_pages(tiff: "TiffFile", layout: Layout) -> list[Layout]:
    """Return the pages of a file with one directory: more than one in large stacks of ImageJ.

    Args:
        tiff: The file.
        layout: Of its directory.

    Returns:
        The layout itself, or those of all the pages that follow each other without directories.
    """
    size = layout.height * layout.width * layout.channels * layout.dtype.itemsize
    if layout.packing != codecs.PLAIN:
        return [layout]
    series = tiff.series[0]
    count = math.prod(series.shape) * layout.dtype.itemsize // size
    if count <= 1 or series.dataoffset is None:
        return [layout]
    tile = (layout.height, layout.width)
    return [
        replace(layout, tile=tile, offsets=(series.dataoffset + number * size,), sizes=(size,))
        for number in range(count)
    ]


def directory(file: "IO[bytes] | FileHandle", page: "TiffPage") -> tuple[dict[int, bytes], bytes]:
    """Return a page's directory as it is stored.

    Args:
        file: The file of the page, or a copy with the directory in the same place.
        page: The page.

    Returns:
        The entries by their places, and the place of the next directory, which is shorter than it
        should be where the file ends with it.
    """
    tiff = page.parent.tiff
    file.seek(page.offset)
    (count,) = struct.unpack(tiff.tagnoformat, file.read(tiff.tagnosize))
    first = page.offset + tiff.tagnosize
    places = range(first, first + count * tiff.tagsize, tiff.tagsize)
    return {place: file.read(tiff.tagsize) for place in places}, file.read(tiff.offsetsize)


def are_apart(pages: Sequence["TiffPage"], layouts: Iterable[Layout]) -> bool:
    """Tell whether new pixels can take the places of the old ones: no two have one place.

    Args:
        pages: All directories of a file that is open.
        layouts: Of those that are written.

    Raises:
        TiffError: Pixels, or the lists of their places, lie where the file says something else: new
            ones would make it unreadable.
    """
    said = [place for page in pages for place in _said(page)]
    lists = [place for page in pages for place in _lists(page)]
    pixels = [
        (offset, offset + size)
        for layout in layouts
        for offset, size in zip(layout.offsets, layout.sizes, strict=False)
        if size
    ]
    if _meet(lists, said) or _meet(pixels, said + lists) or not _is_disjoint(lists):
        raise TiffError("is damaged: its pixels lie where it says what they are")
    return _is_disjoint(pixels)


def _is_disjoint(places: list[tuple[int, int]]) -> bool:
    return all(end <= start for (_, end), (start, _) in pairwise(sorted(places)))


def _meet(places: list[tuple[int, int]], others: list[tuple[int, int]]) -> bool:
    """Tell whether any of the first overlaps any of the others."""
    others = sorted(others)
    starts = [start for start, _ in others]
    reach = [0, *accumulate((end for _, end in others), max)]
    return any(reach[bisect_left(starts, end)] > start for start, end in places)


def _said(page: "TiffPage") -> Iterator[tuple[int, int]]:
    """Yield start and end of the header, of a directory and the next one's start, and of values."""
    tiff = page.parent.tiff
    entries, link = directory(page.parent.filehandle, page)
    end = page.offset + tiff.tagnosize + sum(map(len, entries.values())) + len(link)
    yield 0, 16 if page.parent.is_bigtiff else 8
    yield page.offset, end
    if len(link) == tiff.offsetsize:
        (start,) = struct.unpack(tiff.offsetformat, link)
        yield start, start + (tiff.tagsize if start else 0)
    for tag in page.tags:
        if tag.code not in OFFSETS + SIZES:
            yield tag.valueoffset, tag.valueoffset + tag.valuebytecount


def _lists(page: "TiffPage") -> Iterator[tuple[int, int]]:
    """Yield start and end of the lists of places and sizes that lie outside of the directory."""
    within = 8 if page.parent.is_bigtiff else 4
    for tag in page.tags:
        if tag.code in OFFSETS + SIZES and tag.valuebytecount > within:
            yield tag.valueoffset, tag.valueoffset + tag.valuebytecount
