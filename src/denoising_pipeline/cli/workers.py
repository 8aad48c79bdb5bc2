"""Several workers on this machine train one network."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

from denoising_pipeline.core.workers import ADDRESSES, COUNT, NUMBER

PARTING = 20.0
"""Seconds in which workers end by themselves when one of them has failed, before they are ended."""

TAIL = 15
"""Lines shown of a worker that failed; those of worker 0 are on the terminal anyway."""

_NATIVE = re.compile(r"\s*$|\s+@ |\*\*\*|[EFIW]\d{4} ")
"""Lines that native code prints when it gives up."""


@dataclass(frozen=True)
class _Worker:
    rank: int
    process: subprocess.Popen[bytes]
    output: Path


def train_on_workers(count: int, arguments: Sequence[str]) -> None:
    """Run the pipeline `training` in several processes, which share this machine's cores.

    Args:
        count: How many.
        arguments: Options of `kedro run`.

    Raises:
        ValueError: One of them failed; the others have ended as well.
    """
    with TemporaryDirectory() as folder, _ended_politely():
        workers = _start(count, arguments, Path(folder))
        try:
            failed = _first_that_fails(workers)
        except BaseException:
            _end(workers, 0)
            raise
        if failed is not None:
            silent = _end(workers, 0 if failed.process.returncode == -signal.SIGABRT else PARTING)
            raise ValueError(_said_of(failed, silent, workers))


def _start(count: int, arguments: Sequence[str], folder: Path) -> list[_Worker]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    shared = {
        "KERAS_BACKEND": "jax",
        "JAX_COORDINATOR_BIND_ADDRESS": address,
        ADDRESSES: address,
        COUNT: str(count),
    }
    run = [sys.executable, "-m", "denoising_pipeline", "run"]
    command = [*run, "--pipelines", "training", *arguments]
    workers = []
    for rank in range(count):
        output = folder / f"{rank}.txt"
        with output.open("wb") as file:
            process = subprocess.Popen(  # noqa: S603
                command,
                env=os.environ | shared | {NUMBER: str(rank)},
                stdin=subprocess.DEVNULL,
                stdout=None if rank == 0 else file,
                stderr=None if rank == 0 else subprocess.STDOUT,
            )
        _give_cores(process.pid, rank, count)
        workers.append(_Worker(rank, process, output))
    return workers


def _give_cores(process: int, rank: int, count: int) -> None:
    """Let a worker compute on its share of the cores, where the system can be told so."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(process, cores[rank % len(cores) :: count])


def _first_that_fails(workers: Sequence[_Worker]) -> _Worker | None:
    """Wait until all are done, or one has failed: that which was killed before those it took."""
    while True:
        states = [worker.process.poll() for worker in workers]
        if failed := [w for w, state in zip(workers, states, strict=True) if state]:
            return min(failed, key=lambda worker: worker.process.returncode != -signal.SIGKILL)
        if None not in states:
            return None
        time.sleep(0.2)


def _end(workers: Sequence[_Worker], alone: float) -> list[_Worker]:
    """Give workers some seconds to end by themselves; then end those that do not.

    Returns:
        Those that neither ended nor minded being asked to.
    """
    silent: list[_Worker] = []
    for patience, finish in ((alone, "terminate"), (PARTING / 2, "kill"), (PARTING, "")):
        deadline = time.monotonic() + patience
        while any(w.process.poll() is None for w in workers) and time.monotonic() < deadline:
            time.sleep(0.1)
        for worker in workers:
            if finish and worker.process.poll() is None:
                getattr(worker.process, finish)()
                if finish == "kill":
                    silent.append(worker)
    return silent


def _said_of(failed: _Worker, silent: Sequence[_Worker], workers: Sequence[_Worker]) -> str:
    code = failed.process.returncode
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"failed (status {code})"
    if code == -signal.SIGABRT and silent:  # by JAX, which waited for the silent one
        failed, how = silent[0], "did not answer any more, and was killed"
    others = [error for worker in workers[1:] if (error := _last_error(worker))]
    return "\n".join(
        [
            *dict.fromkeys(others),
            f"Worker {failed.rank} of {len(workers)} {how}, and the training has ended. Once an "
            "epoch was over, its checkpoint is kept: the same command goes on from there, with as "
            "many workers as you have.",
        ]
    )


def _last_error(worker: _Worker) -> str:
    """Return what a worker said last in an error, without what native code prints after it."""
    lines = worker.output.read_text("utf-8", "replace").splitlines()
    places = [place for place, line in enumerate(lines) if line.startswith("Error: ")]
    if not places:
        return ""
    said = [line for line in lines[places[-1] :] if not _NATIVE.match(line)]
    return "\n".join(f"  worker {worker.rank} | {line}" for line in said[:TAIL])


@contextmanager
def _ended_politely() -> Iterator[None]:
    """Let SIGTERM end the workers, too."""

    def leave(number: int, frame: object) -> NoReturn:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
