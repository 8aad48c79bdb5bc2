"""What a run has to tell MLflow: told at once where it can be, else kept and told later, once."""

import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from filelock import FileLock
from fsspec.implementations.local import LocalFileSystem

from denoising_pipeline.core.files import atomic_write, remove_abandoned
from denoising_pipeline.core.processes import is_alive, process_tags
from denoising_pipeline.hooks.reach import (
    check_store,
    errors_raised_only,
    is_outage,
    reason,
)

Step: TypeAlias = Mapping[str, Any]
"""One thing to tell: `do` names it, the other values are JSON."""

NOTHING: Step = {"do": "tags", "values": {}}

CarryOut: TypeAlias = Callable[[Step, str, str, bool], None]
"""Tells the store of an address one thing about a run; true: a part may have been told before."""

RETRY_AFTER = 60.0
"""Seconds after a failure within which nothing is tried: a training does not wait each epoch."""

LOCK = ".lock"
"""Held while the outboxes of a folder are told."""

ENDING = 5.0
"""Seconds that the end of a run is waited for."""

_LINES, _TURN = threading.Lock(), threading.Lock()
"""Held while a file is changed, and while somebody tells what is in it. Of the processes of a run,
one has something to tell at a time."""

_BESIDE = ("told", "failed")
"""Endings of the files beside an outbox: how many of its lines are done with, and when the store
could not be reached."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outbox:
    """The steps of one run, in order, in a file until they are told.

    Whatever becomes of this process, what was put here and not told is told when the next run of
    the project starts (`deliver_left`). Threads may share it, and it travels to other processes.

    Attributes:
        folder: Where the file lies: `<run>.jsonl`, its first line saying whose it is.
        uri: The tracking store.
        run_id: The MLflow run.
        carry_out: Tells one step.
    """

    folder: Path
    uri: str
    run_id: str
    carry_out: CarryOut

    def put(
        self,
        *steps: Step,
        urgent: bool = False,
        wait: float | None = None,
        dropped: Collection[str] = (),
    ) -> bool:
        """Keep steps and tell all that is kept, oldest first.

        Args:
            steps: What to tell.
            urgent: Try, although the store could not be reached a moment ago.
            wait: Seconds to wait for it; None: until it is told, or has failed.
            dropped: What of the earlier steps need not be told any more.

        Returns:
            Whether everything is told. If not, the store could not be reached: it is kept.

        Raises:
            Exception: The store can be reached and refuses a step, which is dropped.
        """
        with _LINES:
            if dropped:
                self._drop(dropped)
            self._append(steps)
        if not urgent and time.time() - self._failed_at() < RETRY_AFTER:
            return False
        if wait is None:
            return self._deliver()
        told = threading.Thread(target=self._deliver_quietly, daemon=True)
        try:
            told.start()
        except RuntimeError:  # The system allows no thread more.
            self._deliver_quietly()
        else:
            told.join(wait)
        return not self._file.exists()

    def _deliver(self) -> bool:
        with _TURN:
            if not self._reached():
                return False
            while (step := self._next()) is not None:
                again = self._failed_at() > 0
                try:
                    with errors_raised_only():
                        self.carry_out(step, self.uri, self.run_id, again)
                except Exception as error:
                    if is_outage(error, self.uri):
                        self._say(error)
                        return False
                    if not self._reached():
                        return False
                    self._advance()
                    raise
                self._advance()
        return True

    def _deliver_quietly(self) -> None:
        with suppress(Exception):  # it is kept, and told when the next run starts
            self._deliver()

    def _reached(self) -> bool:
        """Tell whether the store can be written to; if not, say so, once."""
        try:
            check_store(self.uri, self.run_id)
        except Exception as error:
            self._say(error)
            return False
        return True

    def _say(self, error: Exception) -> None:
        first = not self._failed_at()
        self._beside("failed").touch()
        if first:
            logger.warning(
                "MLflow cannot be reached (%s). The run goes on; what it has to tell is kept in "
                "'%s', and told when MLflow is there again, at the latest by the next run.",
                reason(error)[:200],
                self._file,
            )

    @property
    def _file(self) -> Path:
        return self.folder / f"{self.run_id}.jsonl"

    def _beside(self, ending: str) -> Path:
        return self.folder / f"{self.run_id}.{ending}"

    def _failed_at(self) -> float:
        try:
            return self._beside("failed").stat().st_mtime
        except OSError:
            return 0.0

    def _append(self, steps: tuple[Step, ...]) -> None:
        lines = [json.dumps(step) for step in steps]
        if self._file.exists():
            with self._file.open("a", encoding="utf-8") as file:
                file.write(_text(lines))
        else:  # It never lacks the line that says whose it is.
            whose = json.dumps({"store": _digest(self.uri), **process_tags()})
            _write(self._file, _text([whose, *lines]))

    def _drop(self, kinds: Collection[str]) -> None:
        """Put nothing into the places of some steps: the others keep theirs."""
        lines = _lines(self._file)
        for place in range(self._told(), len(lines)):
            if json.loads(lines[place])["do"] in kinds:
                lines[place] = json.dumps(NOTHING)
        if lines:
            _write(self._file, _text(lines))

    def _next(self) -> Step | None:
        """Return the first step that is not told; without any, remove the files."""
        with _LINES:
            lines = _lines(self._file)
            if len(lines) > self._told():
                step: Step = json.loads(lines[self._told()])
                return step
            for ending in ("jsonl", *_BESIDE):
                self._beside(ending).unlink(missing_ok=True)
        return None

    def _told(self) -> int:
        """Return how many lines are done with; the first says whose they are."""
        try:
            return int(self._beside("told").read_text())
        except (OSError, ValueError):
            return 1

    def _advance(self) -> None:
        _write(self._beside("told"), str(self._told() + 1))


def deliver_left(folder: Path, uri: str, carry_out: CarryOut) -> None:
    """Tell what earlier runs could not tell.

    Args:
        folder: Where outboxes lie.
        uri: The tracking store; what is for another one is left.
        carry_out: Tells one step.
    """
    if not any(path.name != LOCK for path in folder.glob("*")):
        return
    with FileLock(folder / LOCK):
        _clean_up(folder)
        for file in sorted(folder.glob("*.jsonl")):
            owner = _owner(file)
            if owner and owner["store"] == _digest(uri) and not is_alive(owner):
                _deliver_again(Outbox(folder, uri, file.stem, carry_out))


def _clean_up(folder: Path) -> None:
    """Remove what processes left that were killed while they wrote or removed an outbox."""
    remove_abandoned(folder)
    for ending in _BESIDE:
        for file in folder.glob(f"*.{ending}"):
            if not file.with_suffix(".jsonl").exists():
                file.unlink(missing_ok=True)


def _deliver_again(outbox: Outbox) -> None:
    outbox._beside("failed").touch()
    while True:
        try:
            if outbox._deliver():
                logger.info("MLflow was told what was kept of the run %s.", outbox.run_id[:8])
            return
        except Exception as error:
            logger.warning("MLflow refuses a part of the run %s: %s", outbox.run_id[:8], error)


def _write(file: Path, text: str) -> None:
    with atomic_write(LocalFileSystem(), str(file)) as written:
        written.write(text.encode())


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _digest(uri: str) -> str:
    """Return what tells stores apart, and no password."""
    return hashlib.blake2b(uri.encode(), digest_size=16).hexdigest()


def _owner(file: Path) -> dict[str, Any]:
    lines = _lines(file)
    with suppress(ValueError, IndexError):
        found: dict[str, Any] = json.loads(lines[0])
        return found
    return {}


def _lines(file: Path) -> list[str]:
    """Return the whole lines of a file; of one that is not there, none."""
    try:
        return [line for line in file.read_text("utf-8").split("\n")[:-1] if line]
    except OSError:
        return []
