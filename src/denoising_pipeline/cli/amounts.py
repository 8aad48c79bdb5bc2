"""Amounts as people write them: 2G, 500M, 1.5e9."""

import re
from typing import Any

import click

_UNITS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}
_FORM = re.compile(r"(\d+(?:\.\d*)?(?:e\d+)?) ?([KMGT]?)(i?B)?", re.IGNORECASE)


class Amount(click.ParamType[int]):
    """A number with K, M, G or T behind it."""

    name = "amount"

    def __init__(self, base: int) -> None:
        """Choose what K is.

        Args:
            base: 1000, or 1024 for bytes of memory.
        """
        self.base = base

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read an amount; it is at least 1."""
        if isinstance(value, int):
            return value
        found = _FORM.fullmatch(str(value).strip())
        amount = float(found[1]) * self.base ** _UNITS[found[2].upper()] if found else 0
        if not 1 <= amount < float("inf"):
            self.fail(f"{value!r} is no amount; write it as 2G or 500M.", param, ctx)
        return int(amount)
