"""What all figures have in common: the canvas, the colours and the checks of what comes in."""

import textwrap
from collections.abc import Iterable, Mapping, Sized
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from denoising_pipeline.images.arrays import Images

# Okabe & Ito, "Color Universal Design" (2008): told apart with any kind of colour vision. Markers,
# line styles and hatches say the same a second time, for a black-and-white print.
BEFORE = "#D55E00"
AFTER = "#0072B2"
GREEN = "#009E73"
INK = "#404040"

SMALL = 8
DPI = 110
CHARACTERS_PER_INCH = 11


def new_figure(width: float, height: float, title: str) -> Figure:
    """Return an empty figure with its title, wrapped to the width.

    Args:
        width: Width in inches.
        height: Height in inches.
        title: Title above everything else.
    """
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    figure.suptitle(textwrap.fill(title, int(width * CHARACTERS_PER_INCH)), fontsize=11)
    return figure


def draw_intervals(
    ax: Axes, positions: npt.ArrayLike, table: pd.DataFrame, key: str, **style: Any
) -> None:
    """Draw values with their intervals.

    Args:
        ax: Where to draw.
        positions: x of each row.
        table: Columns `key`, `<key>_ci_low` and `<key>_ci_high`.
        key: What to draw.
        **style: Further arguments of `Axes.errorbar`.
    """
    value, low, high = (table[f"{key}{end}"].to_numpy() for end in ("", "_ci_low", "_ci_high"))
    # Rounding may put the end of an interval of no width on the wrong side of its value.
    spread = np.maximum([value - low, high - value], 0)
    ax.errorbar(positions, value, spread, **style)


def check_images(images: Mapping[str, Images]) -> None:
    """Refuse anything but equally shaped batches of float images, and empty ones.

    Args:
        images: Batch by name; float, NHWC, values in [0, 1], C in {1, 3}.

    Raises:
        ValueError: If a shape or dtype is wrong, or shapes differ; names the batch.
    """
    first, expected = next((name, batch.shape) for name, batch in images.items())
    for name, batch in images.items():
        if batch.ndim != 4 or batch.shape[-1] not in (1, 3) or 0 in batch.shape:  # noqa: PLR2004
            raise ValueError(
                f"{name}: expected at least one image, NHWC with 1 or 3 channels, "
                f"got shape {batch.shape}"
            )
        if not np.issubdtype(batch.dtype, np.floating):
            raise ValueError(f"{name}: expected floats in [0, 1], got {batch.dtype}; rescale first")
        if batch.shape != expected:
            raise ValueError(f"{name}: shape {batch.shape} differs from {first}: {expected}")


def check_length(name: str, values: Sized, count: int) -> None:
    """Refuse anything that does not have one entry per image.

    Raises:
        ValueError: If the length is not `count`; names the argument and both lengths.
    """
    if len(values) != count:
        raise ValueError(f"{name}: {len(values)} entries for {count} images; give one per image")


def check_table(name: str, table: pd.DataFrame, columns: Iterable[str]) -> None:
    """Refuse a table that is empty or lacks a column.

    Raises:
        ValueError: If there is no row or a column is missing; names the table and the columns.
    """
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise ValueError(
            f"{name}: missing column(s) {', '.join(missing)}; there are: "
            f"{', '.join(map(str, table.columns))}"
        )
    if table.empty:
        raise ValueError(f"{name}: the table has no rows; there is nothing to draw")
