"""Where the samples of a TIFF page lie, and how they are read and put back."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from denoising_pipeline.images import tiff_codecs as codecs
from denoising_pipeline.images.packing import pack_bits, unpack_bits
from denoising_pipeline.images.tiff_codecs import TiffError

if TYPE_CHECKING:
    from tifffile import TiffPage

_LOWEST_FIRST = 2
_SEPARATE = 2
_SIZES = (279, 325)
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
    is_listed = any(code in page.tags for code in _SIZES)
    if not is_listed or not count <= min(len(layout.offsets), len(layout.sizes)):
        raise TiffError("is damaged: the places of its pixels are missing")
    _check_apart(page, layout)
    return layout


def _check_apart(page: "TiffPage", layout: Layout) -> None:
    """Refuse pixels that lie where the file says what it is: new ones would make it unreadable."""
    starts = np.array(layout.offsets[: len(layout.sizes)], np.float64)
    sizes = np.array(layout.sizes[: len(starts)], np.float64)
    entry, count = (20, 8) if page.parent.is_bigtiff else (12, 2)
    directory = count + entry * len(page.tags)
    places = [(0, 8), (page.offset, directory)]
    places += [(tag.valueoffset, tag.valuebytecount) for tag in page.tags]
    for place, size in places:
        if ((sizes > 0) & (starts < place + size) & (starts + sizes > place)).any():
            raise TiffError("is damaged: its pixels lie where it says what they are")
