"""What earlier runs made, so that nothing is done twice, and no file of somebody else is replaced.

A line of JSON for each output, written before the output gets its name: after a run that was
killed, the record knows every output that is there.
"""

import errno
import hashlib
import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from fsspec.implementations.local import LocalFileSystem

from denoising_pipeline.batch.plan import RECORD, Work
from denoising_pipeline.core.files import file_digest

FILES = LocalFileSystem()

_KEYS = {"target", "source", "size", "changed", "settings", "made"}
"""Of a line."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells that a file is as it was: its size in bytes and when it was changed, in ns."""

    size: int
    changed: int

    @classmethod
    def of(cls, path: Path | int) -> "Stamp":
        """Look at a file, by its path or as an open one."""
        found = os.stat(path)  # noqa: PTH116  # of open files, too
        return cls(found.st_size, found.st_mtime_ns)


class Record:
    """The record in one folder of outputs.

    Attributes:
        root: The folder.
        settings: Digest of all that decides what an output is, the source aside.
    """

    def __init__(self, root: Path, settings: str) -> None:
        self.root = root
        self.settings = settings

    @cached_property
    def _lines(self) -> dict[str, list[dict[str, Any]]]:
        """Lines by target, the newest last; one that is torn or none of ours is passed over."""
        found: dict[str, list[dict[str, Any]]] = {}
        try:
            text = (self.root / RECORD).read_text("ascii", "replace")
        except FileNotFoundError:
            return found
        for line in text.splitlines():
            try:
                entry = json.loads(line)
                if entry.keys() >= _KEYS:
                    found.setdefault(entry["target"], []).append(entry)
            except (ValueError, TypeError, AttributeError, RecursionError):
                continue
        return found

    def is_done(self, work: Work) -> bool:
        """Whether the output is there as it was made, of this source, with these settings."""
        entry = self._made(work)
        if entry is None or entry["settings"] != self.settings:
            return False
        stamp = Stamp.of(work.source)
        if stamp.size != entry["size"]:
            return False
        return bool(stamp.changed == entry["changed"] or _digest(work.source) == entry["source"])

    def is_own(self, work: Work) -> bool:
        """Whether the output is one that was made here, and nobody has changed since."""
        return self._made(work) is not None

    def note(self, work: Work, source: Stamp, digest: str, made: Stamp) -> None:
        """Add a line.

        Args:
            work: What is done.
            source: Of the file that was read.
            digest: Of its content.
            made: Of the output.

        Raises:
            OSError: The disk takes no whole line.
        """
        line = {
            "target": self._name(work),
            "source": digest,
            "size": source.size,
            "changed": source.changed,
            "settings": self.settings,
            "made": [made.size, made.changed],
        }
        self.root.mkdir(parents=True, exist_ok=True)
        whole = f"{json.dumps(line)}\n".encode("ascii")
        with (self.root / RECORD).open("a+b", buffering=0) as file:
            text = b"\n" * _is_torn(file) + whole
            if file.write(text) < len(text):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.root / RECORD))

    def _name(self, work: Work) -> str:
        return work.target.relative_to(self.root).as_posix()

    def _made(self, work: Work) -> dict[str, Any] | None:
        """Return the line of the output that is there: a newer one may tell of what never came."""
        lines = self._lines.get(self._name(work), [])
        if not lines or not work.target.is_file():
            return None
        made = Stamp.of(work.target)
        fitting = (
            each for each in reversed(lines) if each.get("made") == [made.size, made.changed]
        )
        return next(fitting, None)


def _is_torn(file: IO[bytes]) -> bool:
    """Tell whether the last line of a file has no end, as after a crash or on a full disk."""
    if file.seek(0, os.SEEK_END) == 0:
        return False
    file.seek(-1, os.SEEK_END)
    return file.read(1) != b"\n"


def settings_digest(**settings: Any) -> str:
    """Return 32 hexadecimal digits, equal for equal settings."""
    text = json.dumps(settings, sort_keys=True).encode()
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def _digest(path: Path) -> str:
    return file_digest(FILES, str(path))[0]
