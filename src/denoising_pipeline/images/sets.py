"""Collections of images: arrays of one size and images of any sizes are read alike."""

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from denoising_pipeline.images.arrays import Images, array_digest, new_array

Shape: TypeAlias = tuple[int, int, int]
"""(height, width, channels)."""

BATCH_VALUES = 2**22
"""Values of images that are handled at once, where nothing else limits them."""


DIFFERENT_SIZES = (
    "The images differ in size, and images of one size are needed here. Crop them to one size, or "
    "leave this pipeline out."
)


class Window(NamedTuple):
    """A rectangle of an image: its first row and column, its height and width, in pixels."""

    top: int
    left: int
    height: int
    width: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Its rows and its columns."""
        return (
            slice(self.top, self.top + self.height),
            slice(self.left, self.left + self.width),
        )


def middle_of(shape: Shape, height: int, width: int) -> Window:
    """Return the window in the middle of an image, at most so many pixels high and wide."""
    rows, columns = min(height, shape[0]), min(width, shape[1])
    return Window((shape[0] - rows) // 2, (shape[1] - columns) // 2, rows, columns)


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Images of any sizes with one number of channels, one after the other in a flat array.

    Attributes:
        values: (total,) uint8, uint16 or float32: the pixels of all images, row after row, channels
            last. Integers stand for [0, 1] on the whole range of their type. It may be a mapped
            file larger than memory, and is never changed.
        shapes: int64 (N, 3): height, width and channels of each image.
    """

    values: npt.NDArray[Any]
    shapes: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        """Check that the two belong together."""
        if self.shapes.ndim != 2 or self.shapes.shape[1] != 3:  # noqa: PLR2004
            raise ValueError(f"shapes is {self.shapes.shape}; a row of H, W, C an image is needed.")
        if int(self.shapes.prod(1).sum()) != len(self.values):
            raise ValueError("The shapes do not add up to the number of values.")
        if len({*self.shapes[:, 2].tolist()}) > 1:
            raise ValueError("The images differ in their number of channels.")

    @classmethod
    def of(cls, images: "Images | ImageSet") -> "ImageSet":
        """Return an array of images of one size as a set, without a copy where it is contiguous.

        Args:
            images: float32 (N, H, W, C) in [0, 1], or a set, which is returned as it is.
        """
        if isinstance(images, ImageSet):
            return images
        count, *shape = images.shape
        shapes = np.broadcast_to(np.array(shape, np.int64), (count, 3))
        return cls(np.asarray(images).reshape(-1), shapes)

    @classmethod
    def collect(
        cls, images: Iterable[npt.NDArray[Any]], shapes: Sequence[Shape], dtype: npt.DTypeLike
    ) -> "ImageSet":
        """Gather images that come one by one.

        Args:
            images: Arrays (H, W, C), each of the shape that is announced for it.
            shapes: Their shapes.
            dtype: uint8, uint16 or float32.

        Returns:
            The set; if it is large, it lies in an unnamed temporary file (see `new_array`).
        """
        table = np.array(shapes, np.int64).reshape(-1, 3)
        values = new_array((int(table.prod(1).sum()),), dtype)
        start = 0
        for image, shape in zip(images, shapes, strict=True):
            if image.shape != shape:
                raise ValueError(f"An image has the shape {image.shape} instead of {shape}.")
            values[start : start + image.size] = image.reshape(-1)
            start += image.size
        return cls(values, table)

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.shapes)

    def shape(self, index: int) -> Shape:
        """Return height, width and channels of an image."""
        height, width, channels = self.shapes[index].tolist()
        return height, width, channels

    @property
    def channels(self) -> int:
        """The number of channels of every image."""
        return int(self.shapes[0, 2])

    @property
    def uniform(self) -> Shape | None:
        """The shape that all images have, or None if they differ."""
        same = len(self) > 0 and bool((self.shapes == self.shapes[0]).all())
        return self.shape(0) if same else None

    @property
    def digest(self) -> str:
        """A text that is equal for equal sets, and for no others: 32 hexadecimal digits."""
        parts = f"{array_digest(self.values)} {array_digest(np.ascontiguousarray(self.shapes))}"
        return hashlib.blake2b(parts.encode(), digest_size=16).hexdigest()

    def read(self, index: int, window: Window | None = None) -> Images:
        """Read an image or a part of it.

        Args:
            index: Position of the image, from 0.
            window: The part; it lies within the image. None: all of it.

        Returns:
            float32 (height, width, C) in [0, 1].
        """
        return self._scaled(self._raw(index, window))

    def take(self, positions: Sequence[int] | npt.NDArray[np.integer[Any]]) -> "ImageSet":
        """Return some of the images, in the order of the positions, as a set of their own."""
        shapes = [self.shape(int(i)) for i in positions]
        return ImageSet.collect((self._raw(int(i)) for i in positions), shapes, self.values.dtype)

    def first(self, count: int | None) -> "ImageSet":
        """Return the first images as a view; None: all of them."""
        return self.part(slice(count))

    def part(self, place: slice) -> "ImageSet":
        """Return consecutive images as a view."""
        start, stop, _ = place.indices(len(self))
        return ImageSet(self.values[self._starts[start] : self._starts[stop]], self.shapes[place])

    def middles(self, side: int | None) -> "ImageSet":
        """Return the middle of each image, at most so many pixels high and wide; None: all of it.

        Where no image is larger it is the same set.
        """
        if side is None or self.shapes[:, :2].max(initial=0) <= side:
            return self
        windows = [middle_of(self.shape(i), side, side) for i in range(len(self))]
        shapes = [(window.height, window.width, self.channels) for window in windows]
        parts = (self._raw(i, window) for i, window in enumerate(windows))
        return ImageSet.collect(parts, shapes, self.values.dtype)

    def batches(self, count: int | None = None) -> Iterator[tuple[slice, Images]]:
        """Yield consecutive images of one size together.

        Args:
            count: At most so many at once; None: as many as `BATCH_VALUES` allows, at least one.

        Yields:
            Which images, and their pixels: float32 (n, H, W, C) in [0, 1].
        """
        starts = self._starts
        first = 0
        while first < len(self):
            shape = self.shapes[first]
            limit = count or at_once(shape.tolist())
            last = first + 1
            while last < min(first + limit, len(self)) and (self.shapes[last] == shape).all():
                last += 1
            pixels = self.values[starts[first] : starts[last]].reshape(last - first, *shape)
            yield slice(first, last), self._scaled(pixels)
            first = last

    def as_array(self) -> Images:
        """Return images of one size as float32 (N, H, W, C) in [0, 1].

        Raises:
            ValueError: The images differ in size.
        """
        shape = self.uniform
        if shape is None:
            raise ValueError(DIFFERENT_SIZES)
        return self._scaled(self.values.reshape(len(self), *shape))

    @cached_property
    def _starts(self) -> npt.NDArray[np.int64]:
        return np.concatenate([[0], np.cumsum(self.shapes.prod(1))])

    def _raw(self, index: int, window: Window | None = None) -> npt.NDArray[Any]:
        start = int(self._starts[index])
        height, width, channels = self.shape(index)
        pixels = self.values[start : start + height * width * channels]
        image: npt.NDArray[Any] = pixels.reshape(height, width, channels)
        if window is None:
            return image
        rows, columns = window.slices
        if min(window) < 0 or rows.stop > height or columns.stop > width:
            raise ValueError(f"{window} does not lie within an image of {height}x{width} pixels.")
        return image[rows, columns]

    def _scaled(self, pixels: npt.NDArray[Any]) -> Images:
        if pixels.dtype == np.float32:
            return pixels
        scaled: Images = np.divide(pixels, np.float32(np.iinfo(pixels.dtype).max), dtype=np.float32)
        return scaled


def at_once(shape: Iterable[int], most: int | None = None) -> int:
    """Return how many images have `BATCH_VALUES` values at most, but at least one.

    Args:
        shape: Of an image.
        most: Not more than so many; None: no matter how many.
    """
    count = max(1, BATCH_VALUES // max(1, math.prod(shape)))
    return count if most is None else min(count, most)


def first_of(images: Images | ImageSet, count: int | None) -> Images | ImageSet:
    """Return the first images as a view; None: all of them."""
    return part_of(images, slice(count))


def part_of(images: Images | ImageSet, place: slice) -> Images | ImageSet:
    """Return consecutive images as a view."""
    return images.part(place) if isinstance(images, ImageSet) else images[place]


def of_one_size(images: Images | ImageSet, count: int | None = None) -> Images:
    """Return the first images as an array, float32 (N, H, W, C) in [0, 1].

    Args:
        images: An array or a set.
        count: How many; None: all of them.

    Raises:
        ValueError: They differ in size.
    """
    if isinstance(images, ImageSet):
        return images.first(count).as_array()
    return images if count is None else images[:count]


def apply_to(
    images: Images | ImageSet,
    function: Callable[[slice, Images], Images],
    count: int | None = None,
) -> Images | ImageSet:
    """Make new images of images, batch by batch.

    Args:
        images: An array (N, H, W, C) or a set.
        function: From the positions and pixels, float32 (n, H, W, C), to float32 (n, H, W, D), D
            being the same for all.
        count: As for `ImageSet.batches`.

    Returns:
        An array if `images` is one, else a set of float32.
    """
    given = ImageSet.of(images)
    results = (function(place, pixels) for place, pixels in given.batches(count))
    first = next(results, None)
    if first is None:
        return images
    channels = first.shape[-1]
    shapes = given.shapes.copy()
    shapes[:, 2] = channels
    values = new_array((int(shapes.prod(1).sum()),), np.float32)
    start = 0
    for result in _chained(first, results):
        values[start : start + result.size] = result.reshape(-1)
        start += result.size
    made = ImageSet(values, shapes)
    return made if isinstance(images, ImageSet) else made.as_array()


def _chained(first: Images, rest: Iterator[Images]) -> Iterator[Images]:
    yield first
    yield from rest
