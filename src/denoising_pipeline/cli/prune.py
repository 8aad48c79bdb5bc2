"""Old versions of catalog entries: which there are, how large they are, and their removal."""

import re
from collections.abc import Iterable, Sequence, Set
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from fsspec.implementations.local import LocalFileSystem
from kedro.io import DataCatalog

from denoising_pipeline.datasets.provenance import (
    RECORD,
    folders_of,
    has_file,
    is_versioned,
    is_whole,
    path_of,
    recorded,
)

_FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d\.\d{3}Z")


class OldVersion(NamedTuple):
    """One version of one entry.

    Attributes:
        path: Folder of the version.
        file: In it; it may be gone, where removing was interrupted.
        size: Bytes that removing it frees.
        filesystem: The fsspec filesystem that it lies on.
    """

    path: str
    file: str
    size: int
    filesystem: Any


def old_versions(
    catalog: DataCatalog, names: Iterable[str], keep: int, in_use: Set[str] = frozenset()
) -> list[OldVersion]:
    """List the versions of versioned entries, save the newest ones.

    Args:
        catalog: The catalog.
        names: Entries, also such as come from a pattern.
        keep: How many of the newest whole versions of each entry are left out, 0 or more. What is
            dated in the future, or is newer than the newest whole version, is left alone: it may
            belong to a run that goes on.
        in_use: Versions that are left alone as well.

    Returns:
        The others, and what is left of versions whose removal was interrupted, by entry, newest
        first.
    """
    found = []
    for name in names:
        dataset: Any = catalog.get(name)
        if is_versioned(dataset):
            filesystem = dataset._fs
            whole = [each.version for each in recorded(dataset) if is_whole(dataset, each)]
            for version in filter(_FORM.fullmatch, folders_of(dataset)):
                kept = version in whole[:keep] or version in in_use
                is_older = bool(whole) and version <= whole[0]
                if not kept and (is_older or _is_remnant(dataset, version)):
                    path = str(dataset._filepath / version)
                    file = path_of(dataset, version)
                    found.append(OldVersion(path, file, _size(filesystem, path), filesystem))
    return found


def remove(versions: Sequence[OldVersion]) -> None:
    """Remove versions for good: first the file, then its record, so that none ever lacks it."""
    for version in versions:
        if version.filesystem.exists(version.file):
            version.filesystem.rm(version.file, recursive=True)
        version.filesystem.rm(version.path, recursive=True)


def _is_remnant(dataset: Any, version: str) -> bool:
    """Tell whether there is a record without its file: removing that was interrupted."""
    record = PurePosixPath(path_of(dataset, version)).with_name(RECORD)
    return not has_file(dataset, version) and bool(dataset._fs.exists(str(record)))


def _size(filesystem: Any, path: str) -> int:
    """Return what removing a folder frees: files that are shared with other versions, nothing."""
    if not isinstance(filesystem, LocalFileSystem):
        return int(filesystem.du(path))
    files = [file.stat() for file in Path(path).rglob("*") if file.is_file()]
    return sum(file.st_size for file in files if file.st_nlink == 1)
