"""Files that are either whole or not there."""

import errno
import hashlib
import os
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath, PurePosixPath
from typing import IO, Any, TypeVar
from uuid import uuid4

import psutil
from fsspec.implementations.local import LocalFileSystem

PART = ".part"
"""How the names of unfinished files end."""

AnyPath = TypeVar("AnyPath", bound=PurePath)

_LONGEST = 200
"""Bytes of a name that are kept; file systems take 255 in all."""

_DAY, _CLOCK = 86_400, 10
"""Seconds: see `is_abandoned`; and by how much the times of files and processes may disagree."""

_DISK = {
    getattr(errno, name)
    for name in ("ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EACCES", "EPERM", "EIO")
    if hasattr(errno, name)
}
"""Errors of the system that are about the disk; numpy tells a full one in words alone."""


def part_prefix(name: str) -> str:
    """Return how the names of the unfinished files of a file begin; long names are cut."""
    while len(os.fsencode(name)) > _LONGEST:
        name = name[:-1]
    return f".{name}."


_HOST = hashlib.blake2b(socket.gethostname().encode(), digest_size=4).hexdigest()


def part_of(target: AnyPath) -> AnyPath:
    """Return where a file is written before it is whole; the name says by which process."""
    token = f"{_HOST}-{os.getpid()}-{uuid4().hex}"
    return target.with_name(f"{part_prefix(target.name)}{token}{PART}")


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

    Raises:
        OSError: It cannot be written, such as on a full disk; the message says what to do.
    """
    temporary = str(part_of(PurePosixPath(path)))
    write = _write_local if isinstance(fs, LocalFileSystem) else _write_remote
    try:
        with write(fs, temporary, path) as file:
            yield file
    except BaseException as error:
        with suppress(OSError):
            fs.rm_file(temporary)
        if isinstance(error, OSError) and is_of_the_disk(error):
            told = OSError(not_written(path, error))
            told.errno = error.errno
            raise told from error
        raise


def is_of_the_disk(error: OSError) -> bool:
    """Tell whether a file could not be written, and not what was to be written be had."""
    return error.errno in _DISK or (error.errno is None and "written" in str(error))


def not_written(path: str, error: OSError) -> str:
    """Say which file could not be written, why, and what to do."""
    folder = next((p for p in Path(path).absolute().parents if p.is_dir()), Path.cwd())
    free = shutil.disk_usage(folder).free / 1e6
    reason = error.strerror or str(error)
    return (
        f"'{path}' cannot be written ({reason}); {free:,.0f} MB are free there. Nothing is left of "
        "it. Make room, or see to it that the folder may be written to, and start again."
    )


def remove_abandoned(folder: Path) -> None:
    """Remove the unfinished files below a folder whose process is gone, as after `kill -9`."""
    for path in folder.rglob(f".*{PART}"):
        if is_abandoned(path):
            with suppress(OSError):
                path.unlink()


def is_abandoned(part: Path) -> bool:
    """Tell whether nobody writes an unfinished file any more.

    Its process is gone, or began only after the file was last changed: ids come again, and in a
    container each process has the same. Of other hosts nobody here knows: theirs is abandoned when
    it was not changed for a day.
    """
    try:
        changed = part.stat().st_mtime
    except OSError:
        return False
    host, process = writer_of(part)
    if host != _HOST:
        return bool(host) and time.time() - changed > _DAY
    if not psutil.pid_exists(process):
        return True
    try:
        writer = psutil.Process(process)
        return writer.status() == psutil.STATUS_ZOMBIE or writer.create_time() > changed + _CLOCK
    except psutil.Error:
        return False


def is_own(part: Path) -> bool:
    """Tell whether this process writes an unfinished file, or did."""
    return writer_of(part) == (_HOST, os.getpid())


def writer_of(part: Path) -> tuple[str, int]:
    """Return the host and the process of an unfinished file; of another file, nothing and 0."""
    host, _, rest = part.name.removesuffix(PART).rpartition(".")[2].partition("-")
    process = rest.partition("-")[0]
    return (host, int(process)) if process.isdigit() else ("", 0)


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
