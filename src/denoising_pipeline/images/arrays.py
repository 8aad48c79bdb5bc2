"""The array types that every part of the project speaks, their scaling and their identity."""

import hashlib
import math
import tempfile
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Images: TypeAlias = npt.NDArray[np.float32]
"""float32, NHWC, values in [0, 1], C in {1, 3}."""

Bytes: TypeAlias = npt.NDArray[np.uint8]
"""uint8 images (N, H, W) or labels (N,), as a source delivers them."""

Values: TypeAlias = npt.NDArray[np.float64]
"""float64, shape (N,): one value per image."""

IN_MEMORY = 2**30
"""Bytes of clean images that one array holds in memory at most: 340,000 images of 28x28."""

MAX_PIXELS = 99_999_999
"""Pixels that a picture has at most, unless told otherwise: it is refused from 100 megapixels on,
before it is decoded."""

_SCALING_BLOCK = 10_000
"""Images that are scaled at once."""

_DIGEST_BLOCK = 2**20
"""Bytes that are hashed at once, or one item along the first axis if that is more."""


def as_images(pixels: Bytes, index: npt.NDArray[np.intp] | None = None) -> Images:
    """Scale what a source delivers, a block at a time.

    Args:
        pixels: uint8 (N, H, W); it may be a mapped file larger than memory.
        index: Positions of the images to take, in their order; None: all.

    Returns:
        float32 (M, H, W, 1) in [0, 1]. More than `IN_MEMORY` bytes lie in an unnamed temporary file
        instead of in memory; the variable `TMPDIR` says on which disk.
    """
    count = len(pixels) if index is None else len(index)
    images = new_array((count, *pixels.shape[1:], 1))
    for start in range(0, count, _SCALING_BLOCK):
        block = slice(start, start + _SCALING_BLOCK)
        taken = pixels[block if index is None else index[block]]
        np.divide(taken[..., np.newaxis], np.float32(255), out=images[block])
    return images


def new_array(shape: tuple[int, ...], dtype: npt.DTypeLike = np.float32) -> npt.NDArray[Any]:
    """Return a new array, in memory or, above `IN_MEMORY` bytes, in an unnamed temporary file.

    Args:
        shape: Of the array.
        dtype: Of its values, which are not set.
    """
    if math.prod(shape) * np.dtype(dtype).itemsize <= IN_MEMORY:
        return np.empty(shape, dtype)
    with tempfile.TemporaryFile() as file:
        return np.asarray(np.memmap(file, dtype, "w+", shape=shape))


def array_digest(array: npt.NDArray[Any]) -> str:
    """Return a text that is equal for equal arrays, and for no others.

    Args:
        array: Any shape and dtype, but no objects; it may be a mapped file larger than memory.

    Returns:
        32 hexadecimal digits: BLAKE2b (RFC 7693) of shape, dtype and every value in C order.
    """
    digest = hashlib.blake2b(f"{array.shape} {array.dtype.str} ".encode(), digest_size=16)
    items = max(_DIGEST_BLOCK * len(array) // max(array.nbytes, 1), 1)
    for start in range(0, len(array), items):
        digest.update(np.ascontiguousarray(array[start : start + items]).data)
    return digest.hexdigest()
