"""What a section is made of. The page's template has a macro for each kind."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

import pandas as pd


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
    def placed(self) -> list[tuple[str, str, float]]:
        """(name, value in words, position in percent) of each point, from low to high."""
        values = [value for _, value in self.points]
        low, width = min(values), (max(values) - min(values)) or 1.0
        ordered = sorted(self.points, key=lambda point: point[1])
        return [(name, f"{value:.2f}", 100 * (value - low) / width) for name, value in ordered]


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
class Column:
    """A column of a table.

    Attributes:
        title: Its heading.
        values: What it is sorted by.
        texts: What it shows.
        numeric: Whether these are numbers.
    """

    title: str
    values: Sequence[Any]
    texts: Sequence[str]
    numeric: bool = True


@dataclass(frozen=True)
class Table:
    """A table that sorts.

    Attributes:
        title: Its caption.
        columns: Equally long columns; the first names the row.
        folded: Whether it is opened on demand.
    """

    kind: ClassVar[str] = "table"
    title: str
    columns: Sequence[Column]
    folded: bool = False

    @property
    def rows(self) -> Iterable[tuple[tuple[Any, str, bool], ...]]:
        """(value, text, whether it is a number) of each cell, row by row."""
        cells = (
            [(value, text, column.numeric) for value, text in pairs]
            for column in self.columns
            for pairs in [zip(column.values, column.texts, strict=True)]
        )
        return zip(*cells, strict=True)


def words(title: str, texts: Iterable[Any]) -> Column:
    """Return a column of words."""
    shown = [str(text) for text in texts]
    return Column(title, shown, shown, numeric=False)


def numbers(title: str, values: Iterable[Any], form: str) -> Column:
    """Return a column of numbers in a certain format, such as `".2f"`."""
    found = list(values)
    return Column(title, found, [format(value, form) for value in found])


def pairs(title: str, name: str, given: Mapping[str, Any], *, folded: bool = False) -> Table:
    """Return a table of names and values, these as the configuration files have them."""
    return Table(title, [words(name, given), words("value", map(plain, given.values()))], folded)


def options(component: Mapping[str, Any]) -> str:
    """Return the name and every option of a part that the parameters choose by its name."""
    parts = [f"{key} {plain(value)}" for key, value in component.items() if key != "name"]
    return ", ".join([component["name"], *parts])


def plain(value: Any) -> str:
    """Return a value as the configuration files have it."""
    return value if isinstance(value, str) else json.dumps(value)


def intervals(title: str, table: pd.DataFrame, key: str, form: str) -> Column:
    """Return a column of intervals, sorted by their lower ends.

    Args:
        title: Heading.
        table: Has the columns `<key>_ci_low` and `<key>_ci_high`.
        key: The score.
        form: Format of both ends.
    """
    lows, highs = table[f"{key}_ci_low"].tolist(), table[f"{key}_ci_high"].tolist()
    texts = [f"{low:{form}} to {high:{form}}" for low, high in zip(lows, highs, strict=True)]
    return Column(title, lows, texts)


@dataclass(frozen=True)
class Series:
    """What a chart draws in one colour, line style and marker.

    Attributes:
        name: Written beside it.
        values: A number per position; None where there is none to draw.
        strong: Whether it is what the chart is about (a full line), or what that is compared to
            (a dashed one).
        low: Lower ends of intervals.
        high: Upper ends of intervals.
    """

    name: str
    values: Sequence[float | None]
    strong: bool = True
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None


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


Block = Text | Alert | Code | Figures | Scale | Gallery | Table | Chart


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        key: Its anchor: lower-case letters and hyphens.
        title: Its heading.
        blocks: What it says.
    """

    key: str
    title: str
    blocks: Sequence[Block]
