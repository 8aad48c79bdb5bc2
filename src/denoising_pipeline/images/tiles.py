"""Parts of a large image that are processed one by one, and give what the whole would give."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from denoising_pipeline.images.sets import Window


class Tile(NamedTuple):
    """What is read of an image, and the part within it whose result is kept."""

    read: Window
    keep: Window

    @property
    def kept(self) -> Window:
        """Where in what was read the part lies that is kept."""
        top, left, height, width = self.keep
        return Window(top - self.read.top, left - self.read.left, height, width)


def tiles(
    height: int, width: int, size: tuple[int, int], context: int, multiples: tuple[int, int]
) -> Iterator[Tile]:
    """Yield tiles whose kept parts cover an image once, row by row.

    Args:
        height: Of the image, in pixels.
        width: Likewise.
        size: Rows and columns that are kept, of these multiples; fewer at the image's end.
        context: Pixels around what is kept that have to be read as well, where the image has them.
        multiples: Of rows and of columns: what is read begins at them, and ends there or with the
            image.

    Yields:
        The tiles. Both windows lie within the image.
    """
    rows, columns = size
    above, beside = (round_up(context, multiple) for multiple in multiples)
    for top in range(0, height, rows):
        for left in range(0, width, columns):
            first_row, first_column = max(top - above, 0), max(left - beside, 0)
            end_row = min(top + rows + above, height)
            end_column = min(left + columns + beside, width)
            yield Tile(
                Window(first_row, first_column, end_row - first_row, end_column - first_column),
                Window(top, left, min(rows, height - top), min(columns, width - left)),
            )


def tile_size(
    height: int, width: int, limit: int, context: int, multiples: tuple[int, int]
) -> tuple[int, int]:
    """Return the largest size of tiles that read no more than so many pixels.

    Tiles are as wide or as high as the image if that is less than a square would be, else about
    square, and equal but for the last ones.

    Args:
        height: Of the image, in pixels.
        width: Likewise.
        limit: Pixels that a tile reads at most, padded to multiples; `least_pixels` or more.
        context: As for `tiles`.
        multiples: Likewise; equal, or of images of one row any.

    Returns:
        Rows and columns that a tile keeps; those of the padded image, if it is within the limit.
    """
    rows, columns = round_up(height, multiples[0]), round_up(width, multiples[1])
    if rows * columns <= limit:
        return rows, columns
    side = math.isqrt(limit)
    above, beside = (2 * round_up(context, multiple) for multiple in multiples)
    if columns <= side:
        return _even(rows, limit // columns - above, multiples[0]), columns
    if rows <= side:
        return rows, _even(columns, limit // rows - beside, multiples[1])
    return _even(rows, side - above, multiples[0]), _even(columns, side - beside, multiples[1])


def least_pixels(height: int, width: int, context: int, multiples: tuple[int, int]) -> int:
    """Return the pixels that the smallest tile of an image reads; arguments as for `tile_size`."""
    high, wide = (
        min(multiple + 2 * round_up(context, multiple), round_up(side, multiple))
        for side, multiple in zip((height, width), multiples, strict=True)
    )
    return high * wide


def round_up(number: int, multiple: int) -> int:
    """Return the next multiple that is no smaller."""
    return -(-number // multiple) * multiple


def _even(length: int, most: int, multiple: int) -> int:
    """Return the size of parts of equal size, as few as possible."""
    parts = -(-length // (most // multiple * multiple))
    return round_up(-(-length // parts), multiple)
