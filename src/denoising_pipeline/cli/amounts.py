"""Options that are amounts as people write them: 2G, 500M, 1.5e9."""

from typing import Any

import click

from denoising_pipeline.core.amounts import amount


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
        try:
            return amount(str(value), self.base)
        except ValueError as error:
            self.fail(f"{value!r}: {error}.", param, ctx)
