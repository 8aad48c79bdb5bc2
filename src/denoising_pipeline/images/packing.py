"""Samples of fewer than 8 bits, several in a byte, the first in the highest bits."""

from typing import Any

import numpy as np
import numpy.typing as npt


def pack_bits(samples: npt.NDArray[Any], bits: int) -> npt.NDArray[np.uint8]:
    """Pack unsigned samples, each line filled up to whole bytes.

    Args:
        samples: (lines, samples), values below 2^bits.
        bits: 1 to 16.

    Returns:
        (lines, bytes).
    """
    places = np.arange(bits - 1, -1, -1, dtype=samples.dtype)
    single = (samples[..., np.newaxis] >> places & samples.dtype.type(1)).astype(np.uint8)
    return np.packbits(single.reshape(len(samples), -1), axis=1)


def unpack_bits(lines: npt.NDArray[np.uint8], bits: int, count: int) -> npt.NDArray[Any]:
    """Undo `pack_bits`.

    Args:
        lines: (lines, bytes).
        bits: 1 to 16.
        count: Samples of each line.

    Returns:
        (lines, count), uint8, or uint16 of more than 8 bits.
    """
    single = np.unpackbits(lines, axis=1, count=count * bits).reshape(len(lines), count, bits)
    dtype = np.uint8 if bits <= 8 else np.uint16  # noqa: PLR2004
    samples = np.zeros((len(lines), count), dtype)
    for place in range(bits):
        samples <<= 1
        samples |= single[..., place]
    return samples
