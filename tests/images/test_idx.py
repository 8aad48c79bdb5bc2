"""The IDX format itself: what it can hold, and which bytes are refused with which words."""

import gzip
import io
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from denoising_pipeline.images.idx import (
    DTYPES,
    Array,
    Header,
    IdxError,
    idx_bytes,
    idx_sha256,
    read_header,
    read_idx,
    write_idx,
)

VALUES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
RAW = idx_bytes(VALUES)
PACKED = gzip.compress(RAW, mtime=0)


def read(content: bytes, max_bytes: int = 2**31) -> Array:
    return read_idx(io.BytesIO(content), max_bytes)


def test_bytes_are_laid_out_as_published() -> None:
    """Two zeros, type, dimensions, big-endian lengths, big-endian values."""
    expected = bytes.fromhex("00000b02 00000001 00000002 0001 ff00")
    assert idx_bytes(np.array([[1, -256]], np.int16)) == expected


@given(
    hnp.arrays(
        dtype=st.sampled_from([np.dtype(f"{order}{d.str[1:]}") for d in DTYPES.values()
                               for order in "<>"]),
        shape=hnp.array_shapes(min_dims=1, max_dims=5, min_side=0, max_side=4),
    ),
    st.booleans(),
)  # fmt: skip
def test_every_dtype_and_shape_survives_a_round_trip(array: Array, packed: bool) -> None:
    """Values, NaNs and shape come back in native byte order, and the digest is the file's."""
    content = idx_bytes(array)
    loaded = read(gzip.compress(content) if packed else content)
    assert loaded.dtype == array.dtype.newbyteorder("=")
    assert loaded.dtype.isnative
    np.testing.assert_array_equal(loaded, array)
    assert idx_bytes(loaded) == content


def test_array_is_read_only() -> None:
    """Nobody changes the raw data by accident."""
    with pytest.raises(ValueError, match="read-only"):
        read(RAW)[0, 0, 0] = 1


def test_arrays_that_are_not_contiguous_are_written_in_order() -> None:
    """A view is written as what it shows, not as its memory lies."""
    np.testing.assert_array_equal(read(idx_bytes(VALUES[:, ::-1, ::2])), VALUES[:, ::-1, ::2])


def test_a_plain_file_takes_no_memory_of_its_size(tmp_path: Path) -> None:
    """32 MiB are mapped, read-only; the values are those of the file."""
    values = np.arange(2**25, dtype=np.uint32).astype(np.uint8).reshape(-1, 64, 64)
    (tmp_path / "large").write_bytes(idx_bytes(values))
    tracemalloc.start()
    with (tmp_path / "large").open("rb") as file:
        found = read_idx(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20
    np.testing.assert_array_equal(found, values)
    assert not found.flags.writeable


def test_digest_takes_no_copy_of_the_array() -> None:
    """Hashing 32 MiB allocates next to nothing."""
    array = np.zeros((2**25,), np.uint8)
    tracemalloc.start()
    digest = idx_sha256(array)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(digest) == 64
    assert peak < 2**20


@pytest.mark.parametrize(
    "array", [np.zeros((2,), np.int64), np.zeros((), np.uint8), np.zeros((2,), np.bool_)]
)
def test_arrays_that_idx_cannot_hold_are_refused(array: Array) -> None:
    """The error names the dtype and the shape."""
    with pytest.raises(ValueError, match=rf"{array.dtype} and shape \("):
        write_idx(array, io.BytesIO())


def header(*shape: int, code: int = 8) -> bytes:
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, code, len(shape), *shape)


FAULTS = {
    "fault r03 empty": (b"", "is empty"),
    "fault r03 empty inside gzip": (gzip.compress(b""), "is empty"),
    "cut in the magic": (RAW[:3], "is truncated: it ends after 3 bytes"),
    "cut in the header": (RAW[:9], "header ends after 9 bytes"),
    "cut in the values": (RAW[:-1], "is truncated: .*2 x 3 x 4 .* 23 bytes"),
    "fault r01 cut inside gzip": (gzip.compress(RAW[:-1]), "is truncated: .*2 x 3 x 4 .* 23 bytes"),
    "fault r01 cut gzip body": (PACKED[:-12], "is truncated: its gzip data"),
    "fault r02 cut gzip trailer": (PACKED[:-1], "is truncated: its gzip data"),
    "fault r02 no gzip trailer": (PACKED[:-8], "is truncated: its gzip data"),
    "fault r02 wrong gzip checksum": (
        PACKED[:-8] + bytes([PACKED[-8] ^ 1]) + PACKED[-7:],
        "is corrupt: .*CRC",
    ),
    "fault r02 wrong gzip length": (PACKED[:-1] + b"\1", "is corrupt: .*length"),
    "damaged deflate data": (PACKED[:10] + b"\xff" + PACKED[11:], "is corrupt: its gzip data"),
    "fault r04 HTML": (b"<!DOCTYPE html>\n<html><head><title>404", "looks like HTML.*<!DOCTYPE"),
    "fault r04 HTML inside gzip": (gzip.compress(b"<html>busy</html>"), "looks like HTML"),
    "text": (b"Not Found\r\n", "looks like text, not IDX"),
    "fault r07 other binary": (b"PK\3\4" + RAW, "0x50 0x4b instead of two zeros"),
    "fault r05 trailing byte": (RAW + b"\0", "2 x 3 x 4 .* holds more"),
    "fault r05 trailing byte inside gzip": (gzip.compress(RAW + b"\0"), "holds more"),
    "fault r05 second gzip member": (PACKED + gzip.compress(b"x"), "holds more"),
    "rubbish after gzip": (PACKED + b"rubbish", "is corrupt: its gzip data"),
    "fault r07 unknown type": (header(1, code=7) + b"\0", "unknown type code 0x07 in byte 2"),
    "no dimensions": (b"\0\0\x08\0\1", "has 0 dimensions by byte 3"),
    "too many dimensions": (header(*[1] * 65) + b"\0", "has 65 dimensions by byte 3"),
    "fault r09 overflow": (header(*[2**32 - 1] * 3), "4294967295 x .* more than max_bytes"),
    "fault r09 overflow to nothing": (header(2**32 - 1, 2**32 - 1, 0), "more than max_bytes"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "message"), FAULTS.values(), ids=FAULTS)
def test_fault_is_named(content: bytes, message: str) -> None:
    """Each way a file can be wrong has words of its own."""
    with pytest.raises(IdxError, match=message):
        read(content)


def test_empty_gzip_member_at_the_end_is_harmless() -> None:
    """Members that add no data are part of the gzip format (RFC 1952)."""
    np.testing.assert_array_equal(read(PACKED + gzip.compress(b"")), VALUES)


def test_limit_is_inclusive() -> None:
    """A file of exactly `max_bytes` is read, one of a byte more is not."""
    np.testing.assert_array_equal(read(RAW, max_bytes=24), VALUES)
    with pytest.raises(IdxError, match="max_bytes = 23"):
        read(RAW, max_bytes=23)


def peak_memory(action: Callable[[], object]) -> int:
    tracemalloc.start()
    with pytest.raises(IdxError):
        action()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_fault_r06_bomb_is_not_unpacked() -> None:
    """A gzip of 256 MiB behind a header that promises 24 bytes costs almost no memory."""
    bomb = gzip.compress(RAW + bytes(2**28), compresslevel=1)
    assert peak_memory(lambda: read(bomb)) < 2**22


def test_fault_r08_promise_alone_allocates_nothing() -> None:
    """A header for 2 GiB followed by nothing costs no memory."""
    assert peak_memory(lambda: read(header(2**31 - 1))) < 2**20


def test_header_is_read_on_its_own() -> None:
    """The header says dtype, shape and size, and the stream stands at the values."""
    stream = io.BytesIO(header(3, 5, code=0x0C) + b"rest")
    found = read_header(stream)
    assert found == Header(np.dtype(">i4"), (3, 5))
    assert found.size == 60
    assert stream.read() == b"rest"
