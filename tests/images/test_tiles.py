"""Tiles cover an image once, and read no more than they may."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from denoising_pipeline.images.tiles import least_pixels, round_up, tile_size, tiles

sides = st.integers(1, 80)
rows_kept = st.integers(5, 80)
contexts = st.integers(0, 40)
steps = st.sampled_from([1, 2, 4, 8, 16])
multiples = st.one_of(steps.map(lambda n: (n, n)), steps.map(lambda n: (1, n)))
"""Of pictures, and of recordings, which are one row."""

unhurried = settings(deadline=None, max_examples=50)


@unhurried
@given(sides, sides, rows_kept, rows_kept, contexts, multiples)
def test_kept_parts_put_the_image_together(
    height: int, width: int, rows: int, columns: int, context: int, multiple: tuple[int, int]
) -> None:
    height = height if multiple[0] == multiple[1] else 1
    image = 1 + np.arange(height * width).reshape(height, width)
    put_together = np.zeros_like(image)
    size = round_up(rows, multiple[0]), round_up(columns, multiple[1])
    for tile in tiles(height, width, size, context, multiple):
        assert tile.keep.top + tile.keep.height <= height
        assert tile.keep.left + tile.keep.width <= width
        assert not put_together[tile.keep.slices].any()
        put_together[tile.keep.slices] = image[tile.read.slices][tile.kept.slices]
    np.testing.assert_array_equal(put_together, image)


@unhurried
@given(sides, sides, rows_kept, rows_kept, contexts, multiples)
def test_the_context_is_read_on_each_side_where_the_image_has_it(
    height: int, width: int, rows: int, columns: int, context: int, multiple: tuple[int, int]
) -> None:
    height = height if multiple[0] == multiple[1] else 1
    size = round_up(rows, multiple[0]), round_up(columns, multiple[1])
    for read, keep in tiles(height, width, size, context, multiple):
        for axis, length in ((0, height), (1, width)):
            first, end = read[axis], read[axis] + read[axis + 2]
            assert first % multiple[axis] == 0
            assert first == 0 or first <= keep[axis] - context
            assert end == length or (
                end % multiple[axis] == 0 and end >= keep[axis] + keep[axis + 2] + context
            )


@unhurried
@given(sides, sides, st.integers(0, 20_000), contexts, multiples)
def test_no_tile_reads_more_than_the_limit(
    height: int, width: int, more: int, context: int, multiple: tuple[int, int]
) -> None:
    height = height if multiple[0] == multiple[1] else 1
    limit = least_pixels(height, width, context, multiple) + more
    size = tile_size(height, width, limit, context, multiple)
    assert all(side % each == 0 for side, each in zip(size, multiple, strict=True))
    for read, _ in tiles(height, width, size, context, multiple):
        assert round_up(read.height, multiple[0]) * round_up(read.width, multiple[1]) <= limit


def test_what_fits_is_one_tile() -> None:
    assert tile_size(30, 17, 32 * 24, context=9, multiples=(8, 8)) == (32, 24)
    [tile] = tiles(30, 17, (32, 24), context=9, multiples=(8, 8))
    assert tile.read == tile.keep == (0, 0, 30, 17)


def test_tiles_of_an_image_are_of_equal_size() -> None:
    """Not three of 108 and one of 76."""
    assert tile_size(100, 400, 112**2, context=8, multiples=(4, 4)) == (100, 100)
    assert tile_size(400, 400, 112**2, context=8, multiples=(4, 4)) == (80, 80)


def test_tiles_of_a_strip_are_as_wide_as_it() -> None:
    assert tile_size(10_000, 20, 20 * 1016, context=8, multiples=(4, 4)) == (1000, 20)
    assert tile_size(20, 10_000, 20 * 1016, context=8, multiples=(4, 4)) == (20, 1000)
    assert tile_size(1000, 100, 100**2, context=8, multiples=(4, 4)) == (84, 100)
    assert tile_size(100, 1000, 100**2, context=8, multiples=(4, 4)) == (100, 84)


def test_the_smallest_tile_is_one_multiple_and_its_context() -> None:
    assert least_pixels(100, 100, context=7, multiples=(4, 4)) == (4 + 2 * 8) ** 2
    assert least_pixels(3, 100, context=7, multiples=(4, 4)) == 4 * (4 + 2 * 8)
