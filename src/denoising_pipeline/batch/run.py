"""Going through a plan: in this process, or in several, each with a denoiser of its own."""

import queue
import tempfile
import threading
from collections.abc import Iterator, Set
from pathlib import Path
from typing import Any, Self

from denoising_pipeline.batch.one import (
    Options,
    denoise_file,
    forget_records,
    in_words,
    look_at_file,
)
from denoising_pipeline.batch.parts import remove_parts
from denoising_pipeline.batch.plan import Plan, PlanError, Work
from denoising_pipeline.batch.results import FileResult, shown
from denoising_pipeline.batch.workers import Crew
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.file import load_denoiser

_PATIENCE = 0.5


class Batch:
    """A plan that is gone through once.

    Attributes:
        plan: What is to be done.
        options: How.
    """

    def __init__(
        self,
        plan: Plan,
        options: Options,
        workers: int = 1,
        pictured: Set[int] = frozenset(),
        denoiser: Denoiser | None = None,
    ) -> None:
        """Check what can be known before any work.

        Args:
            plan: What is to be done.
            options: How.
            workers: Processes; 1: this one alone.
            pictured: Positions in the plan of the files that thumbnails are made of.
            denoiser: What `fitting_denoiser` gives for the options; None: it is asked here.

        Raises:
            PlanError: A folder of outputs cannot be written to, or the disk is full.
            OSError: As for `fitting_denoiser`.
            ValueError: Likewise.
        """
        self.plan = plan
        self.options = options
        self._workers = min(workers, max(1, len(plan.works)))
        self._pictured = pictured
        self._crew: Crew | None = None
        self._underway: Work | None = None
        self._ended = False
        self._denoiser = denoiser or fitting_denoiser(options)
        check_folders(plan)
        remove_parts([work.target for work in plan.works])
        forget_records()

    def results(self) -> Iterator[FileResult]:
        """Yield what becomes of each file, as soon as it is known, in any order.

        Where a format was asked for, those that it cannot hold come first: their headers tell,
        before anything is denoised or written.

        Raises:
            DiskFullError: The disk is full; files that were not begun are not in the results.
        """
        failed = set()
        for number, work in enumerate(self.plan.works):
            if work.format is None:
                continue
            found = look_at_file(work, self.options)
            if found.status == "failed":
                failed.add(number)
                yield found
        numbered = (
            (work, number in self._pictured)
            for number, work in enumerate(self.plan.works)
            if number not in failed
        )
        if self._workers == 1:
            yield from self._alone(numbered)
        else:
            self._crew = Crew(self.options, self._workers)
            yield from self._crew.results(numbered)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Begin no more files, and leave no unfinished one; what is complete stays.

        A thread that computes cannot be stopped: what it finishes later is not written.
        """
        self._ended = True
        begun = [self._underway] if self._underway else []
        if self._crew:
            begun += self._crew.end()
        remove_parts([work.target for work in begun], own=True)

    def _alone(self, numbered: Iterator[tuple[Work, bool]]) -> Iterator[FileResult]:
        """Work in a thread, so that a signal is answered while the network computes."""
        done: queue.SimpleQueue[FileResult | Exception | None] = queue.SimpleQueue()
        arguments = (numbered, self._denoiser, done)
        threading.Thread(target=self._work, args=arguments, daemon=True).start()
        while True:
            try:
                found = done.get(timeout=_PATIENCE)
            except queue.Empty:
                continue
            if found is None:
                return
            if isinstance(found, Exception):
                raise found
            yield found

    def _work(self, numbered: Iterator[tuple[Work, bool]], denoiser: Denoiser, done: Any) -> None:
        try:
            for work, pictured in numbered:
                if self._ended:
                    return
                self._underway = work
                done.put(denoise_file(work, denoiser, self.options, pictured))
            self._underway = None
            done.put(None)
        except Exception as error:  # raised where the results are taken
            done.put(error)


def fitting_denoiser(options: Options) -> Denoiser:
    """Load the denoiser that is asked for; no picture has been read yet.

    Raises:
        OSError: Its file cannot be read.
        ValueError: It is no denoiser for images of any size, or it is not told the noise level that
            the options have, or no picture fits into the memory that they allow, or see
            `Denoiser.check_ways`.
    """
    denoiser = load_denoiser(options.model)
    if not denoiser.any_size:
        size = "x".join(map(str, denoiser.image_shape[:2]))
        raise ValueError(
            f"'{shown(options.model)}' is a denoiser for images of {size} pixels: take one that "
            "was trained for images of any size, such as `photos`."
        )
    denoiser.check_sigma(options.settings.sigma)
    denoiser.check_memory(options.settings.max_memory)
    denoiser.check_ways(options.settings.fast, options.settings.best)
    return denoiser


def run_batch(plan: Plan, options: Options, workers: int = 1) -> list[FileResult]:
    """Go through a plan, and return what became of each file and of what was left out.

    Raises:
        PlanError: As for `Batch`.
        OSError: Likewise, or the disk is full.
        ValueError: Likewise.
    """
    with Batch(plan, options, workers) as batch:
        return [*batch.results(), *plan.left_out]


def check_folders(plan: Plan) -> None:
    """Check that every folder of outputs can be written to, and has room for one more file.

    Raises:
        PlanError: One cannot, or has not.
    """
    for folder in {_nearest(work.target.parent) for work in plan.works}:
        check_folder(folder)


def check_folder(folder: Path) -> None:
    """Check that a folder that is there, or can be made, can be written to; see `check_folders`."""
    folder = _nearest(folder)
    if not folder.is_dir():
        raise PlanError(f"'{shown(folder)}' is a file, and a folder is needed there.")
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(4096))
    except OSError as error:
        raise PlanError(f"The folder '{shown(folder)}' {in_words(error)}.") from error


def _nearest(folder: Path) -> Path:
    """Return a folder, or the nearest one above it that exists."""
    return next((path for path in (folder, *folder.parents) if path.exists()), folder)
