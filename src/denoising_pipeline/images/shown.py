"""Images as they are shown to people: which part of them, and what they are called."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet, Window

SIDE = 128
"""Pixels that are shown at most, to each side, of images of different sizes."""


def middle(images: ImageSet, position: int, height: int, width: int) -> Images:
    """Read the middle of an image, and no other part of it.

    Making it smaller instead would average its noise away.

    Args:
        images: The images.
        position: Which of them.
        height: Rows that are read at most.
        width: Columns that are read at most.

    Returns:
        float32 (h, w, C) in [0, 1].
    """
    whole = images.shape(position)
    rows, columns = min(height, whole[0]), min(width, whole[1])
    window = Window((whole[0] - rows) // 2, (whole[1] - columns) // 2, rows, columns)
    return images.read(position, window)


def excerpt(images: Images | ImageSet, count: int, side: int = SIDE) -> Images:
    """Return the first images as an array.

    Args:
        images: The collection; one or more.
        count: How many; fewer if there are fewer.
        side: Rows and columns that are taken at most of images of different sizes.

    Returns:
        float32 (n, H, W, C): whole images of an array; of a set the middles, all of one size.
    """
    if not isinstance(images, ImageSet):
        return images[:count]
    height, width = np.minimum(images.shapes[:count, :2].min(axis=0), side).tolist()
    shown = range(min(count, len(images)))
    return np.stack([middle(images, position, height, width) for position in shown])


def image_titles(rows: pd.DataFrame, *, numbered: bool = False) -> list[str]:
    """Return what each image is called: by its file and its label, as far as it has them.

    Args:
        rows: A row per image: `index`; `name` of the file and `label` may be absent or missing.
        numbered: Whether the index comes first; it stands in any case if there is nothing else.

    Returns:
        Titles such as `"label 7"`, `"#3, label 7"` or `"boat.png"`.
    """
    return [_title(row, numbered) for row in rows.to_dict("records")]


def _title(row: Mapping[Hashable, Any], numbered: bool) -> str:
    known = {key: row[key] for key in ("name", "label") if key in row and not pd.isna(row[key])}
    parts = [str(known["name"])] if "name" in known else []
    parts += [f"label {known['label']:g}"] if "label" in known else []
    number = [f"#{row['index']:g}"] if numbered or not parts else []
    return ", ".join([*number, *parts])
