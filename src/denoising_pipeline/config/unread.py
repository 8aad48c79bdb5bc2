"""Files and keys of the configuration that Kedro passes over because their name is misspelt."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

GLOBALS = ("data", "source", "sha256", "registered_model")
"""Keys of globals.yml that the project reads; others may be somebody's own."""

NEAR = 0.75
"""How alike a name has to be to one that is read, from 0 to 1, to be taken for it."""

_SUFFIXES = {".yml", ".yaml", ".json"}


def misspelt_keys(given: Mapping[str, Any]) -> list[str]:
    """Return a line for each key of globals.yml that is nearly one that the project reads."""
    return [
        f"{key} in globals.yml: is not read; did you mean {nearest!r}?"
        for key in given
        if key not in GLOBALS and (nearest := _nearest(str(key), GLOBALS))
    ]


def misspelt_files(folders: Iterable[Path], patterns: Mapping[str, Iterable[str]]) -> list[str]:
    """Return a line for each file that nobody reads and that is nearly named as one that is read.

    Args:
        folders: Layers of the configuration, such as conf/base.
        patterns: Of the names that are read, by kind: what Kedro's `config_patterns` are.
    """
    read = [pattern for several in patterns.values() for pattern in several]
    lines = []
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if path.suffix not in _SUFFIXES or any(fnmatch(name, one) for one in read):
                continue
            if nearest := _nearest(path.stem, list(patterns)):
                lines.append(f"'{path}': is not read; did you mean '{nearest}{path.suffix}'?")
    return lines


def _nearest(name: str, known: Iterable[str]) -> str | None:
    found = get_close_matches(name, list(known), n=1, cutoff=NEAR)
    return found[0] if found else None
