"""A run that gets signals, at every stage and in every runner.

`python tests/crash_signals.py` tries every cell of `STAGES`, `WISHES` and `RUNNERS`. A stage is
told by a call that the run is about to make (see `crash_points`): it gets the signals there.
"""

import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import click
from crash_points import Moment
from crash_project import BRIEF, WHOLE, WarmProject
from unfinished import is_unfinished

SOON = 10.0
"""Seconds that a run may take to end; a slow machine is given four times as many."""

STAGES: dict[str, tuple[str, str, int]] = {
    "before its run exists": ("unlink", ".git/index.lock", 1),
    "while its run is created": ("fdatasync", "data/smoke/mlflow.db", 1),
    "while it reads": ("rename", "/02_intermediate/", 1),
    "while it trains": ("rename", "/training_checkpoints/", 1),
    "while it scores": ("rename", "/07_model_output/", 1),
    "while it publishes": ("rename", "data/smoke/mlruns/", 3),
    "while it tells its end": ("unlink", "data/.to_mlflow/", -1),
    "after its end": ("unlink", "data/.running/", 1),
}
"""Call, a part of its path, and which of those it is; the last, if the number is negative."""

WISHES = {
    "SIGINT": [signal.SIGINT],
    "SIGINT twice": [signal.SIGINT] * 2,
    "SIGINT ten times": [signal.SIGINT] * 10,
    "SIGTERM": [signal.SIGTERM],
    "SIGHUP": [signal.SIGHUP],
    "SIGQUIT": [signal.SIGQUIT],
    "SIGKILL": [signal.SIGKILL],
}

RUNNERS = ("SequentialRunner", "ThreadRunner", "ParallelRunner")


class Signalled:
    """Runs of a project, each of which gets signals."""

    def __init__(self, folder: Path) -> None:
        """Let runs of each runner come to their end, to know how often they make each call."""
        self._warm = WarmProject(folder)
        self._last: dict[tuple[str, str], int] = {}

    def wrong(self, stage: str, wish: str, runner: str) -> list[str]:
        """Try one cell, and return what was wrong."""
        self._warm.restore()
        command = (*WHOLE, "--runner", runner)
        name, part, which = STAGES[stage]
        count, began = 0, 0.0
        which = which if which > 0 else self._last_of(runner, name, part)

        def look(moment: Moment) -> None:
            nonlocal count, began
            if (moment.call.name, part in moment.call.path) == (name, True):
                count += 1
                if count == which:
                    began = time.monotonic()
                    first, *others = WISHES[wish]
                    _send(moment.process, [first])  # It waits: there is no later moment.
                    Thread(target=_send, args=(moment.process, others)).start()

        code = self._warm.run(command, look)
        assert began, f"there was no moment {stage}: {self._warm.text}"
        took, said = time.monotonic() - began, self._warm.text
        return list(self._found(wish, stage, code, took, said))

    def _last_of(self, runner: str, name: str, part: str) -> int:
        """Return how often a run that nobody disturbs makes a call."""
        count = 0

        def look(moment: Moment) -> None:
            nonlocal count
            count += (moment.call.name, part in moment.call.path) == (name, True)

        if (runner, part) not in self._last:
            assert self._warm.run((*WHOLE, "--runner", runner), look) == 0, self._warm.text
            self._last[runner, part] = count
            self._warm.restore()
        return self._last[runner, part]

    def _found(
        self, wish: str, stage: str, code: int | None, took: float, said: str
    ) -> Iterator[str]:
        late = stage in {"while it tells its end", "after its end"}
        if code == 0 and not late:
            yield "it ends as if nobody had asked for it"
        if took > 4 * SOON:
            yield f"it ends after {took:.0f} s"
        if "Traceback" in said:
            yield said[-1500:]
        seen = self._statuses()[1:]
        over = {"KILLED", *(["FINISHED"] if late else [])}
        told_later = wish == "SIGKILL" or stage == "while its run is created"
        if not set(seen) <= over | ({"RUNNING"} if told_later else set()):
            yield f"its run is {seen}"
        if self._warm.run(BRIEF) != 0:
            yield f"the next run fails: {self._warm.text[-500:]}"
        then = self._statuses()[1:-1]
        if not set(then) <= over:
            yield f"after the next run it is {then}"
        for folder in ("0*", ".to_mlflow", ".running"):
            for path in self._warm.live.glob(f"data/**/{folder}/**/*"):
                if is_unfinished(path) or path.suffix == ".jsonl":
                    yield f"{path} is left"

    def _statuses(self) -> list[str]:
        """Return how runs ended; MLflow's own connections would be shared with the next process."""
        query = "SELECT status FROM runs ORDER BY start_time"
        with closing(sqlite3.connect(self._warm.live / "data/smoke/mlflow.db")) as database:
            return [status for (status,) in database.execute(query)]


def _send(process: int, numbers: list[signal.Signals]) -> None:
    """Send signals as a terminal does: Ctrl-C reaches all processes of a group."""
    send: Callable[[int, int], None]
    for number in numbers:
        send = os.killpg if number == signal.SIGINT else os.kill
        with suppress(ProcessLookupError):
            send(process, number)
        time.sleep(0.01)


@click.command()
@click.option("--stage", "stages", multiple=True, type=click.Choice(list(STAGES)))
@click.option("--wish", "wishes", multiple=True, type=click.Choice(list(WISHES)))
@click.option("--runner", "runners", multiple=True, type=click.Choice(RUNNERS))
def command(stages: tuple[str, ...], wishes: tuple[str, ...], runners: tuple[str, ...]) -> None:
    """Try cells, and say what was wrong with each."""
    failed = False
    with TemporaryDirectory() as folder:
        signalled = Signalled(Path(folder))
        for cell in product(stages or STAGES, wishes or WISHES, runners or RUNNERS):
            found = signalled.wrong(*cell)
            click.echo("\n  ".join((", ".join(cell), *(found or ["well"]))))
            failed = failed or bool(found)
    sys.exit(failed)


if __name__ == "__main__":
    command()
