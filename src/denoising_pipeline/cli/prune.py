"""Old versions of catalog entries: which there are, how large they are, and their removal."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from kedro.io import DataCatalog

from denoising_pipeline.datasets.provenance import in_the_future, is_versioned, listed


class OldVersion(NamedTuple):
    """One version of one entry.

    Attributes:
        path: Folder of the version.
        size: Bytes in it.
        filesystem: The fsspec filesystem that it lies on.
    """

    path: str
    size: int
    filesystem: Any


def old_versions(catalog: DataCatalog, names: Iterable[str], keep: int) -> list[OldVersion]:
    """List the versions of versioned entries, save the newest ones.

    Args:
        catalog: The catalog.
        names: Entries, also such as come from a pattern.
        keep: How many of the newest versions of each entry are left out, 0 or more. Versions that
            are dated in the future are neither counted nor listed: they are not the newest.

    Returns:
        The others, by entry, newest first.
    """
    found = []
    for name in names:
        dataset: Any = catalog.get(name)
        if is_versioned(dataset):
            filesystem = dataset._fs
            past = [version for version in listed(dataset) if not in_the_future(version)]
            for version in past[keep:]:
                path = str(dataset._filepath / version)
                found.append(OldVersion(path, filesystem.du(path), filesystem))
    return found


def remove(versions: Sequence[OldVersion]) -> None:
    """Remove versions for good."""
    for version in versions:
        version.filesystem.rm(version.path, recursive=True)
