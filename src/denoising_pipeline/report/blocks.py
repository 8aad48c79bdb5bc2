"""What a section is made of. The page's template has a macro for each kind."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from denoising_pipeline.report.tables import Table

LETTER_PERCENT = 2.4
"""Width of a letter on a phone, in percent of the page."""


@dataclass(frozen=True)
class Text:
    """A paragraph.

    Attributes:
        text: Plain text.
    """

    kind: ClassVar[str] = "text"
    text: str


@dataclass(frozen=True)
class Alert:
    """A paragraph that nobody may overlook.

    Attributes:
        text: Plain text.
    """

    kind: ClassVar[str] = "alert"
    text: str


@dataclass(frozen=True)
class Code:
    """Commands to be copied.

    Attributes:
        text: One command a line.
    """

    kind: ClassVar[str] = "code"
    text: str


@dataclass(frozen=True)
class Links:
    """What to read further, or to open elsewhere.

    Attributes:
        title: Heading; may be empty.
        items: (address, name, what is said of it) of each.
    """

    kind: ClassVar[str] = "links"
    title: str
    items: Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Figures:
    """Key figures side by side.

    Attributes:
        items: (name, value, remark) of each.
    """

    kind: ClassVar[str] = "figures"
    items: Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Scale:
    """A line with a few named positions on it.

    Attributes:
        title: What is measured, with its unit.
        points: (name, value) of each, in any order.
        chosen: Name of the one that stands out; the line is filled from the lowest up to it.
    """

    kind: ClassVar[str] = "scale"
    title: str
    points: Sequence[tuple[str, float]]
    chosen: str

    @property
    def placed(self) -> list[tuple[str, str, float, int]]:
        """(name, value in words, position in percent, row of its words), from low to high."""
        values = [value for _, value in self.points]
        low, width = min(values), (max(values) - min(values)) or 1.0
        ends: list[float] = []
        found = []
        for name, value in sorted(self.points, key=lambda point: point[1]):
            place = 100 * (value - low) / width
            row = 0 if name == self.chosen else self._row(ends, place, f"{name} {value:.2f}")
            found.append((name, f"{value:.2f}", place, row))
        return found

    @staticmethod
    def _row(ends: list[float], place: float, words: str) -> int:
        """Return the first row in which words do not cover others, as on a phone."""
        wide = LETTER_PERCENT * len(words)
        start = place * (1 - wide / 100)
        row = next((row for row, end in enumerate(ends) if end < start), len(ends))
        ends[row : row + 1] = [start + wide]
        return row


@dataclass(frozen=True)
class Picture:
    """An image in its three states.

    Attributes:
        title: What it is.
        states: (name, lines of caption, PNG as data URI) of each state.
        sounds: WAV as data URI by name of a state, of recordings that can be listened to.
    """

    title: str
    states: Sequence[tuple[str, Sequence[str], str]]
    sounds: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Gallery:
    """Pictures under a heading.

    Attributes:
        title: Heading; may be empty.
        pictures: The pictures.
    """

    kind: ClassVar[str] = "gallery"
    title: str
    pictures: Sequence[Picture]


@dataclass(frozen=True)
class Sheet:
    """The same images in rows under each other.

    Attributes:
        title: What it shows.
        rows: (name, lines about it, its images in one PNG as data URI) of each row.
        chosen: Name of the one that stands out; may be empty.
    """

    kind: ClassVar[str] = "sheet"
    title: str
    rows: Sequence[tuple[str, Sequence[str], str]]
    chosen: str = ""


@dataclass(frozen=True)
class Drawing:
    """A figure as it was drawn for paper.

    Attributes:
        title: What it shows.
        uri: PNG as data URI.
    """

    kind: ClassVar[str] = "drawing"
    title: str
    uri: str


@dataclass(frozen=True)
class Series:
    """What a chart draws in one colour, line style and marker.

    Attributes:
        name: Written beside it.
        values: A number per position; None where there is none to draw.
        strong: Whether it is what the chart is about (a full line), or what that is compared to
            (a dashed one).
        faint: Whether it is what that is compared to in turn (a dotted one).
        low: Lower ends of intervals.
        high: Upper ends of intervals.
    """

    name: str
    values: Sequence[float | None]
    strong: bool = True
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    faint: bool = False


@dataclass(frozen=True)
class Chart:
    """An interactive chart. What it shows has to stand in a table as well.

    Attributes:
        title: Its caption.
        shape: `"line"`, `"bars"` (a histogram) or `"points"` (categories).
        x_title: What the positions are.
        y_title: What the values are, with their unit.
        x: Positions in ascending order; of bars, their middles, equally far apart.
        series: What is drawn.
        digits: Decimals that values are read with.
        names: What the positions are called, where they are no numbers.
        marks: (position, text) of vertical lines.
    """

    kind: ClassVar[str] = "chart"
    title: str
    shape: str
    x_title: str
    y_title: str
    x: Sequence[float]
    series: Sequence[Series]
    digits: int = 2
    names: Sequence[str] | None = None
    marks: Sequence[tuple[float, str]] = ()

    @property
    def data(self) -> dict[str, Any]:
        """What the script of the page draws."""
        return asdict(self)


@dataclass(frozen=True)
class Charts:
    """Small charts side by side.

    Attributes:
        charts: The charts.
    """

    kind: ClassVar[str] = "charts"
    charts: Sequence[Chart]


Words = Text | Alert | Code | Links
Pictures = Gallery | Sheet | Drawing
Numbers = Figures | Scale | Table | Chart | Charts
Block = Words | Pictures | Numbers


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        key: Its anchor: lower-case letters and hyphens.
        title: Its heading.
        blocks: What it says.
        verdict: The same in one sentence, for the top of the page; may be empty.
    """

    key: str
    title: str
    blocks: Sequence[Block]
    verdict: str = ""
