"""Images of few colours as indices into a palette."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from denoising_pipeline.pictures.formats.samples import Samples

PALETTE_NOTE = "If it comes to have more than 256 colours, it comes back without its palette."

_MOST = 256


class Indexed(NamedTuple):
    """(H, W) indices, the (N, 3) colours and, with transparency, their (N,) opacities; uint8."""

    indices: npt.NDArray[np.uint8]
    colours: npt.NDArray[np.uint8]
    alphas: npt.NDArray[np.uint8] | None


def as_palette(samples: Samples) -> Indexed | None:
    """Return an image as indices, if it has at most 256 different colours and opacities.

    Args:
        samples: (H, W, 3), uint8.

    Returns:
        The most transparent colours first; None: there are more.
    """
    found = np.zeros(0, np.uint32)
    for row in range(0, len(samples.colour), 64):
        found = np.union1d(found, _codes(samples, slice(row, row + 64)))
        if len(found) > _MOST:
            return None
    indices = np.empty(samples.colour.shape[:2], np.uint8)
    for row in range(0, len(indices), 64):
        rows = slice(row, row + 64)
        indices[rows] = np.searchsorted(found, _codes(samples, rows))
    table = found.astype(">u4").view(np.uint8).reshape(-1, 4)
    alphas = None if samples.alpha is None else table[:, 0].copy()
    return Indexed(indices, table[:, 1:].copy(), alphas)


def _codes(samples: Samples, rows: slice) -> npt.NDArray[np.uint32]:
    colour = samples.colour[rows].astype(np.uint32)
    codes = colour @ np.array([2**16, 2**8, 1], np.uint32)
    if samples.alpha is not None:
        codes += samples.alpha[rows] * np.uint32(2**24)
    return codes
