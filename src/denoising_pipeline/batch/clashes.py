"""Outputs that would replace an input or each other, or lie elsewhere than was said."""

import os
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from denoising_pipeline.batch.results import shown

_LISTED = 5


def refuse_clashes(pairs: Sequence[tuple[Path, Path]]) -> str:
    """Return why sources and targets cannot be, or nothing.

    Args:
        pairs: Source and target of each file; a source that is gone by now clashes with nothing.
    """
    sources = {_identity(source): source for source, _ in pairs}
    sources.pop(None, None)
    taken: dict[str, tuple[Path, Path]] = {}
    clashes = []
    for source, target in pairs:
        key = _place(target)
        replaced = sources.get(_identity(target))
        if replaced is not None:
            clashes.append(f"'{shown(source)}' would be written over the input '{shown(replaced)}'")
        elif key in taken and _identity(taken[key][0]) != _identity(source):
            both = f"'{shown(taken[key][0])}' and '{shown(source)}'"
            clashes.append(f"{both} would both become '{shown(target)}'")
        taken.setdefault(key, (source, target))
    if not clashes:
        return ""
    more = f"\n  and {len(clashes) - _LISTED} more" if len(clashes) > _LISTED else ""
    return (
        "Nothing was done, since files would be lost:\n  "
        + "\n  ".join(clashes[:_LISTED])
        + more
        + "\nGive another -o or --suffix, leave --format out, or denoise them one after the other."
    )


def refuse_ways_out(written: Iterable[Path], output: Path) -> str:
    """Return why outputs cannot go where they would, or nothing.

    Args:
        written: Folders that outputs go into, and files that are added to.
        output: The folder that a person has named, which may be a link itself.
    """
    inside = os.path.realpath(output)
    for path in written:
        real = os.path.realpath(path)
        if not Path(real).is_relative_to(inside):
            return (
                f"Nothing was done: '{shown(path)}' leads out of '{shown(output)}', to "
                f"'{shown(real)}'. Take that link away, or give another -o."
            )
    return ""


@cache
def ignores_case(folder: Path) -> bool:
    """Whether a folder, or the nearest one above it that exists, takes A for a."""
    for here in (folder, *folder.parents):
        other = here.with_name(here.name.swapcase()) if here.name else here
        if here.exists() and other.name != here.name:
            return other.exists() and other.samefile(here)
    return False


def _place(path: Path) -> str:
    """Return what the names of one file have in common, whether it is there or not."""
    place = Path(os.path.realpath(path.parent)) / path.name
    if ignores_case(place.parent):
        return unicodedata.normalize("NFC", str(place)).casefold()
    return str(place)


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what all names of a file have in common, links too; None: it is not there."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino
