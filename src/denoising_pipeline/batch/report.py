"""What became of a folder, as one page of HTML that needs nothing but itself."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from fsspec.implementations.local import LocalFileSystem

from denoising_pipeline.batch.pictures import Pictures, fitted
from denoising_pipeline.batch.results import FileResult, shown
from denoising_pipeline.batch.scores import SCORES, means
from denoising_pipeline.batch.thumbnails import pictured
from denoising_pipeline.core.files import atomic_write
from denoising_pipeline.core.pages import environment

MOST_BYTES = 9_500_000
"""Of all pictures of a page together."""

MOST_OF_ONE = 600_000
"""Bytes of the pictures of one file, at most."""

MOST_LISTED = 2000
"""Files of each status that have a row, beside those with pictures."""

SETTINGS = ("model", "strength", "sigma", "fast", "best", "format", "output", "against")
"""Options that the page tells, where they are given."""

_MINUTE, _HOUR = 60, 3600


@dataclass(frozen=True)
class Entry:
    """A file as the page shows it.

    Attributes:
        key: Its anchor.
        result: What became of it.
        pictures: None: it has none.
    """

    key: str
    result: FileResult
    pictures: Pictures | None

    @property
    def name(self) -> str:
        """What people call it, on one line."""
        return shown(self.result.source)

    @property
    def kind(self) -> str:
        """Such as "8 bit RGB PNG"."""
        found = self.result
        return " ".join(part for part in (found.depth, found.mode, found.format) if part)

    @property
    def size(self) -> str:
        """Width and height, and the pages if there are several."""
        found = self.result
        pages = f", {found.pages} pages" if found.pages > 1 else ""
        return found.extent.replace("x", "\N{MULTIPLICATION SIGN}") + pages

    @property
    def noise(self) -> str:
        """Noise level on the scale of 8 bits."""
        return "" if self.result.sigma is None else f"{255 * self.result.sigma:.1f}"

    @property
    def psnr(self) -> str:
        """Predicted PSNR."""
        return "" if self.result.psnr is None else f"{self.result.psnr:.1f}"

    @property
    def interval(self) -> str:
        """Where the PSNR lies, as far as is known."""
        low, high = self.result.psnr_low, self.result.psnr_high
        return "" if low is None or high is None else f"{low:.1f} to {high:.1f}"


def write_report(
    results: Collection[FileResult],
    file: Path,
    settings: Mapping[str, Any] | None = None,
    seconds: float | None = None,
) -> None:
    """Write the report of a batch.

    Pictures, style and script are inside the page, and it may fetch nothing. All pictures together
    take at most `MOST_BYTES`, however many files there are.

    Args:
        results: What became of each file; `thumbnails.MOST_PICTURED` of them are shown with
            pictures, and `MOST_LISTED` of each status listed, at most.
        file: Where the page is written; it appears whole or not at all.
        settings: Options of the command or of `inference`, of which `SETTINGS` are told.
        seconds: That all of it took; None: the sum over the files.

    Raises:
        OSError: The file cannot be written.
    """
    page = render(results, settings or {}, seconds)
    with atomic_write(LocalFileSystem(), str(file)) as opened:
        opened.write(page.encode())


def render(
    results: Collection[FileResult], settings: Mapping[str, Any], seconds: float | None = None
) -> str:
    """Return the page; arguments as for `write_report`."""
    counts: Counter[str] = Counter()
    megapixels = took = 0.0
    for result in results:
        counts[result.status] += 1
        megapixels += result.megapixels
        took += result.seconds
    seconds = took if seconds is None else seconds
    entries = _entries(results)
    return (
        environment(__package__)
        .get_template("report.html.jinja")
        .render(
            entries=entries,
            counts=counts,
            files=counts.total(),
            skipped=[entry for entry in entries if entry.result.status == "skipped"],
            failed=[entry for entry in entries if entry.result.status == "failed"],
            pictured=[entry for entry in entries if entry.pictures],
            means=means(results),
            scores=SCORES,
            megapixels=megapixels,
            time=duration(seconds),
            seconds=seconds,
            settings={
                name: shown(str(settings[name]))
                for name in SETTINGS
                if settings.get(name) is not None
            },
            written=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"),
        )
    )


def duration(seconds: float) -> str:
    """Return a time in words, such as "3 min 20 s"."""
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    if round(seconds) < _HOUR:
        return f"{round(seconds) // 60} min {round(seconds) % 60} s"
    return f"{round(seconds / 60) // 60} h {round(seconds / 60) % 60} min"


def _entries(results: Collection[FileResult]) -> list[Entry]:
    """Return those that are listed, however many there are."""
    having = [number for number, result in enumerate(results) if result.thumbnails]
    chosen = {having[position] for position in pictured(len(having))}
    budget = min(MOST_OF_ONE, MOST_BYTES // max(1, len(chosen)))
    entries, listed = [], Counter[str]()
    for number, result in enumerate(results):
        shows = number in chosen
        if shows or listed[result.status] < MOST_LISTED:
            listed[result.status] += 1
            pictures = fitted(result.thumbnails, budget) if shows and result.thumbnails else None
            entries.append(Entry(f"file-{number + 1}", result, pictures))
    return entries
