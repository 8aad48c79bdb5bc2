"""What earlier runs made, so that nothing is done twice, and no file of somebody else is replaced.

A line of JSON for each output, written before the output gets its name: after a run that was
killed, the record knows every output that is there.
"""

import errno
import hashlib
import json
import os
from dataclasses import fields
from functools import cached_property
from pathlib import Path, PurePath
from typing import IO, Any, cast

from denoising_pipeline.batch.places import (
    FILES,
    Address,
    Stamp,
    digest_of,
    filesystem,
    is_there,
)
from denoising_pipeline.batch.plan import MANIFEST, RECORD, Located
from denoising_pipeline.batch.results import FileResult
from denoising_pipeline.batch.scores import FIELDS, Scores

__all__ = ["FILES", "Record", "Stamp", "settings_digest"]

_KEYS = {"target", "source", "size", "changed", "settings", "made"}
"""Of a line."""

_FOUND = [
    each.name
    for each in fields(FileResult)
    if each.name not in {"source", "target", "status", "reason", "thumbnails"}
]


class Record:
    """The record in one folder of outputs, or that of one task of a cluster.

    Attributes:
        root: The folder.
        settings: Digest of all that decides what an output is, the source aside.
        job: The work of a cluster that it is kept by; empty: none.
    """

    def __init__(self, root: PurePath, settings: str, shard: str = "", job: str = "") -> None:
        self.root = root
        self.settings = settings
        self.job = job
        self._file = root / MANIFEST / f"{shard}.jsonl" if shard else root / RECORD

    @cached_property
    def _lines(self) -> dict[str, list[dict[str, Any]]]:
        return self._read()

    def _read(self) -> dict[str, list[dict[str, Any]]]:
        """Lines by target, the newest last; one that is torn or none of ours is passed over."""
        found: dict[str, list[dict[str, Any]]] = {}
        for file in self._files():
            for line in _text(file).splitlines():
                try:
                    entry = json.loads(line)
                    if entry.keys() >= _KEYS:
                        found.setdefault(entry["target"], []).append(entry)
                except (ValueError, TypeError, AttributeError, RecursionError):
                    continue
        return found

    def _files(self) -> list[PurePath]:
        """Return where lines are: without a cluster, in what clusters have left, too."""
        if self._file.name != RECORD or not isinstance(self.root, Path):
            return [self._file]
        return [*sorted((self.root / MANIFEST).glob("*.jsonl")), self._file]

    def is_done(self, work: Located) -> bool:
        """Whether the output is there as it was made, of this source, with these settings."""
        entry = self._made(work)
        if entry is None or entry["settings"] != self.settings:
            return False
        stamp = Stamp.of(work.source)
        if stamp.size != entry["size"]:
            return False
        return bool(stamp.changed == entry["changed"] or digest_of(work.source) == entry["source"])

    def is_own(self, work: Located) -> bool:
        """Whether the output is one that was made here, and nobody has changed since."""
        return self._made(work) is not None

    def result_of(self, work: Located) -> FileResult | None:
        """Return what became of a file, if this job has made the output that is there."""
        entry = self._made(work)
        if entry is None or not self.job or entry.get("job") != self.job:
            return None
        found = {name: entry["found"][name] for name in _FOUND if name in entry["found"]}
        found["warnings"] = tuple(found["warnings"])
        return FileResult(work.source, work.target, "done", **found)

    def note(
        self, work: Located, source: Stamp, digest: str, made: Stamp, result: FileResult
    ) -> None:
        """Add a line.

        Args:
            work: What is done.
            source: Of the file that was read.
            digest: Of its content.
            made: Of the output; in object storage, where nobody knows it before the output is
                there, `changed` is the digest of its content.
            result: What was found.

        Raises:
            OSError: The disk takes no whole line.
        """
        line: dict[str, Any] = {
            "target": self._name(work),
            "source": digest,
            "size": source.size,
            "changed": source.changed,
            "settings": self.settings,
            "made": [made.size, made.changed],
        }
        if self.job:
            found = {name: getattr(result, name) for name in _FOUND}
            line |= {"job": self.job, "found": found}
        self._add(work, line, result)

    def scores_of(self, work: Located) -> Scores | None:
        """Return what is noted of source and output against the partner, if it is as it was."""
        entry = self._made(work)
        if entry is None or work.partner is None or "scores" not in entry:
            return None
        partner = Stamp.of(work.partner)
        if entry["against"] != [partner.size, partner.changed]:
            return None
        return cast("Scores", {name: entry["scores"][name] for name in FIELDS})

    def note_scores(self, work: Located, result: FileResult) -> None:
        """Add the scores of an output that was made before.

        Raises:
            OSError: The disk takes no whole line.
        """
        if (entry := self._made(work)) is not None:
            self._add(work, entry, result)

    def _add(self, work: Located, line: dict[str, Any], result: FileResult) -> None:
        if work.partner is not None:
            partner = Stamp.of(work.partner)
            scores = {name: getattr(result, name) for name in FIELDS}
            line = {**line, "against": [partner.size, partner.changed], "scores": scores}
        if isinstance(self._file, Address):
            self._lines[self._name(work)] = [line]
            self.write()
            return
        path = Path(self._file)
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = f"{json.dumps(line)}\n".encode("ascii")
        with path.open("a+b", buffering=0) as file:
            text = b"\n" * _is_torn(file) + whole
            if file.write(text) < len(text):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    def settle(self, work: Located) -> None:
        """Take note of how object storage calls the version of an output that is there now."""
        made = Stamp.of(work.target)
        self._lines[self._name(work)][-1]["made"] = [made.size, made.changed]

    def write(self) -> None:
        """Write all lines anew: object storage cannot add to a file.

        A worker that was given up, and has gone on, keeps what another has noted in its place.
        """
        for target, there in self._read().items():
            self._lines.setdefault(target, there)
        files, name = filesystem(self._file)
        lines = (line for each in self._lines.values() for line in each)
        text = "".join(f"{json.dumps(line)}\n" for line in lines)
        files.pipe_file(name, text.encode("ascii"))

    def _name(self, work: Located) -> str:
        return work.target.relative_to(self.root).as_posix()

    def _made(self, work: Located) -> dict[str, Any] | None:
        """Return the line of the output that is there: a newer one may tell of what never came."""
        lines = self._lines.get(self._name(work), [])
        if not lines or not is_there(work.target):
            return None
        made = Stamp.of(work.target)
        fitting = (each for each in reversed(lines) if _fits(work.target, made, each.get("made")))
        return next(fitting, None)


def _fits(target: PurePath, made: Stamp, noted: Any) -> bool:
    size, changed = noted or (None, None)
    if made.size != size:
        return False
    if made.changed == changed:
        return True
    return isinstance(target, Address) and digest_of(target) == changed


def _is_torn(file: IO[bytes]) -> bool:
    """Tell whether the last line of a file has no end, as after a crash or on a full disk."""
    if file.seek(0, os.SEEK_END) == 0:
        return False
    file.seek(-1, os.SEEK_END)
    return file.read(1) != b"\n"


def _text(path: PurePath) -> str:
    """Return what a file holds; there need not be one."""
    files, name = filesystem(path)
    try:
        content: bytes = files.cat_file(name)
    except FileNotFoundError:
        return ""
    return content.decode("ascii", "replace")


def settings_digest(**settings: Any) -> str:
    """Return 32 hexadecimal digits, equal for equal settings."""
    text = json.dumps(settings, sort_keys=True).encode()
    return hashlib.blake2b(text, digest_size=16).hexdigest()
