"""Tables of a report: their columns, and how numbers and options are written in them."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import pandas as pd

UNKNOWN = "\N{EN DASH}"


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
        chosen: Words of the first cell of the row that stands out.
    """

    kind: ClassVar[str] = "table"
    title: str
    columns: Sequence[Column]
    folded: bool = False
    chosen: str | None = None

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
    return Column(title, found, [_written(value, form) for value in found])


def _written(value: Any, form: str) -> str:
    """Return a number as text; what is not known is a dash."""
    return UNKNOWN if isinstance(value, float) and math.isnan(value) else format(value, form)


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
    return Column(title, lows, list(map(partial(between, form=form), lows, highs)))


def between(low: float, high: float, form: str) -> str:
    """Return an interval in words."""
    return UNKNOWN if math.isnan(low) else f"{low:{form}} to {high:{form}}"
