"""How much noise a photograph has, estimated from the photograph alone."""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view
from scipy.fft import dct

from denoising_pipeline.images.clipping import clipped_variance

Image: TypeAlias = npt.NDArray[np.float32]
"""One image, float32 (H, W, C), C in {1, 3}, values on [0, 1]."""

_SIDE = 8
_BLOCKS = 30_000
_FEWEST = 64
_SHARE = 0.02
_COARSE = 5
_FINE = 8
_INSIDE = 0.5
_ROUNDED = 0.01
_ROUNDS = 5


@dataclass(frozen=True)
class NoiseEstimate:
    """What is known of the noise of one image.

    Attributes:
        sigma: Standard deviation before clipping, on the scale [0, 1]; 0 where it is not known.
        known: False: the image is too small, or has too little that is not clipped, to tell.
    """

    sigma: float
    known: bool = True


class _Blocks(NamedTuple):
    """Blocks of one image, (N, C) each: mean, structure, noise (variances), share clipped."""

    mean: npt.NDArray[np.float32]
    structure: npt.NDArray[np.float32]
    fine: npt.NDArray[np.float32]


def estimate_noise(image: Image) -> NoiseEstimate:
    """Estimate the noise of an image.

    Blocks of 8x8 pixels are taken to their DCT. Where the low frequencies hold no more than noise,
    the block is flat, and its high frequencies, which had no part in choosing it, are the noise
    (after Ponomarenko et al. 2007, "An automatic approach to lossy compression of AVIRIS images").
    Clipping at 0 and 1 is undone by the moments of a clipped normal distribution.

    Args:
        image: float32 (H, W, C), C in {1, 3}. Values beyond [0, 1] are taken as noise that was not
            clipped.
    """
    height, width = image.shape[:2]
    if min(height, width) < _SIDE:
        return NoiseEstimate(0.0, known=False)
    pixels = _sample(image)
    clipped = bool(image.min() >= 0 and image.max() <= 1)
    if clipped:
        pixels = pixels[((pixels > 0) & (pixels < 1)).mean((1, 2)) > _INSIDE]
    if len(pixels) < _FEWEST:
        return NoiseEstimate(0.0, known=False)
    blocks = _measured(pixels)
    variance = _variance(blocks, clipped)
    if _has_8_bits(pixels):
        variance -= 1 / 12 / 255**2
    return NoiseEstimate(float(np.sqrt(max(variance, 0.0))))


def _sample(image: Image) -> Image:
    """Return at most about `_BLOCKS` blocks of a regular grid, (N, 64, C)."""
    windows = sliding_window_view(image, (_SIDE, _SIDE), axis=(0, 1))
    rows, columns = windows.shape[:2]
    step = max(1.0, np.sqrt(rows * columns / _BLOCKS))
    grid = np.ix_(*(np.arange(0, size, step).astype(int) for size in (rows, columns)))
    chosen: Image = windows[grid]
    return chosen.reshape(-1, image.shape[2], _SIDE * _SIDE).swapaxes(1, 2)


def _measured(pixels: Image) -> _Blocks:
    basis = dct(np.eye(_SIDE), norm="ortho", axis=0)
    both = np.kron(basis, basis).astype(np.float32)
    order = np.add.outer(np.arange(_SIDE), np.arange(_SIDE)).ravel()
    energy = np.square(both @ pixels)
    return _Blocks(
        pixels.mean(1),
        energy[:, (order > 0) & (order <= _COARSE)].mean(1),
        energy[:, order >= _FINE].mean(1),
    )


def _variance(blocks: _Blocks, clipped: bool) -> float:
    """Return the variance of the noise before clipping."""
    count = len(blocks.mean)
    freedom = 20 * blocks.mean.shape[1]
    variance = float(np.quantile(blocks.fine, 0.1)) + 1e-8
    for _ in range(_ROUNDS):
        expected = (
            clipped_variance(blocks.mean, variance)
            if clipped
            else np.full(blocks.mean.shape, variance)
        )
        flatness = (blocks.structure / expected).mean(1)
        limit = 1 + np.sqrt(2 / freedom)
        few = min(count, max(_FEWEST, int(_SHARE * count)))
        limit = max(limit, float(np.partition(flatness, few - 1)[few - 1]))
        flat = flatness <= limit
        variance *= float(blocks.fine[flat].sum() / expected[flat].sum())
        variance = max(variance, 1e-10)
    return variance


def _has_8_bits(pixels: Image) -> bool:
    levels = pixels[:: max(1, len(pixels) // 1000)] * 255
    return bool(np.abs(levels - np.rint(levels)).max() < _ROUNDED)
