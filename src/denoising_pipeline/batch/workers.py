"""Processes that denoise files, and are replaced if they die."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, NamedTuple

from denoising_pipeline.batch.one import DiskFullError, Options, denoise_file
from denoising_pipeline.batch.parts import remove_parts
from denoising_pipeline.batch.plan import Work
from denoising_pipeline.batch.results import FileResult

_DIED = (
    "ended its process, most likely for want of memory: give --max-memory, or fewer --workers, or "
    "denoise it alone"
)


class Member(NamedTuple):
    """One process, and the way to it."""

    process: SpawnProcess
    connection: Connection


class Crew:
    """Some processes; each has one file at a time, so that memory stays flat."""

    def __init__(self, options: Options, workers: int) -> None:
        """Start them.

        Args:
            options: How files are denoised; a limit of memory is divided among the processes.
            workers: Number of processes.
        """
        settings = options.settings
        if settings.max_memory is not None:
            settings = replace(settings, max_memory=settings.max_memory // workers)
        self._options = replace(options, settings=settings)
        self._threads = max(1, (os.cpu_count() or 1) // workers)
        self._members = [self._started() for _ in range(workers)]
        self._busy: dict[Connection, Work] = {}

    def results(self, numbered: Iterator[tuple[Work, bool]]) -> Iterator[FileResult]:
        """Yield what becomes of each file; a file whose process died has failed.

        Args:
            numbered: Each file, and whether thumbnails are made of it.

        Raises:
            DiskFullError: As for `denoise_file`.
        """
        for member in self._members:
            self._give(member, numbered)
        while self._busy:
            for connection in wait(list(self._busy)):
                assert isinstance(connection, Connection)  # noqa: S101  # no other was waited for
                member = next(each for each in self._members if each.connection == connection)
                work = self._busy.pop(connection)
                try:
                    found = connection.recv()
                except (EOFError, OSError):
                    found = FileResult(work.source, work.target, "failed", _DIED)
                    member.process.join()
                    remove_parts([work.target])
                    self._members.remove(member)
                    member = self._started()
                    self._members.append(member)
                if isinstance(found, Exception):
                    raise found
                self._give(member, numbered)
                yield found

    def end(self) -> list[Work]:
        """Kill all processes, and return the files that they had in their hands."""
        for member in self._members:
            member.process.kill()
        for member in self._members:
            member.process.join()
            member.connection.close()
        begun, self._members, self._busy = list(self._busy.values()), [], {}
        return begun

    def _give(self, member: Member, numbered: Iterator[tuple[Work, bool]]) -> None:
        following = next(numbered, None)
        if following is None:
            return
        self._busy[member.connection] = following[0]
        with suppress(OSError):  # It has died: taking its result will tell.
            member.connection.send(following)

    def _started(self) -> Member:
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        process = context.Process(
            target=_work, args=(there, self._options, self._threads), daemon=True
        )
        process.start()
        there.close()
        return Member(process, here)


def _work(connection: Any, options: Options, threads: int) -> None:
    """Denoise what is sent, until nothing more comes; the main process answers signals."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["TF_NUM_INTRAOP_THREADS"] = str(threads)
    from denoising_pipeline.denoiser.file import load_denoiser

    denoiser = load_denoiser(options.model)
    denoiser.model.threads = threads
    with suppress(EOFError, OSError):
        while True:
            work, pictured = connection.recv()
            try:
                found: Any = denoise_file(work, denoiser, options, pictured)
            except DiskFullError as error:
                found = error
            connection.send(found)
