"""What `denoise` does: files and folders, or a pipe."""

import io
import os
import signal
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import click

from denoising_pipeline.batch.one import (
    DONE,
    DiskFullError,
    Options,
    denoised,
    in_words,
    look_at_file,
)
from denoising_pipeline.batch.partners import paired
from denoising_pipeline.batch.parts import remove_parts
from denoising_pipeline.batch.places import is_address
from denoising_pipeline.batch.plan import Plan, make_plan
from denoising_pipeline.batch.record import FILES
from denoising_pipeline.batch.results import FileResult, shown
from denoising_pipeline.batch.run import Batch, check_folders, fitting_denoiser
from denoising_pipeline.batch.tables import sum_of, table_of, write_csv, write_json
from denoising_pipeline.batch.watch import watch
from denoising_pipeline.cli.model import model_file
from denoising_pipeline.cli.progress import Progress
from denoising_pipeline.core.files import atomic_write
from denoising_pipeline.denoiser.picture import Settings
from denoising_pipeline.pictures.formats import MAX_PIXELS, format_of, open_picture

if TYPE_CHECKING:
    from denoising_pipeline.batch.collection.spill import Spill

ALL_WELL, SOME_FAILED, NOTHING_DONE = 0, 1, 2
"""Exit codes; after a signal it is 128 and the signal's number."""

FEW = 1000
"""Files whose results are kept in memory; those of more lie on the disk."""

GO_ON = "Give the same command with --resume to go on."


class Refused(click.ClickException):
    """Nothing was done: a sentence for people."""

    exit_code = NOTHING_DONE


class Interrupted(KeyboardInterrupt):
    """A signal came; its argument is the number."""


def denoise_files(given: Mapping[str, Any]) -> int:
    """Denoise files and folders; return the exit code."""
    started = time.perf_counter()
    results: list[FileResult] | Spill = []
    with _refusing(), _interruptible():
        try:
            if _is_for_cluster(given):
                from denoising_pipeline.cli import collection

                _check_tables(given)
                results = _on_disk()
                problem = collection.work_through(given, _options(given), results)
            else:
                plan = _plan(given)
                _check_tables(given, plan)
                if given["dry_run"]:
                    return _dry_run(plan, given)
                if given["watch"] or len(plan.works) > FEW:
                    results = _on_disk()
                problem = _work_through(plan, given, results)
        except Interrupted as signalled:
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_IGN)
            _finish(results, given, started)
            count = sum(result.status == "done" for result in results)
            click.echo(f"Interrupted: {count} files are done, no other is begun. {GO_ON}", err=True)
            _leave(0 if given["watch"] else 128 + signalled.args[0])
        _finish(results, given, started)
    if problem:
        click.echo(f"Error: {problem} {GO_ON}", err=True)
    if problem or any(result.status == "failed" for result in results):
        return SOME_FAILED
    went_well = any(result.status == "done" or result.reason == DONE for result in results)
    if not went_well:
        click.echo("Nothing was done.", err=True)
    return ALL_WELL if went_well else NOTHING_DONE


def denoise_stream(given: Mapping[str, Any]) -> int:
    """Denoise from the standard input or to the standard output; return the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # No file is open that could be left unfinished.
    if len(given["inputs"]) != 1:
        raise Refused("- stands alone: one picture comes in, one goes out.")
    tables = ("report", "csv", "json")
    for option in ("resume", "watch", "dry_run", *tables, "suffix", "cluster", "against"):
        if given[option]:
            raise Refused(f"--{option.replace('_', '-')} does not go with -.")
    (source,), output = given["inputs"], given["output"] or "-"
    for name, place, stream in (("input", source, sys.stdin), ("output", output, sys.stdout)):
        if place == "-" and stream is None:
            raise Refused(f"The standard {name} is closed.")
    if output == "-" and sys.stdout.isatty():
        raise Refused("A picture is not written to a terminal: give -o FILE, or > FILE.")
    if output != "-" and Path(output).exists() and not given["overwrite"]:
        raise Refused(f"'{shown(output)}' exists already: --overwrite replaces it.")
    with _refusing():
        ending = None if output == "-" else Path(output).suffix
        wanted = given["format"] or ending
        options, name = _options(given), "The standard input" if source == "-" else shown(source)
        denoiser = fitting_denoiser(options)
        content = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
        file, result = io.BytesIO(), FileResult(Path(source), None, "done")
        try:
            picture = open_picture(content, name, options.max_pixels)
            chosen = format_of(wanted) if wanted else None
            denoised(picture, denoiser, file, options.settings, result, chosen)
        except ValueError as error:
            click.echo(f"Error: {name} {error}.", err=True)
            return SOME_FAILED
        _write(output, file)
    return ALL_WELL


def _write(output: str, file: io.BytesIO) -> None:
    if output != "-":
        with atomic_write(FILES, output) as target:
            target.write(file.getbuffer())
        return
    try:
        sys.stdout.buffer.write(file.getbuffer())
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _on_disk() -> "Spill":
    from denoising_pipeline.batch.collection.spill import Spill

    return Spill()


def _plan(given: Mapping[str, Any]) -> Plan:
    output = given["output"]
    inputs = list(map(Path, given["inputs"]))
    if given["watch"] and not any(path.is_dir() for path in inputs):
        raise Refused("--watch needs a folder to watch.")
    if given["watch"] and given["against"]:
        raise Refused("--against does not go with --watch.")
    plan = make_plan(
        inputs,
        Path(output) if output else None,
        given["suffix"],
        given["format"],
        into_folder=bool(output) and output.endswith(("/", os.sep)),
    )
    return paired(plan, Path(given["against"])) if given["against"] else plan


def _is_for_cluster(given: Mapping[str, Any]) -> bool:
    for place in (*given["inputs"], given["output"] or "", given["against"] or ""):
        if is_address(place) and not given["cluster"]:
            raise Refused(f"'{shown(place)}' lies in object storage: give --cluster local, too.")
    return bool(given["cluster"])


def _options(given: Mapping[str, Any]) -> Options:
    sigma = given["sigma"]
    settings = Settings(
        strength=given["strength"],
        sigma=None if sigma is None else sigma / 255,
        max_memory=given["max_memory"],
        fast=given["fast"],
        best=given["best"],
    )
    return Options(
        model_file(given["model"]),
        settings,
        overwrite=given["overwrite"],
        resume=given["resume"] or given["watch"],
        max_pixels=given["max_pixels"] or MAX_PIXELS,
    )


def _work_through(plan: Plan, given: Mapping[str, Any], results: "list[FileResult] | Spill") -> str:
    """Fill in the results, and return what ended it before its time, or nothing."""
    options = _options(given)
    denoiser = fitting_denoiser(options)
    pictured: set[int] = set()
    if given["report"]:
        from denoising_pipeline.batch.thumbnails import pictured as positions

        pictured = positions(len(plan.works))
    plans = watch(lambda: _plan(given)) if given["watch"] else iter([plan])
    files = None if given["watch"] else len(plan.works)
    with Progress(files) as progress:
        for each in plans:
            for left_out in each.left_out:
                results.append(left_out)
                progress.note(left_out)
            with Batch(each, options, given["workers"], pictured, denoiser) as batch:
                try:
                    for result in batch.results():
                        results.append(result)
                        progress.add(result)
                except DiskFullError as error:
                    return f"{error.strerror}, no half file is left, the rest was not begun."
    return ""


def _dry_run(plan: Plan, given: Mapping[str, Any]) -> int:
    options = _options(given)
    fitting_denoiser(options)
    check_folders(plan)
    found = [*(look_at_file(work, options) for work in plan.works), *plan.left_out]
    _print_table(found)
    counts = {status: sum(each.status == status for each in found) for status in ("done", "failed")}
    click.echo(
        f"{counts['done']} would be done, {counts['failed']} would fail; nothing is written."
    )
    return SOME_FAILED if counts["failed"] else ALL_WELL if counts["done"] else NOTHING_DONE


def _check_tables(given: Mapping[str, Any], plan: Plan | None = None) -> None:
    paths = {option: given[option] for option in ("csv", "json", "report")}
    if any(paths.values()):
        _check_places({option: path for option, path in paths.items() if path}, given, plan)
    remove_parts(filter(None, paths.values()))
    for option, path in paths.items():
        if path is None:
            continue
        if path.is_dir():
            raise Refused(f"--{option} '{shown(path)}' is a folder; give a file.")
        if path.exists() and not (given["overwrite"] or given["resume"]):
            raise Refused(f"'{shown(path)}' exists already: --overwrite replaces it.")


def _check_places(paths: dict[str, Path], given: Mapping[str, Any], plan: Plan | None) -> None:
    """Check that what is written beside takes the place of no picture, and of nothing else.

    Of a cluster, whose plan is not known yet, the inputs that are given by name are known.
    """
    inputs = (path for path in given["inputs"] if not Path(path).is_dir())
    taken = {os.path.realpath(path): "an input" for path in inputs}
    for work in plan.works if plan else ():
        taken[os.path.realpath(work.target)] = "an output"
        taken[os.path.realpath(work.source)] = "an input"
        if work.partner:
            taken[os.path.realpath(work.partner)] = "a clean partner"
    for option, path in paths.items():
        real = os.path.realpath(path)
        if what := taken.get(real):
            raise Refused(f"--{option} '{shown(path)}' is {what}, too: give another file.")
        taken[real] = f"--{option}"


def _finish(results: Collection[FileResult], given: Mapping[str, Any], started: float) -> None:
    """Show the table, and write what was asked for beside it."""
    if isinstance(results, list):
        results.sort(key=lambda result: os.fsencode(result.source))
    seconds = time.perf_counter() - started
    if results:
        _print_table(results)
        click.echo(sum_of(results, seconds))
        if given["against"]:
            from denoising_pipeline.batch.scores import lines_of, means

            found = means(results)
            click.echo("\n".join([*lines_of(found), ""]), nl=False)
    for option, write in (("csv", write_csv), ("json", write_json)):
        if given[option]:
            with atomic_write(FILES, str(given[option])) as file:
                write(results, file)
    if given["report"]:
        from denoising_pipeline.batch.report import write_report

        write_report(results, given["report"], given, seconds)


def _print_table(results: Collection[FileResult]) -> None:
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    console.print(table_of(results))


_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


@contextmanager
def _interruptible() -> Iterator[None]:
    """Raise `Interrupted` on a signal."""

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        raise Interrupted(number)

    previous = {number: signal.signal(number, stop) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn what people can put right into one sentence."""
    try:
        yield
    except ValueError as error:
        raise Refused(str(error)) from error
    except OSError as error:
        name = f"'{shown(error.filename)}' " if error.filename else ""
        raise Refused(f"{name}{in_words(error)}.") from error


def _leave(code: int) -> NoReturn:
    """End at once: a thread that still computes is not waited for."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
