"""Old versions of catalog entries: which there are, how large they are, and their removal."""

from collections.abc import Iterable, Sequence, Set
from pathlib import Path
from typing import Any, NamedTuple

from fsspec.implementations.local import LocalFileSystem
from kedro.io import DataCatalog

from denoising_pipeline.datasets.provenance import is_versioned, is_whole, listed, recorded


class OldVersion(NamedTuple):
    """One version of one entry.

    Attributes:
        path: Folder of the version.
        size: Bytes that removing it frees.
        filesystem: The fsspec filesystem that it lies on.
    """

    path: str
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
        The others, by entry, newest first.
    """
    found = []
    for name in names:
        dataset: Any = catalog.get(name)
        if is_versioned(dataset):
            filesystem = dataset._fs
            whole = [each.version for each in recorded(dataset) if is_whole(dataset, each)]
            for version in listed(dataset):
                kept = version in whole[:keep] or version in in_use
                if whole and version <= whole[0] and not kept:
                    path = str(dataset._filepath / version)
                    found.append(OldVersion(path, _size(filesystem, path), filesystem))
    return found


def remove(versions: Sequence[OldVersion]) -> None:
    """Remove versions for good."""
    for version in versions:
        version.filesystem.rm(version.path, recursive=True)


def _size(filesystem: Any, path: str) -> int:
    """Return what removing a folder frees: files that are shared with other versions, nothing."""
    if not isinstance(filesystem, LocalFileSystem):
        return int(filesystem.du(path))
    files = [file.stat() for file in Path(path).rglob("*") if file.is_file()]
    return sum(file.st_size for file in files if file.st_nlink == 1)
