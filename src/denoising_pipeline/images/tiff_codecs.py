"""The packings of TIFF: one strip or tile unpacked, and packed again.

What neither Python nor NumPy unpacks goes through Pillow's libtiff, wrapped as a TIFF file of its
own: these packings see bytes or bits, whatever the samples are.

Source of the format: Adobe, "TIFF Revision 6.0", sections 9 to 11, 14 (differences), and "TIFF
Technical Note 3" (differences of floating point).
"""

import io
import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

PLAIN, LZW, PACKBITS = 1, 5, 32773
DEFLATES = (8, 32946)
DEFLATE = 8
FAX = (2, 3, 4)
_LIBTIFF = {
    LZW: "tiff_lzw",
    PACKBITS: "packbits",
    34925: "lzma",
    50000: "zstd",
    2: "tiff_ccitt",
    3: "group3",
    4: "group4",
}
PACKINGS = (PLAIN, *DEFLATES, *_LIBTIFF)
"""What is unpacked and packed without a loss; fax packings of one bit alone."""

NO_PREDICTOR, HORIZONTAL, FLOATING = 1, 2, 3

_REVERSED = np.packbits(np.unpackbits(np.arange(256, dtype=np.uint8)).reshape(256, 8)[:, ::-1])
_LONG, _SHORT = 4, 3


class TiffError(ValueError):
    """A TIFF file is damaged or stored in a way that is not read; goes on from the file's name."""


def unpack(
    packed: bytes, packing: int, line: int, lines: int, is_reversed: bool = False, spare: int = 0
) -> npt.NDArray[np.uint8]:
    """Unpack a strip or tile.

    Args:
        packed: What the file has.
        packing: One of `PACKINGS`.
        line: Bytes of a line.
        lines: Number of them.
        is_reversed: The first sample of a byte is in the lowest bits.
        spare: Bits at the end of a line that are not used, which fax packings leave out.

    Returns:
        (lines, line).

    Raises:
        TiffError: It is truncated; what decoders meet in a damaged one comes as it is.
    """
    if is_reversed:
        packed = _REVERSED[np.frombuffer(packed, np.uint8)].tobytes()
    if packing in DEFLATES:
        body = zlib.decompressobj().decompress(packed, line * lines)
    elif packing == PLAIN:
        body = packed
    else:
        width = 8 * line - spare if packing in FAX else line
        body = _through_libtiff(packed, packing, width, lines)
    if len(body) < line * lines:
        raise TiffError("is truncated: its pixels end too early")
    return np.frombuffer(body, np.uint8, line * lines).reshape(lines, line)


def pack(
    body: npt.NDArray[np.uint8], packing: int, is_reversed: bool = False, spare: int = 0
) -> bytes | memoryview:
    """Undo `unpack`.

    Args:
        body: (lines, line).
        packing: One of `PACKINGS`.
        is_reversed: As for `unpack`.
        spare: Likewise.
    """
    flat = np.ascontiguousarray(body).reshape(-1).data
    if packing == PLAIN and not is_reversed:
        return flat
    if packing in DEFLATES:
        packed = zlib.compress(flat, 6)
    elif packing == PLAIN:
        packed = flat.tobytes()
    else:
        image = Image.fromarray(body)
        if packing in FAX:
            image = Image.fromarray(
                np.unpackbits(body, axis=1, count=8 * body.shape[1] - spare).astype(bool)
            )
        image.save(
            file := io.BytesIO(),
            "TIFF",
            compression=_LIBTIFF[packing],
            strip_size=2**31 - 1,
        )
        (packed,) = _strips(file.getvalue())
    return _REVERSED[np.frombuffer(packed, np.uint8)].tobytes() if is_reversed else packed


def integrate(samples: npt.NDArray[Any], predictor: int, bits: int) -> npt.NDArray[Any]:
    """Return samples from their differences along each line, which wrap around.

    Args:
        samples: (lines, pixels, channels) as unpacked, in the machine's byte order.
        predictor: `NO_PREDICTOR` or `HORIZONTAL`.
        bits: Of each sample.
    """
    if predictor == NO_PREDICTOR:
        return samples
    summed = np.cumsum(samples, axis=1, dtype=samples.dtype)
    narrow = bits < 8 * samples.dtype.itemsize
    return summed & samples.dtype.type(2**bits - 1) if narrow else summed


def differentiate(samples: npt.NDArray[Any], predictor: int) -> npt.NDArray[Any]:
    """Undo `integrate`."""
    if predictor == NO_PREDICTOR:
        return samples
    differences = samples.copy()
    differences[:, 1:] -= samples[:, :-1]
    return differences


def integrate_floats(
    body: npt.NDArray[np.uint8], channels: int, dtype: np.dtype[Any]
) -> npt.NDArray[Any]:
    """Return floating point from the differences of its bytes, the highest bytes coming first.

    Args:
        body: (lines, bytes) as unpacked.
        channels: Samples of a pixel.
        dtype: Of the samples, in the machine's byte order.
    """
    lines = len(body)
    summed = np.cumsum(body.reshape(lines, -1, channels), axis=1, dtype=np.uint8)
    planes = summed.reshape(lines, dtype.itemsize, -1).transpose(0, 2, 1)
    samples = np.ascontiguousarray(planes).view(dtype.newbyteorder(">"))
    return samples.reshape(lines, -1, channels).astype(dtype)


def differentiate_floats(samples: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Undo `integrate_floats`; (lines, pixels, channels) in, (lines, bytes) out."""
    lines, _, channels = samples.shape
    big = np.ascontiguousarray(samples.astype(samples.dtype.newbyteorder(">"))).view(np.uint8)
    planes = big.reshape(lines, -1, samples.dtype.itemsize).transpose(0, 2, 1)
    spread = np.ascontiguousarray(planes).reshape(lines, -1, channels)
    return differentiate(spread, HORIZONTAL).reshape(lines, -1)


def _through_libtiff(packed: bytes, packing: int, width: int, lines: int) -> bytes:
    tags = {
        256: width,
        257: lines,
        258: 1 if packing in FAX else 8,
        259: packing,
        262: 1,
        273: 8,
        277: 1,
        278: lines,
        279: len(packed),
    }
    start = 8 + len(packed) + len(packed) % 2
    entries = [struct.pack("<HHII", tag, _LONG, 1, value) for tag, value in tags.items()]
    content = b"".join(
        [
            struct.pack("<2sHI", b"II", 42, start),
            packed,
            b"\0" * (len(packed) % 2),
            struct.pack("<H", len(entries)),
            *entries,
            b"\0\0\0\0",
        ]
    )
    with TiffImageFile(io.BytesIO(content)) as opened:
        opened.load()
        return opened.tobytes()


def _strips(content: bytes) -> list[bytes]:
    with TiffImageFile(io.BytesIO(content)) as opened:
        places = zip(opened.tag_v2[273], opened.tag_v2[279], strict=True)
        return [content[start : start + count] for start, count in places]
