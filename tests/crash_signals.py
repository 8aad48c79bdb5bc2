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
from typing import NamedTuple

import click
from crash_points import Moment
from crash_project import BRIEF, WHOLE, WarmProject
from unfinished import is_unfinished

SOON = 10.0
"""Seconds that a run may take to end; a slow machine is given four times as many."""


class Stage(NamedTuple):
    """The call that a run is about to make.

    Attributes:
        call: Its name.
        part: Of its path.
        which: Of those that are alike, from 1 on.
        after: Part of the path of a call before all of them; empty: of none.
    """

    call: str
    part: str
    which: int = 1
    after: str = ""


STAGES = {
    "before its run exists": Stage("unlink", ".git/index.lock"),
    "while its run is created": Stage("fdatasync", "data/smoke/mlflow.db"),
    "while it reads": Stage("rename", "/02_intermediate/"),
    "while it trains": Stage("rename", "/training_checkpoints/"),
    "while it scores": Stage("rename", "/07_model_output/"),
    "while it publishes": Stage("rename", "data/smoke/mlruns/", 3),
    "while it tells its end": Stage("unlink", ".jsonl", 2, "/artifacts/tables/"),
    "after its end": Stage("unlink", "data/.running/"),
}

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
    """Runs of a project, each of which gets signals.

    Attributes:
        took: Seconds by stage, wish and runner, from the first signal to the end of the run.
    """

    def __init__(self, folder: Path) -> None:
        """Let a first run come to its end."""
        self._warm = WarmProject(folder)
        self.took: dict[tuple[str, ...], float] = {}

    def wrong(self, stage: str, wish: str, runner: str) -> list[str]:
        """Try one cell, and return what was wrong."""
        self._warm.restore()
        command = (*WHOLE, "--runner", runner)
        meant = STAGES[stage]
        count, began, ready = 0, 0.0, not meant.after

        def look(moment: Moment) -> None:
            nonlocal count, began, ready
            ready = ready or meant.after in moment.call.path
            if ready and moment.call.name == meant.call and meant.part in moment.call.path:
                count += 1
                if count == meant.which:
                    began = time.monotonic()
                    first, *others = WISHES[wish]
                    _send(moment.process, [first])  # It waits: there is no later moment.
                    Thread(target=_send, args=(moment.process, others)).start()

        code = self._warm.run(command, look)
        assert began, f"there was no moment {stage}: {self._warm.text}"
        took, said = time.monotonic() - began, self._warm.text
        self.took[stage, wish, runner] = took
        return list(self._found(wish, stage, code, took, said))

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
@click.option("--every", default=1, help="Of those cells, only each n-th.")
@click.option("--first", default=0, help="How many of them are passed over before.")
def command(
    stages: tuple[str, ...],
    wishes: tuple[str, ...],
    runners: tuple[str, ...],
    every: int,
    first: int,
) -> None:
    """Try cells, and say what was wrong with each."""
    failed = False
    cells = list(product(stages or STAGES, wishes or WISHES, runners or RUNNERS))
    with TemporaryDirectory() as folder:
        signalled = Signalled(Path(folder))
        for cell in cells[first::every]:
            found = signalled.wrong(*cell)
            told = f"{', '.join(cell)}: {signalled.took[cell]:.1f} s"
            click.echo("\n  ".join((told, *(found or ["well"]))))
            failed = failed or bool(found)
    slowest = max(signalled.took, key=signalled.took.__getitem__)
    click.echo(f"at most {signalled.took[slowest]:.1f} s: {', '.join(slowest)}")
    sys.exit(failed)


if __name__ == "__main__":
    command()
