"""Which versions runs that go on at present write and read: nobody else removes them."""

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from denoising_pipeline.core.processes import is_alive, process_tags

FOLDER = "data/.running"
"""Where in the project each run leaves word of itself."""


def begin(project: Path, run: str, versions: Iterable[str]) -> None:
    """Leave word that a run of this process uses versions.

    A project that cannot be written to has no word: nothing can be removed there, either.

    Args:
        project: Its folder.
        run: The version that the run writes.
        versions: Those that it loads.
    """
    with suppress(OSError):
        path = _word(project, run)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({**process_tags(), "versions": [run, *versions]}), "utf-8")


def end(project: Path, run: str) -> None:
    """Take the word back."""
    with suppress(OSError):
        _word(project, run).unlink()


def in_use(project: Path) -> set[str]:
    """Return the versions that living runs use; forget those whose process is gone."""
    versions: set[str] = set()
    for path in Path(project, FOLDER).glob("*.json"):
        try:
            word = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if is_alive(word):
            versions.update(word["versions"])
        else:
            path.unlink(missing_ok=True)
    return versions


def _word(project: Path, run: str) -> Path:
    return Path(project, FOLDER, f"{run}.json")
