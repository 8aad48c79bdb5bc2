"""`denoise doctor`: what a folder holds, and what can be done with it."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from denoising_pipeline.batch.results import shown

if TYPE_CHECKING:
    from rich.table import Table

    from denoising_pipeline.batch.doctor import Findings
    from denoising_pipeline.batch.doctor.findings import FoundPairs
    from denoising_pipeline.denoiser import Denoiser

NOT_LOOKED_AT = 2
"""Exit code where there is no folder to look at."""

MOST_NAMED = 5
"""Unreadable files, sizes and the like that are named; --json has all."""

_BAR = 24


class Refused(click.ClickException):
    """Nothing was looked at: a sentence for people."""

    exit_code = NOT_LOOKED_AT


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--all", "everything", is_flag=True, help="Read every file of a large folder.")
@click.option("--json", "as_json", is_flag=True, help="Print all that was found as JSON.")
@click.option(
    "--model",
    metavar="MODEL",
    help="The denoiser whose gain is estimated, as for denoise.  [default: photos]",
)
def doctor(folder: Path, everything: bool, as_json: bool, model: str | None) -> None:
    """Look at a folder: what it holds, whether to denoise it, what could be trained on it.

    Nothing is written. Of a large folder some files are read.
    """
    from denoising_pipeline.batch.doctor import examine

    if not folder.is_dir():
        what = "is a file; give a folder" if folder.exists() else "does not exist"
        raise Refused(f"'{shown(folder)}' {what}.")
    denoiser = _denoiser(model)

    def progress(done: int, of: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{done + 1} of {of} files\x1b[K", nl=done + 1 == of, err=True)

    found = examine(folder, denoiser, everything=everything, progress=progress)
    if as_json:
        click.echo(json.dumps(found.plain(), indent=2))
        return
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else 100, highlight=False, markup=False)
    console.print(shown(folder), style="bold")
    console.print(_grid(_rows(found)))
    for title, lines in (("What to do", found.verdict), ("Training", [*_training(found)])):
        if lines:
            console.print(f"\n{title}", style="bold")
            console.print(_grid(("  -", line) for line in lines))


def _denoiser(model: str | None) -> "Denoiser | None":
    """Return the denoiser that is asked for, or the usual one if it lies in the package."""
    from denoising_pipeline.cli.model import model_file
    from denoising_pipeline.denoiser.file import load_denoiser
    from denoising_pipeline.denoiser.shipped import DEFAULT, shipped_denoisers

    if model is None and DEFAULT not in shipped_denoisers():
        return None
    try:
        denoiser = load_denoiser(model_file(model or DEFAULT))
    except (OSError, ValueError) as error:
        raise Refused(str(error)) from error
    if not denoiser.any_size:
        raise Refused(f"'{shown(model or DEFAULT)}' is no denoiser for images of any size.")
    return denoiser


def _grid(rows: Iterable[tuple[str, str]]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, text in rows:
        grid.add_row(name, Text(text))
    return grid


def _rows(found: "Findings") -> Iterator[tuple[str, str]]:
    read = found.looked_at - len(found.unreadable)
    some = f", {found.looked_at} looked at (--all: every one)"
    yield "  files", f"{found.files}{some if found.looked_at < found.files else ''}"
    if read:
        yield "  formats", _counts(found.formats)
        yield "  sizes", f"{_counts(found.sizes)}; {found.megapixels:.1f} megapixels"
        yield "  types", _counts(found.types)
    if found.stacks:
        yield "  pages", _pages(found)
    yield from _noise(found)
    for pairs in found.pairs:
        yield "  pairs", _pair(pairs)
    if found.repeats:
        count = sum(found.repeats)
        yield (
            "  repeats",
            f"{count} files show a scene that another shows, too ({len(found.repeats)})",
        )
    if found.copies:
        yield "  copies", f"{found.copies} files have the pixels of another one"
    for name, reason in islice(found.unreadable, MOST_NAMED):
        yield "  not read", f"{name} {reason}"
    if len(found.unreadable) > MOST_NAMED:
        yield "  not read", f"and {len(found.unreadable) - MOST_NAMED} more (--json names them)"
    if found.left_out:
        yield (
            "  left out",
            "; ".join(f"{count}: {why}" for why, count in found.left_out.items()),
        )
    if found.gain is not None:
        yield "  gain", f"about {found.gain:+.1f} dB of PSNR from denoising, {found.gain_basis}"


def _pages(found: "Findings") -> str:
    """Say how many there are, and whether those of a stack show the same."""
    stacks = f"{found.stacks} stack{'s' * (found.stacks > 1)}"
    kinds = {"still scenes": found.still, "slices or moments": found.stacks - found.still}
    named = _counts({name: count for name, count in kinds.items() if count})
    return f"{found.pages} in {stacks}: {named}; the noise is that of the first of each"


def _noise(found: "Findings") -> Iterator[tuple[str, str]]:
    noise = found.noise
    if noise.median is not None:
        unknown = f"; {noise.unknown} cannot be told" if noise.unknown else ""
        yield (
            "  noise /255",
            f"median {noise.median:.1f}, most from {noise.low:.1f} to {noise.high:.1f}{unknown}",
        )
        for name, count in noise.bands.items():
            if count:
                bar = "#" * max(1, round(_BAR * count / noise.known))
                yield "", f"{name:>11} {count:>5} {bar}"
    elif noise.unknown:
        yield "  noise", f"cannot be told of any of {noise.unknown}"
    if noise.kinds:
        yield "  kind", _counts(noise.kinds)


def _pair(pairs: "FoundPairs") -> str:
    parts = [f"{pairs.count} by name, {pairs.noisy} and {pairs.clean}"]
    parts.append(f"{pairs.alike} of {pairs.compared} compared show the same")
    if pairs.difference is not None:
        parts.append(f"they differ by {pairs.difference:.1f}/255")
    if pairs.two_noisy:
        parts.append("both are noisy")
    if pairs.gain is not None:
        parts.append(f"denoising gains {pairs.gain:+.1f} dB")
    return "; ".join(parts)


def _training(found: "Findings") -> Iterator[str]:
    for way in found.ways:
        yield f"{way.name}: {way.text}"
    if any(way.ready for way in found.ways) and found.training_seconds:
        minutes = found.training_seconds / 60
        yield f"As many steps as the recipe photos has take about {minutes:.0f} min here."


def _counts(found: Mapping[str, int]) -> str:
    named = [f"{name} ({count})" for name, count in islice(found.items(), MOST_NAMED)]
    more = len(found) - MOST_NAMED
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")
