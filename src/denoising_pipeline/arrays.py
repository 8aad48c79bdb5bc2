"""The array types that every part of the project speaks, their scaling and their identity."""

import hashlib
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Images: TypeAlias = npt.NDArray[np.float32]
"""float32, NHWC, values in [0, 1], C in {1, 3}."""

Bytes: TypeAlias = npt.NDArray[np.uint8]
"""uint8 images (N, H, W) or labels (N,), as a source delivers them."""

Values: TypeAlias = npt.NDArray[np.float64]
"""float64, shape (N,): one value per image."""

_DIGEST_BLOCK = 2**20
"""Bytes that are hashed at once, or one item along the first axis if that is more."""


def as_images(pixels: Bytes) -> Images:
    """Scale what a source delivers: uint8 (N, H, W) to float32 (N, H, W, 1) in [0, 1]."""
    return np.divide(pixels[..., np.newaxis], np.float32(255), dtype=np.float32)


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
