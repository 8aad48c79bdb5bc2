"""Degradations that hide pixels behind something else."""

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter
from scipy.special import ndtri

from denoising_pipeline.images.arrays import Images

_SPATTER_SHARE = 0.25
_SPATTER_SIGMA = 1.0
_SPATTER_VALUE = 0.75

_LINES = 3
_THICKNESS = 1.5
_ZIGZAG_HEIGHT = 3.0
_ZIGZAG_PERIOD = 8.0


def spatter(clean: Images, severity: float, generator: np.random.Generator) -> Images:
    """Cover up to a quarter of the image with opaque drops of 0.75.

    Drops lie where a blurred random field is above the quantile that leaves this share.
    """
    white = generator.standard_normal(clean.shape[:3], dtype=np.float32)
    fields = gaussian_filter(white, (0, _SPATTER_SIGMA, _SPATTER_SIGMA), mode="wrap")
    # White noise after a Gaussian of s pixels has a standard deviation of 1 / (2 s sqrt(pi)).
    highest = ndtri(1 - _SPATTER_SHARE * severity) / (2 * _SPATTER_SIGMA * np.sqrt(np.pi))
    return np.where(fields[..., np.newaxis] > highest, np.float32(_SPATTER_VALUE), clean)


def dotted_line(clean: Images, severity: float, generator: np.random.Generator) -> Images:
    """Draw up to three straight lines of white dots, from the left edge to the right one."""
    lines = _lines(clean, severity, generator, height=0.0)
    lines[:, :, np.arange(clean.shape[2]) % 4 > 1] = 0
    return np.maximum(clean, lines[..., np.newaxis])


def zigzag(clean: Images, severity: float, generator: np.random.Generator) -> Images:
    """Draw up to three white zigzag lines, from the left edge to the right one."""
    lines = _lines(clean, severity, generator, height=_ZIGZAG_HEIGHT)
    return np.maximum(clean, lines[..., np.newaxis])


def _lines(
    clean: Images, severity: float, generator: np.random.Generator, height: float
) -> npt.NDArray[np.float32]:
    """Return white lines on black (N, H, W): 1 at severity up to a third, 2 up to two thirds, 3.

    A line goes from a random row at the left to one at the right; `height` is how far, in pixels,
    a triangle wave swings to each side of it. Its edges are smooth.
    """
    count, rows, columns, _ = clean.shape
    ends = generator.random((count, _LINES, 2))[:, : int(np.ceil(_LINES * severity))] * (rows - 1)
    along = np.arange(columns)
    wave = height * (4 * np.abs(along / _ZIGZAG_PERIOD % 1 - 0.5) - 1)
    share = along / max(1, columns - 1)
    centres = ends[..., :1] * (1 - share) + ends[..., 1:] * share + wave
    distance = np.abs(np.arange(rows)[:, None] - centres[:, :, np.newaxis])
    ink = np.clip(_THICKNESS / 2 + 0.5 - distance, 0, 1, dtype=np.float32)
    lines: npt.NDArray[np.float32] = ink.max(1, initial=0)
    return lines
