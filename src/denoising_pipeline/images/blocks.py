"""Blocks of 8x8 pixels of one image: where it is flat, and what is left there."""

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import scipy
from numpy.lib.stride_tricks import sliding_window_view

Image: TypeAlias = npt.NDArray[np.float32]
"""One image, float32 (H, W, C), C in {1, 3}, values on [0, 1]."""

Mask: TypeAlias = npt.NDArray[np.bool_]
"""(H, W)."""

Values: TypeAlias = npt.NDArray[np.float32]
"""float32, any shape."""

SIDE = 8
"""Pixels along a block."""

BANDS = ((1, 5), (6, 9), (10, 14))
"""Coarse, middle and fine: first and last sum of the two frequencies of the DCT, of 14."""

_MOST = 20_000
"""Blocks of one image; more tell little more."""

_AT_ONCE = 4096
_INSIDE = 0.5
"""Share of the pixels of a block that must not be black or white."""


class Blocks(NamedTuple):
    """Blocks of one image.

    Attributes:
        mean: float32 (N, C).
        energy: float32 (3, N, C): mean square of the coefficients of each of `BANDS`. White noise
            has its variance in all of them.
    """

    mean: Values
    energy: Values


def band_sizes() -> npt.NDArray[np.int64]:
    """Return the coefficients in each of `BANDS`."""
    sizes: npt.NDArray[np.int64] = _members().sum(0).astype(np.int64)
    return sizes


def band_cosines() -> npt.NDArray[np.float64]:
    """Return the correlation of neighbours in noise of the frequencies of one of `BANDS`."""
    along = np.cos(np.pi * (np.arange(SIDE) + 0.5) / SIDE)
    cosine = np.add.outer(along, along).ravel() / 2
    members = _members()
    members[0, 0] = 1
    means: npt.NDArray[np.float64] = cosine @ members / members.sum(0)
    return means


def sampled_blocks(image: Image, clipped: bool, known: Mask | None = None) -> Blocks:
    """Measure blocks of a regular grid, at most about `_MOST`, overlapping in small images.

    Args:
        image: At least `SIDE` pixels high and wide.
        clipped: Values end at 0 and 1: blocks with too many of them there are left out.
        known: Blocks that are not in it as a whole are left out; None: none.
    """
    windows = sliding_window_view(image, (SIDE, SIDE), axis=(0, 1))
    step = max(1.0, np.sqrt(windows.shape[0] * windows.shape[1] / _MOST))
    rows, columns = (np.arange(0, size, step).astype(int) for size in windows.shape[:2])
    at_once = max(1, _AT_ONCE // len(columns))
    places = [
        np.ix_(rows[start : start + at_once], columns) for start in range(0, len(rows), at_once)
    ]
    inside = None if known is None else sliding_window_view(known, (SIDE, SIDE))
    parts = [
        _measured(windows[at] if inside is None else windows[at][inside[at].all((2, 3))], clipped)
        for at in places
    ]
    mean, energy = zip(*parts, strict=True)
    return Blocks(np.concatenate(mean), np.concatenate(energy, 1))


def _measured(windows: Values, clipped: bool) -> Blocks:
    """Measure (..., C, 8, 8)."""
    channels = windows.shape[-3]
    pixels = windows.reshape(-1, channels, SIDE * SIDE)
    if clipped:
        pixels = pixels[((pixels > 0) & (pixels < 1)).mean((1, 2)) > _INSIDE]
    basis = scipy.fft.dct(np.eye(SIDE, dtype=np.float32), norm="ortho", axis=0)
    coefficients = pixels.reshape(-1, SIDE * SIDE) @ np.kron(basis, basis).T
    members = _members()
    energy = np.square(coefficients) @ (members / members.sum(0))
    return Blocks(pixels.mean(2), energy.T.reshape(len(BANDS), -1, channels))


def _members() -> Values:
    """Return which coefficients are in which band: (64, 3), 0 or 1."""
    order = np.add.outer(np.arange(SIDE), np.arange(SIDE)).ravel()
    return np.stack([(order >= low) & (order <= high) for low, high in BANDS], 1).astype(np.float32)
