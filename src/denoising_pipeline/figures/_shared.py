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
from denoising_pipeline.images.sets import ImageSet

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


def message(text: str) -> Figure:
    """Draw nothing but a line of text: what a figure says when there is nothing to show."""
    return new_figure(4.5, 0.8, text)


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


def check_images(images: Mapping[str, Images | ImageSet]) -> None:
    """Refuse anything but collections of the same sizes of float images, and empty ones.

    Args:
        images: Collection by name: arrays NHWC or sets, C in {1, 3}.

    Raises:
        ValueError: If a shape or dtype is wrong, or shapes differ; names the collection.
    """
    first, expected = next(iter(images.items()))
    for name, batch in images.items():
        shape = _shape(batch)
        if len(shape) != 4 or shape[-1] not in (1, 3) or 0 in shape:  # noqa: PLR2004
            raise ValueError(
                f"{name}: expected at least one image, NHWC with 1 or 3 channels, got shape {shape}"
            )
        if not isinstance(batch, ImageSet) and not np.issubdtype(batch.dtype, np.floating):
            raise ValueError(f"{name}: expected floats in [0, 1], got {batch.dtype}; rescale first")
        if shape[:3] != _shape(expected)[:3]:
            raise ValueError(f"{name}: shape {shape} differs from {first}: {_shape(expected)}")
        if not np.array_equal(_sizes(batch), _sizes(expected)):
            raise ValueError(f"{name}: the sizes of the images differ from those of {first}")


def _sizes(images: Images | ImageSet) -> npt.NDArray[np.int64]:
    return ImageSet.of(images).shapes[:, :2]


def _shape(images: Images | ImageSet) -> tuple[int, ...]:
    """Return the shape of an array, and for a set that of an array around its largest image."""
    if not isinstance(images, ImageSet):
        return images.shape
    return len(images), *images.shapes.max(axis=0, initial=0).tolist()


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
