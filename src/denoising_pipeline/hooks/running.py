"""Which versions runs that go on at present write and read: nobody else removes them."""

import atexit
import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from fsspec.implementations.local import LocalFileSystem

from denoising_pipeline.core.files import atomic_write, remove_abandoned
from denoising_pipeline.core.processes import is_alive, process_tags

FOLDER = "data/.running"
"""Where in the project each run leaves word of itself."""


def begin(project: Path, run: str, versions: Iterable[str]) -> None:
    """Leave word that a run of this process uses versions; forget those that are over.

    A project that cannot be written to has no word: nothing can be removed there, either.

    Args:
        project: Its folder.
        run: The version that the run writes.
        versions: Those that it loads.
    """
    in_use(project)
    word = json.dumps({**process_tags(), "versions": [run, *versions]})
    with suppress(OSError), atomic_write(LocalFileSystem(), str(_word(project, run))) as file:
        file.write(word.encode())
    atexit.register(end, project, run)  # Kedro tells nobody of a run that a hook refuses.


def end(project: Path, run: str) -> None:
    """Take the word back."""
    with suppress(OSError):
        _word(project, run).unlink()


def in_use(project: Path) -> set[str]:
    """Return the versions that living runs use; forget those whose process is gone."""
    versions: set[str] = set()
    remove_abandoned(Path(project, FOLDER))
    for path in Path(project, FOLDER).glob("*.json"):
        try:
            word = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if is_alive(word):
            versions.update(word["versions"])
        else:
            with suppress(OSError):
                path.unlink()
    return versions


def _word(project: Path, run: str) -> Path:
    return Path(project, FOLDER, f"{run}.json")
