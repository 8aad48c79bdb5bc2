r"""The IDX file format of MNIST, on its own: no Kedro in here.

Source of the layout: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten
digits", section "The IDX file format". A file is two zero bytes, one byte for the type of the
values, one for the number of dimensions, each dimension as a big-endian uint32, and the values,
big-endian, the last dimension changing fastest.
"""

import gzip
import hashlib
import math
import os
import struct
import zlib
from collections.abc import Iterator
from typing import IO, Any, NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]

DTYPES = {
    code: np.dtype(name)
    for code, name in {
        0x08: "u1",
        0x09: "i1",
        0x0B: ">i2",
        0x0C: ">i4",
        0x0D: ">f4",
        0x0E: ">f8",
    }.items()
}
"""The big-endian NumPy dtype by IDX type code."""

MAX_BYTES = 2 * 1024**3
"""How many bytes of values a file may hold unless told otherwise: 2 GiB."""

_MAX_DIMENSIONS = 64
_GZIP_MAGIC = b"\x1f\x8b"
_CHUNK = 1024**2
_TEXT_SAMPLE = 64


class IdxError(ValueError):
    """The bytes are not one whole IDX file."""


class IdxCutError(IdxError):
    """They are the beginning of one, or nothing: the rest did not come."""


class Stream(Protocol):
    """Anything that bytes can be read from, such as a file or `gzip.GzipFile`."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, none only at the end."""


class Header(NamedTuple):
    """What an IDX file promises: big-endian dtype and shape of its values."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of bytes of the values, exact however large."""
        return math.prod(self.shape) * self.dtype.itemsize

    def __str__(self) -> str:
        return f"{' x '.join(map(str, self.shape))} values of {self.dtype.itemsize} byte(s)"


def read_idx(file: IO[bytes], max_bytes: int = MAX_BYTES) -> Array:
    """Read a whole IDX file, plain or gzip.

    Its content decides whether it is gzip. Memory grows with the bytes that arrive, never with
    what the header promises, and reading stops at the first byte that was not promised. A plain
    local file of bytes is mapped, not read: it takes no memory of its own, however large it is.

    Args:
        file: Seekable binary file at its start.
        max_bytes: Refuse files that promise more bytes of values than this.

    Returns:
        Read-only array in the byte order of the machine, of the shape in the header.

    Raises:
        IdxError: The file is not one whole IDX file; the message says why.
    """
    magic = file.read(len(_GZIP_MAGIC))
    file.seek(0)
    if magic != _GZIP_MAGIC:
        return _read_plain(file, max_bytes, local=file)
    try:
        with gzip.GzipFile(fileobj=file) as unpacked:
            return _read_plain(unpacked, max_bytes)
    except EOFError as error:
        raise IdxCutError("is truncated: its gzip data ends too early") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise IdxError(f"is corrupt: its gzip data is damaged ({error})") from error


def _read_plain(stream: Stream, max_bytes: int, local: IO[bytes] | None = None) -> Array:
    header = read_header(stream)
    if math.prod(max(length, 1) for length in header.shape) * header.dtype.itemsize > max_bytes:
        raise IdxError(f"promises {header}, which is more than max_bytes = {max_bytes}")
    mapped = _map_body(local, header) if local else None
    return read_body(stream, header) if mapped is None else mapped


def _map_body(file: IO[bytes], header: Header) -> Array | None:
    """Return the values that follow in a local file, or None where only reading can tell."""
    try:
        size = os.fstat(file.fileno()).st_size
    except (AttributeError, OSError):
        return None  # Not a local file.
    start = file.tell()
    if header.dtype.itemsize > 1 or not header.size or size != start + header.size:
        return None
    return np.asarray(np.memmap(file, header.dtype, "r", start, header.shape))


def read_header(stream: Stream) -> Header:
    """Read the header and leave the stream at the first value.

    Args:
        stream: Uncompressed binary stream at its start.

    Returns:
        The header; nothing is allocated for what it promises.

    Raises:
        IdxError: There is no complete and known header.
    """
    magic = _take(stream, 4)
    if not magic:
        raise IdxCutError("is empty")
    if magic[:2] != b"\0\0"[: len(magic)]:
        raise IdxError(_not_idx(magic + _take(stream, _TEXT_SAMPLE)))
    if len(magic) < 4:  # noqa: PLR2004
        raise IdxCutError(f"is truncated: it ends after {len(magic)} bytes")
    code, dimensions = magic[2:]
    if code not in DTYPES:
        known = ", ".join(f"0x{known:02x}" for known in DTYPES)
        raise IdxError(f"has the unknown type code 0x{code:02x} in byte 2 (known: {known})")
    if not 1 <= dimensions <= _MAX_DIMENSIONS:
        raise IdxError(f"has {dimensions} dimensions by byte 3, not 1 to {_MAX_DIMENSIONS}")
    lengths = _take(stream, 4 * dimensions)
    if len(lengths) < 4 * dimensions:
        raise IdxCutError(f"is truncated: its header ends after {4 + len(lengths)} bytes")
    return Header(DTYPES[code], struct.unpack(f">{dimensions}I", lengths))


def read_body(stream: Stream, header: Header) -> Array:
    """Read exactly the values that a header promises, up to the end of the stream.

    Args:
        stream: Uncompressed binary stream at the first value.
        header: The header before it.

    Returns:
        Read-only array in the byte order of the machine.

    Raises:
        IdxError: The stream holds fewer or more bytes than promised.
    """
    # One byte more than promised: a surplus shows, and gzip verifies its checksum at the end.
    body = _take(stream, header.size + 1)
    if len(body) > header.size:
        raise IdxError(f"promises {header} and holds more bytes than that")
    if len(body) < header.size:
        raise IdxCutError(f"is truncated: it promises {header} and holds {len(body)} bytes of them")
    array: Array = np.ndarray(header.shape, header.dtype, buffer=body)
    if not array.dtype.isnative:
        array = array.byteswap(inplace=True).view(array.dtype.newbyteorder())
    array.flags.writeable = False
    return array


def _take(stream: Stream, count: int) -> bytearray:
    taken = bytearray()
    while chunk := stream.read(min(_CHUNK, count - len(taken))):
        taken += chunk
    return taken


def _not_idx(start: bytearray) -> str:
    if start.decode("latin-1").replace("\r", "").replace("\n", "").replace("\t", "").isprintable():
        kind = "HTML, such as an error page" if b"<" in start else "text"
        return f"looks like {kind}, not IDX: it starts with {bytes(start[:_TEXT_SAMPLE])!r}"
    return (
        "is not IDX: it starts with the bytes "
        f"0x{start[0]:02x} 0x{start[1:2].hex() or '--'} instead of two zeros"
    )


def idx_bytes(array: Array) -> bytes:
    """Return the uncompressed IDX file of an array.

    Args:
        array: uint8, int8, int16, int32, float32 or float64, 1 to 64 dimensions, any byte order.

    Returns:
        The bytes of the file.

    Raises:
        ValueError: IDX has no such dtype or shape.
    """
    return b"".join(_serialised(array))


def write_idx(array: Array, file: IO[bytes]) -> None:
    """Write the uncompressed IDX file of an array, without a copy of a whole uint8 array.

    Args:
        array: As in `idx_bytes`.
        file: Where it goes.

    Raises:
        ValueError: IDX has no such dtype or shape.
    """
    for part in _serialised(array):
        file.write(part)


def idx_sha256(array: Array) -> str:
    """Return the SHA-256 (FIPS 180-4) of the uncompressed IDX file of an array.

    Args:
        array: As in `idx_bytes`; a uint8 array is not copied.

    Returns:
        64 hexadecimal digits.

    Raises:
        ValueError: IDX has no such dtype or shape.
    """
    digest = hashlib.sha256()
    for part in _serialised(array):
        digest.update(part)
    return digest.hexdigest()


def _serialised(array: Array) -> Iterator[bytes | memoryview]:
    big_endian = array.dtype.newbyteorder(">")
    codes = [code for code, dtype in DTYPES.items() if dtype == big_endian]
    if not codes or not 1 <= array.ndim <= _MAX_DIMENSIONS or max(array.shape) >= 2**32:
        raise ValueError(
            f"IDX cannot hold an array of {array.dtype} and shape {array.shape}. Convert it to "
            f"one of {', '.join(str(dtype.newbyteorder('=')) for dtype in DTYPES.values())} "
            f"with 1 to {_MAX_DIMENSIONS} dimensions."
        )
    yield struct.pack(f">BBBB{array.ndim}I", 0, 0, codes[0], array.ndim, *array.shape)
    contiguous = np.ascontiguousarray(array, dtype=big_endian)
    yield contiguous.reshape(-1).view(np.uint8).data
