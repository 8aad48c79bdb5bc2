"""What a person sees while files are denoised: a bar on a terminal, elsewhere a line per file."""

import sys
from types import TracebackType
from typing import Any, Self

import click

from denoising_pipeline.batch.results import FileResult
from denoising_pipeline.batch.tables import line_of


class Progress:
    """Goes to the standard error output, so that the table at the end can go elsewhere."""

    def __init__(self, files: int | None) -> None:
        """Prepare it.

        Args:
            files: How many there are; None: nobody knows, as in a watched folder.
        """
        self._files = files
        self._bar: Any = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty() and self._files is not None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            text = TextColumn("{task.description}", markup=False)
            self._bar = Bar(*columns, text, console=Console(stderr=True), transient=True)
            self._bar.start()
            self._task = self._bar.add_task("", total=self._files)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar:
            self._bar.stop()

    def add(self, result: FileResult) -> None:
        """Say what became of a file; on a terminal, of those alone that went wrong."""
        self.note(result)
        if self._bar:
            self._bar.update(self._task, advance=1, description=line_of(result))

    def note(self, result: FileResult) -> None:
        """The same of a file that was not among those to be done."""
        if self._bar is None:
            click.echo(line_of(result), err=True)
        elif result.status == "failed":
            self._bar.console.print(line_of(result), style="red", markup=False, highlight=False)
