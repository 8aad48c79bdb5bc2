"""From blocks to numbers: level of the noise, correlation, growth with the signal."""

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from denoising_pipeline.images.blocks import SIDE, Blocks, Values, band_cosines, band_sizes
from denoising_pipeline.images.clipping import clipped_variance

FEWEST = 64
"""Blocks that an estimate, and a bin of brightness, needs."""

_COARSE, _MIDDLE, _FINE = range(3)
_SHARE = 0.02
"""Blocks that are taken for flat at least."""

_TAIL = 0.25
"""Share of the flat blocks, those with the least noise, that low levels are read from."""

_LOW = (20 / 255) ** 2
"""Variance from which texture does not matter: all flat blocks count."""

_ROUNDS = 5
_LEAST = 1e-10
_STEADY = 1.35
"""Spread of the energy of flat blocks / that of Gaussian noise: above it, it is texture."""

_UNEVEN = 1.25
"""Variance of middle frequencies / that of fine ones: above it, neighbours are correlated."""

_STRUCTURE = 1.2
"""Coarse energy of flat blocks / what a spectrum that falls evenly has: above it, it is texture."""

_STEEPEST = 4.0
_BINS = 16
_FEWEST_BINS = 4
_CERTAIN = 4.0
_GROWTH = 0.4


class Level(NamedTuple):
    """Noise of one image.

    Attributes:
        variance: Of the noise before clipping.
        fine: The same, had all frequencies what the fine ones have.
        correlation: Between neighbouring pixels.
        flatness: float32 (N,): energy of coarse frequencies of each block / that of the noise.
        limit: Blocks with less are flat.
    """

    variance: float
    fine: float
    correlation: float
    flatness: Values
    limit: float


def fit_level(blocks: Blocks, clipped: bool) -> Level:
    """Find the flat blocks and the level of noise, each from the other, in turns.

    Args:
        blocks: At least `FEWEST`.
        clipped: Values end at 0 and 1.
    """
    count, channels = blocks.mean.shape
    few = min(count, max(FEWEST, int(_SHARE * count)))
    chance = 1 + float(np.sqrt(2 / (band_sizes()[_COARSE] * channels)))
    variance = float(np.quantile(blocks.energy[_FINE], 0.1)) + _LEAST
    for _ in range(_ROUNDS):
        expected = _expected(blocks.mean, variance, clipped)
        flatness = (blocks.energy[_COARSE] / expected).mean(1)
        limit = max(chance, float(np.partition(flatness, few - 1)[few - 1]))
        relative = blocks.energy / expected
        flat = relative[:, flatness <= limit].reshape(len(relative), -1)
        variance = max(variance * _quiet(flat[_FINE], variance), _LEAST)
    coarse, middle = (float(flat[band].mean() / flat[_FINE].mean()) for band in (_COARSE, _MIDDLE))
    even = 1 / _UNEVEN < middle < _UNEVEN
    texture = coarse > _STRUCTURE * max(1, middle**2) or _spread(flat[_MIDDLE], _MIDDLE) > _STEADY
    if even or texture or variance <= _LEAST:
        return Level(variance, variance, 0.0, flatness, limit)
    middle = min(middle, _STEEPEST)
    seen = float(np.quantile(relative[_COARSE], 0.2))
    coarse = max(middle, min(middle**2, seen)) if middle > 1 else middle
    weights = np.array([coarse, middle, 1.0]) * band_sizes()
    weights[_COARSE] += coarse  # The mean of a block, which is in no band.
    correlation = float(weights @ band_cosines() / weights.sum())
    whole = variance * float(weights.sum() / SIDE**2)
    return Level(whole, variance, correlation, flatness, limit)


def fit_growth(blocks: Blocks, level: Level, clipped: bool) -> tuple[float, float]:
    """Fit variance = gain * value + offset to flat blocks of every brightness.

    A line through the variances of bins of brightness, by iterated least squares that bins with
    texture hardly weigh in (after Foi et al. 2008, "Practical Poissonian-Gaussian noise modeling
    and fitting for single-image raw-data").

    Args:
        blocks: The same as for `level`.
        level: What `fit_level` returned.
        clipped: Values end at 0 and 1.

    Returns:
        Gain and offset; a gain of 0 where the growth is no more than chance or little.
    """
    constant = 0.0, level.variance
    channels = blocks.mean.shape[1]
    mean, fine = blocks.mean.ravel(), blocks.energy[_FINE].ravel()
    flatness = np.repeat(level.flatness, channels)
    bins = np.minimum(np.clip(mean, 0, 1) * _BINS, _BINS - 1).astype(int)
    points = [
        point
        for index in range(_BINS)
        if (point := _variance_of_bin(bins == index, mean, fine, flatness, level, clipped))
    ]
    if len(points) < _FEWEST_BINS:
        return constant
    value, variance, error = np.array(points).T
    design = np.stack([value, np.ones_like(value)], 1)
    weight = 1 / error
    for _ in range(2 * _ROUNDS):
        line, *_rest = np.linalg.lstsq(design * weight[:, None], variance * weight, rcond=None)
        miss = (variance - design @ line) / error
        scale = max(1.0, 1.4826 * float(np.median(np.abs(miss))))
        weight = 1 / (error * np.sqrt(1 + (miss / (2 * scale)) ** 2))
    spread = scale**2 * np.linalg.pinv((design * weight[:, None]).T @ (design * weight[:, None]))
    gain, offset = (float(number) for number in line)
    if offset < 0:
        gain, offset = float((value * weight**2) @ variance / ((value * weight) ** 2).sum()), 0.0
    growth = gain * float(np.ptp(value)) / float(np.median(variance))
    if gain < _CERTAIN * float(np.sqrt(spread[0, 0])) or growth < _GROWTH:
        return constant
    factor = level.variance / level.fine
    return gain * factor, offset * factor


def _variance_of_bin(
    chosen: npt.NDArray[np.bool_],
    mean: Values,
    fine: Values,
    flatness: Values,
    level: Level,
    clipped: bool,
) -> tuple[float, float, float] | None:
    """Return mean, variance before clipping and its standard error, if there are flat blocks."""
    if chosen.sum() < FEWEST:
        return None
    limit = max(level.limit, float(np.quantile(flatness[chosen], 0.05)))
    chosen = chosen & (flatness <= limit)
    count = int(chosen.sum())
    if count < FEWEST // 2:
        return None
    variance = level.fine
    for _ in range(_ROUNDS if clipped else 1):
        relative = fine[chosen] / _expected(mean[chosen], variance, clipped)
        variance = max(variance * _quiet(relative, variance), _LEAST)
    error = variance * float(np.sqrt(2 / (band_sizes()[_FINE] * max(1.0, _TAIL * count / 4))))
    return float(mean[chosen].mean()), variance, max(error, 0.02 * variance)


def _expected(mean: Values, variance: float, clipped: bool) -> Values:
    if clipped:
        return clipped_variance(mean, variance)
    return np.full(mean.shape, variance, np.float32)


def _quiet(energy: Values, variance: float) -> float:
    """Return the mean energy of fine frequencies, of noise alone where that can be told.

    Args:
        energy: Of flat blocks, relative to what noise of `variance` would have.
        variance: Before clipping.
    """
    if variance > _LOW:
        return float(energy.mean())
    count = max(1, int(_TAIL * energy.size))
    quietest = np.partition(energy, count - 1)[:count]
    return float(quietest.mean()) / _mean_of_tail(int(band_sizes()[_FINE]))


@cache
def _mean_of_tail(freedom: int) -> float:
    """Return the mean of the lowest `_TAIL` of a chi-squared variable / its mean."""
    return float(chi2.cdf(chi2.ppf(_TAIL, freedom), freedom + 2)) / _TAIL


def _spread(energy: Values, band: int) -> float:
    """Return the ratio of the quartiles, 1 for Gaussian noise."""
    low, high = np.quantile(energy, [0.25, 0.75])
    usual = chi2.ppf([0.25, 0.75], band_sizes()[band])
    return float(high / max(float(low), _LEAST) * usual[0] / usual[1])
