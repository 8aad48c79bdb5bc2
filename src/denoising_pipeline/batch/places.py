"""Where files lie: on a disk, or in object storage behind an address that fsspec knows."""

import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from denoising_pipeline.core.files import file_digest

FILES = LocalFileSystem()

_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_VERSIONS = ("ETag", "etag", "md5Hash", "content_md5", "LastModified", "last_modified", "created")


class Address(PurePosixPath):
    """An address such as `s3://bucket/folder`, with the operations of a path."""

    def __str__(self) -> str:
        return super().__str__().replace(":/", "://", 1)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells that a file is as it was.

    Attributes:
        size: In bytes.
        changed: On a disk when, in ns; in object storage what its service says of the version.
    """

    size: int
    changed: int | str

    @classmethod
    def of(cls, path: PurePath | int) -> "Stamp":
        """Look at a file, by its path or as an open one.

        Raises:
            OSError: There is none.
        """
        if isinstance(path, Address):
            files, name = filesystem(path)
            found = files.info(name)
            version = next((found[key] for key in _VERSIONS if found.get(key)), "")
            return cls(found["size"], str(version))
        there = os.stat(path)  # noqa: PTH116  # of open files, too
        return cls(there.st_size, there.st_mtime_ns)


def place_of(text: str) -> Path | Address:
    """Return the path or the address that a text means.

    Raises:
        ValueError: It has a part that no file can be found by.
    """
    if text.startswith("file://"):
        return Path(text.removeprefix("file://"))
    if not is_address(text):
        return Path(text)
    address = Address(text)
    if str(address) != text.rstrip("/"):
        raise ValueError(f"'{text}' has // or . within; give it without.")
    return address


def is_address(text: str) -> bool:
    """Tell whether a text is an address, and not a path."""
    return bool(_SCHEME.match(text))


def filesystem(path: PurePath) -> tuple[Any, str]:
    """Return the fsspec filesystem of a place, and what it is called there.

    Raises:
        ValueError: Nothing that is installed reads such addresses.
    """
    if not isinstance(path, Address):
        return FILES, str(path)
    try:
        files, name = fsspec.core.url_to_fs(str(path), use_listings_cache=False)
    except ImportError as error:
        raise ValueError(
            f"'{path}' cannot be reached: {error} For s3://, `pip install "
            "'denoising-pipeline[cluster]'` brings it."
        ) from error
    return files, name


def is_there(path: PurePath) -> bool:
    """Tell whether there is something of that name."""
    files, name = filesystem(path)
    return bool(files.exists(name))


def digest_of(path: PurePath) -> str:
    """Return what tells the content of a file from others; see `file_digest`."""
    return file_digest(*filesystem(path))[0]
