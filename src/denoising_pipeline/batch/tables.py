"""What became of all files: a table on the terminal, CSV and JSON."""

import csv
import io
import json
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import fields
from itertools import islice
from pathlib import PurePath
from typing import IO, TYPE_CHECKING, Any

from denoising_pipeline.batch.results import FileResult, shown
from denoising_pipeline.batch.scores import SCORES

if TYPE_CHECKING:
    from rich.console import Group

MOST_ROWS = 200
"""Of the table; files that went well are left out first."""

COLUMNS = [each.name for each in fields(FileResult) if each.name != "thumbnails"]
"""Of CSV, JSON and the table of Kedro."""


def table_of(results: Collection[FileResult]) -> "Group":
    """Return what the terminal shows: a table of figures, a row per file, and words beneath.

    Words have the whole width: a column for them has none beside the figures, where a terminal is
    80 characters wide. Files are in the order of the results.
    """
    from rich.console import Group
    from rich.markup import escape
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    table = Table(show_edge=False, pad_edge=False)
    table.add_column("file", overflow="fold")
    rows = _most_telling(results)
    scored = ["measured"] * any(result.psnr_after is not None for result in rows)
    for name in ("size", "kind", "MP/s", "noise /255", "predicted PSNR", *scored):
        table.add_column(name, justify="right", no_wrap=True)
    said: list[Text | Padding] = []
    for result in rows:
        cells = (
            shown(result.source),
            result.extent,
            _kind(result),
            "" if result.speed is None else f"{result.speed:.2f}",
            _noise(result) + ("" if result.gain is None else f"\ngain {result.gain:.2g}"),
            _psnr(result),
            *(_measured(result) for _ in scored),
        )
        style = {"failed": "red", "skipped": "dim"}.get(result.status, "")
        table.add_row(*map(escape, cells), style=style)
        said.append(Text(f"{shown(result.source)}: {outcome_of(result)}", style))
        said += [Padding(Text(warning, style), (0, 0, 0, 2)) for warning in result.warnings]
    return Group(table, *said)


def outcome_of(result: FileResult) -> str:
    """Say in a few words what became of a file."""
    if result.status == "done":
        return f"-> {shown(result.target.name)}" if result.target else "done"
    return f"{result.status}: {result.reason}"


def line_of(result: FileResult) -> str:
    """Say on one line what became of a file."""
    facts = [
        f"{result.extent}, {_kind(result)}" if result.width else "",
        f"noise {_noise(result)}/255" if _noise(result) else "",
        "" if result.gain is None else f"gain {result.gain:.2g}",
        _measured(result).replace("\n", ", "),
        f"{result.seconds:.1f} s" if result.seconds else "",
    ]
    said = ", ".join(filter(None, facts))
    line = f"{shown(result.source)}: {outcome_of(result)}" + (f" ({said})" if said else "")
    return " ".join((line, *result.warnings))


def sum_of(results: Iterable[FileResult], seconds: float) -> str:
    """Say how many files were done, skipped and failed, and how fast."""
    counts: Counter[str] = Counter()
    megapixels = 0.0
    for result in results:
        counts[result.status] += 1
        megapixels += result.megapixels if result.status == "done" else 0
    parts = [f"{counts[status]} {status}" for status in ("done", "skipped", "failed")]
    speed = f", {megapixels / seconds:.2f} MP/s" if megapixels and seconds else ""
    return f"{', '.join(parts)}; {megapixels:.1f} megapixels in {seconds:.1f} s{speed}."


def write_csv(results: Iterable[FileResult], file: IO[bytes]) -> None:
    """Write a table in CSV, UTF-8, a row per file; empty cells are not known."""
    text = io.TextIOWrapper(file, "utf-8", newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for result in results:
        plain = row_of(result)
        writer.writerow({**plain, "warnings": " | ".join(plain["warnings"])})
    text.detach()


def write_json(results: Iterable[FileResult], file: IO[bytes]) -> None:
    """Write a list of objects in JSON, one per file; null is not known."""
    before = b"[\n"
    for result in results:
        row = json.dumps(row_of(result), indent=1, ensure_ascii=False, allow_nan=False)
        file.write(before + row.encode())
        before = b",\n"
    file.write(b"\n]\n" if before == b",\n" else b"[]\n")


def row_of(result: FileResult) -> dict[str, Any]:
    """Return what is known of a file in plain values, names as they can be printed."""
    values = {name: getattr(result, name) for name in COLUMNS}
    return {
        name: shown(value) if isinstance(value, PurePath) else value
        for name, value in values.items()
    }


def _most_telling(results: Collection[FileResult]) -> list[FileResult]:
    if len(results) <= MOST_ROWS:
        return list(results)
    telling = (result for result in results if result.status != "done" or result.warnings)
    return list(islice(telling, MOST_ROWS))


def _kind(result: FileResult) -> str:
    pages = f" x{result.pages}" if result.pages > 1 else ""
    return f"{result.format} {result.mode} {result.depth}{pages}".strip()


def _noise(result: FileResult) -> str:
    return "" if result.sigma is None else f"{255 * result.sigma:.1f}"


def _psnr(result: FileResult) -> str:
    if result.psnr is None:
        return ""
    if result.psnr_low is None or result.psnr_high is None:
        return f"{result.psnr:.1f}"
    return f"{result.psnr:.1f} ({result.psnr_low:.1f} to {result.psnr_high:.1f})"


def _measured(result: FileResult) -> str:
    """Return the scores against a clean partner, before and after, a line for each kind."""
    lines = []
    for name, (label, digits) in SCORES.items():
        before, after = (getattr(result, f"{name}_{when}") for when in ("before", "after"))
        if before is not None and after is not None:
            lines.append(f"{label.split()[0]} {before:.{digits}f} -> {after:.{digits}f}")
    return "\n".join(lines)
