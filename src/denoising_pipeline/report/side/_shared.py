"""What sections of other pipelines have in common."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from denoising_pipeline.core.pages import data_uri
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import middle_of
from denoising_pipeline.report.blocks import Picture, Series
from denoising_pipeline.report.pictures import png

MOST = 3
"""Things that a sentence names; others are counted."""

SIDE = 96
"""Pixels of an image that are shown at most, to each side."""


def listed(names: Sequence[str]) -> str:
    """Return names as a sentence has them: the first few, and how many others."""
    shown = ", ".join(names[:MOST])
    return shown if len(names) <= MOST else f"{shown} and {len(names) - MOST} more"


def line(
    name: str,
    values: Sequence[float | None],
    style: str,
    low: Sequence[float] | None = None,
    high: Sequence[float] | None = None,
) -> Series:
    """Return what a chart draws.

    Args:
        name: Written beside it.
        values: A number per position.
        style: `"strong"`, `"weak"` or `"faint"`: see `Series`.
        low: Lower ends of intervals.
        high: Upper ends of intervals.
    """
    return Series(name, values, style == "strong", low, high, style == "faint")


def series(table: pd.DataFrame, key: str, name: str, style: str) -> Series:
    """Return a column with its intervals as a chart has them; what is not known is left out."""
    mean, low, high = (table[f"{key}{end}"].to_numpy(float) for end in ("", "_ci_low", "_ci_high"))
    known = np.isfinite(mean)
    values = [float(value) if there else None for value, there in zip(mean, known, strict=True)]
    if not known.all():
        return line(name, values, style)
    return line(name, values, style, low.tolist(), high.tolist())


def cut(images: Images, side: int = SIDE) -> Images:
    """Return the middles of images."""
    return images[:, *middle_of(images.shape[1:], side, side).slices]


def strip(images: Images) -> str:
    """Return images side by side in one PNG, as data URI."""
    return png(np.concatenate(list(np.clip(cut(images), 0, 1)), axis=1))


def pictures(
    stages: Mapping[str, Images], titles: Sequence[str], captions: Mapping[str, Sequence[str]]
) -> list[Picture]:
    """Return a picture for each image, in all of its stages.

    Args:
        stages: float32 (N, H, W, C) in [0, 1] by name of the stage.
        titles: What each image is called.
        captions: A line for each image, by name of the stage; of others none.
    """
    shown = {name: np.clip(cut(images), 0, 1) for name, images in stages.items()}
    return [
        Picture(
            title,
            [
                (name, [captions[name][place]] if name in captions else [], png(images[place]))
                for name, images in shown.items()
            ],
        )
        for place, title in enumerate(titles)
    ]


def drawn(figure: Figure) -> str:
    """Return a figure as PNG, as data URI."""
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return data_uri(file.getvalue(), "image/png")


def share(value: float) -> str:
    """Return a share in percent."""
    return f"{value:.1%}"


def ends(row: Mapping[Any, Any], key: str) -> str:
    """Return an interval of shares in words."""
    return f"{row[f'{key}_ci_low']:.1%} to {row[f'{key}_ci_high']:.1%}"
