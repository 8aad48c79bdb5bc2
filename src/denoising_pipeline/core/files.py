"""Files that are either whole or not there."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import IO, Any
from uuid import uuid4

from fsspec.implementations.local import LocalFileSystem

PART = ".part"
"""How the names of unfinished files end."""

_LONGEST = 200
"""Bytes of a name that are kept; file systems take 255 in all."""


def part_prefix(name: str) -> str:
    """Return how the names of the unfinished files of a file begin; long names are cut."""
    while len(os.fsencode(name)) > _LONGEST:
        name = name[:-1]
    return f".{name}."


@contextmanager
def atomic_write(fs: Any, path: str) -> Iterator[IO[bytes]]:
    """Open a file that appears under its name when the block ends without an error, and not before.

    The bytes go to a hidden file of a unique name in the same folder, which is then renamed (and
    on a local disk flushed to the disk before). After an error it is removed, and a file that was
    at `path` before is as it was.

    Args:
        fs: The fsspec filesystem of the file.
        path: Where the file shall be; missing folders are made.

    Yields:
        The open binary file. On a local disk it has a `name` and a `fileno()`.
    """
    target = PurePosixPath(path)
    temporary = str(target.with_name(f"{part_prefix(target.name)}{uuid4().hex}{PART}"))
    write = _write_local if isinstance(fs, LocalFileSystem) else _write_remote
    try:
        with write(fs, temporary, path) as file:
            yield file
    except BaseException:
        with suppress(OSError):
            fs.rm_file(temporary)
        raise


@contextmanager
def _write_local(fs: Any, temporary: str, path: str) -> Iterator[IO[bytes]]:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with Path(temporary).open("w+b") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).replace(path)


@contextmanager
def _write_remote(fs: Any, temporary: str, path: str) -> Iterator[IO[bytes]]:
    with fs.open(temporary, "wb") as file:
        yield file
    fs.mv(temporary, path)


def write_missing(wanted: Mapping[Path, bytes], overwrite: bool = False) -> None:
    """Write files, but those that are there as they shall be.

    Args:
        wanted: What each file shall hold; missing folders are made.
        overwrite: Replace files that hold something else.

    Raises:
        FileExistsError: A file holds something else, and `overwrite` is off. Nothing is written.
    """
    missing = {
        path: content
        for path, content in wanted.items()
        if not path.exists() or path.read_bytes() != content
    }
    others = [str(path) for path in missing if path.exists()]
    if others and not overwrite:
        raise FileExistsError(
            f"Other files of these names are there: {', '.join(others)}. Move them away, or allow "
            "overwriting."
        )
    for path, content in missing.items():
        with atomic_write(LocalFileSystem(), path.as_posix()) as file:
            file.write(content)


def file_digest(filesystem: Any, path: str) -> tuple[str, int]:
    """Return BLAKE2b (RFC 7693, 32 hexadecimal digits) and size in bytes of a file."""
    digest, size = hashlib.blake2b(digest_size=16), 0
    with filesystem.open(path, "rb") as file:
        while chunk := file.read(2**22):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size
