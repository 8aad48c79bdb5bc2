"""A page with maps of images on the plane, each image shown where the pointer is."""

import json
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from denoising_pipeline.core.pages import environment
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.report.pictures import png

SIDE = 64
"""Pixels to each side of an image that are shown at most: of larger ones every second, say."""

DIGITS = 3
"""Decimals of a place; a map is drawn on less than a thousand pixels."""


class Map(NamedTuple):
    """Where a method puts each image.

    Attributes:
        name: Of the method.
        places: (N, 2).
        facts: What was measured of it, a short text each.
    """

    name: str
    places: npt.NDArray[np.floating]
    facts: Sequence[str]


def render_map(
    maps: Sequence[Map], images: Images, titles: Sequence[str], groups: Sequence[str], note: str
) -> str:
    """Write the page. Pictures, style and script are inside it, and it may fetch nothing.

    Args:
        maps: Side by side.
        images: float32 (N, H, W, C) in [0, 1], C in {1, 3}; all of them lie in one picture.
        titles: Of each image.
        groups: Of each image, such as its label: each has a colour, and can be left out.
        note: What there is to say of it.

    Returns:
        An HTML document.
    """
    step = math.ceil(max(images.shape[1:3]) / SIDE)
    shown = images[:, ::step, ::step]
    atlas, columns = _atlas(shown)
    names = sorted(set(groups), key=lambda name: (len(name), name))
    data = {
        "titles": list(titles),
        "groups": [names.index(name) for name in groups],
        "maps": [{"name": each.name, "places": _on_unit_square(each.places)} for each in maps],
        "columns": columns,
        "height": shown.shape[1],
        "width": shown.shape[2],
    }
    template = environment(__package__).get_template("projection_map.html.jinja")
    return template.render(
        maps=maps, groups=names, count=len(images), note=note, atlas=png(atlas), data=_script(data)
    )


def _script(data: dict[str, Any]) -> str:
    """Return JSON that cannot end the script in which it stands."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


def _atlas(images: Images) -> tuple[Images, int]:
    """Return all images in rows of one picture, and how many stand in a row."""
    count, height, width, channels = images.shape
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    cells = np.zeros((rows * columns, height, width, channels), np.float32)
    cells[:count] = images
    grid = cells.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    return grid.reshape(rows * height, columns * width, channels), columns


def _on_unit_square(places: npt.NDArray[np.floating]) -> list[list[float]]:
    """Return places between 0 and 1, both axes on one scale, so that distances can be compared."""
    low, high = places.min(0), places.max(0)
    scale = float((high - low).max()) or 1.0
    middle = (places - (low + high) / 2) / scale + 0.5
    return [[round(float(value), DIGITS) for value in place] for place in middle]
