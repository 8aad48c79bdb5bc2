"""From blocks to numbers: level of the noise, correlation, growth with the signal."""

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import scipy

from denoising_pipeline.images.blocks import SIDE, Blocks, Values, band_cosines, band_sizes
from denoising_pipeline.images.clipping import clipped_variance

FEWEST = 64
"""Blocks that an estimate, and a bin of brightness, needs."""

_COARSE, _MIDDLE, _FINE = range(3)
_SHARE = 0.02
"""Blocks that are taken for flat at least."""

_TAIL = 0.25
"""Share of the flat blocks, those with the least noise, that low levels are read from."""

_LOW = (8 / 255) ** 2
"""Variance from which texture does not matter: all flat blocks count."""

_ROUNDS = 5
_LEAST = 1e-10
_STEADY = 1.35
"""Spread of the energy of flat blocks / that of Gaussian noise: above it, it is texture."""

_UNEVEN = 1.25
"""Variance of middle frequencies / that of fine ones: above it, neighbours are correlated."""

_STRUCTURE = 1.2
"""Step from coarse to middle in flat blocks / the steepest that noise has: above it, texture."""

_STEEP = 3.0
_STEEPEST = 10.0
"""Step from coarse to middle in noise whose step from middle to fine is more than `_STEEP`."""

_FAINT = (1.5 / 255) ** 2
"""Variance of middle frequencies below which such noise cannot be told from texture."""

_CHOSEN = 0.8
"""Coarse energy of white noise in the flattest blocks / that in all."""

_BINS = 16
_FEWEST_BINS = 4
_CERTAIN = 4.0
_GROWTH = 0.4
_RELATIVE = 0.05
"""Error of the variance in a bin / the usual variance, at least: no model is perfect."""


class Level(NamedTuple):
    """Noise of one image.

    Attributes:
        variance: Of the noise before clipping.
        correlation: Between neighbouring pixels.
        band: The one of `BANDS` that tells of the noise at each brightness.
        of_band: Variance in that band.
        flatness: float32 (N,): energy of coarse frequencies of each block / that of the noise.
        limit: Blocks with less are flat.
    """

    variance: float
    correlation: float
    band: int
    of_band: float
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
    variance = [float(np.quantile(fine, 0.1)) + _LEAST for fine in blocks.energy[_FINE].T]
    for _ in range(_ROUNDS):
        columns = zip(blocks.mean.T, variance, strict=True)
        expected = np.stack([_expected(mean, level, clipped) for mean, level in columns], 1)
        flatness = (blocks.energy[_COARSE] / expected).mean(1)
        limit = max(chance, float(np.partition(flatness, few - 1)[few - 1]))
        relative = blocks.energy / expected
        flat = relative[:, flatness <= limit]
        quiet = [_quiet(flat[_FINE, :, i], level, _FINE) for i, level in enumerate(variance)]
        variance = [max(a * b, _LEAST) for a, b in zip(variance, quiet, strict=True)]
    seen = np.quantile(relative[_COARSE], 0.2, axis=0)
    spectra = [_spectrum(flat[..., i], float(seen[i]), level) for i, level in enumerate(variance)]
    fine = float(np.mean(variance))
    spectrum: npt.NDArray[np.float64] = np.asarray(np.average(spectra, axis=0, weights=variance))
    if np.all(spectrum == 1):
        return Level(fine, 0.0, _FINE, fine, flatness, limit)
    weights = spectrum * band_sizes()
    weights[_COARSE] += spectrum[_COARSE]  # The mean of a block, which is in no band.
    whole = fine * float(weights.sum() / SIDE**2)
    correlation = float(weights @ band_cosines() / weights.sum())
    middle = fine * float(spectrum[_MIDDLE])
    return Level(whole, correlation, _MIDDLE, middle, flatness, limit)


def _spectrum(flat: Values, seen: float, variance: float) -> npt.NDArray[np.float64]:
    """Return the variance of one channel's noise in each of `BANDS` / that in the fine one.

    All 1 where the noise is white, and where what is not white is texture: its energy differs from
    one flat block to the next, and it rises steeply to where the picture itself is.

    Args:
        flat: float32 (3, N): energies of flat blocks / `variance`.
        seen: The same of the coarse band, that a fifth of all blocks have at most.
        variance: Of the fine band, before clipping.
    """
    white = np.ones(len(flat))
    coarse, middle, fine = (max(float(energy.mean()), _LEAST) for energy in flat)
    slope = middle / fine
    if 1 / _UNEVEN < slope < _UNEVEN or _spread(flat[_MIDDLE], _MIDDLE) > _STEADY:
        return white
    steepest = max(1 / slope, slope)
    if slope > _STEEP:  # Cameras and JPEG leave next to nothing of the finest noise.
        steepest = _STEEPEST if slope * variance > _FAINT else 0
    if coarse > _STRUCTURE * middle * steepest:
        return white
    if slope < 1:
        return np.array([slope, slope, 1.0])
    even_fall = min(slope, seen / middle, _STEEP)
    rise = float(np.clip(max(coarse / middle / _CHOSEN, even_fall), 1, steepest))
    return np.array([slope * rise, slope, 1.0])


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
        Gain and offset, which is negative where the darkest that there is lies above 0. A gain of 0
        where the growth is little, or no more than chance.
    """
    constant = 0.0, level.variance
    channels = blocks.mean.shape[1]
    mean, energy = blocks.mean.ravel(), blocks.energy[level.band].ravel()
    flatness = np.repeat(level.flatness, channels)
    bins = np.minimum(np.clip(mean, 0, 1) * _BINS, _BINS - 1).astype(int)
    points = [
        point
        for index in range(_BINS)
        if (point := _variance_of_bin(bins == index, mean, energy, flatness, level, clipped))
    ]
    if len(points) < _FEWEST_BINS:
        return constant
    value, variance, error = np.array(points).T
    error = np.maximum(error, _RELATIVE * float(np.median(variance)))
    design = np.stack([value, np.ones_like(value)], 1)
    weight = 1 / error
    for _ in range(2 * _ROUNDS):
        line, *_rest = np.linalg.lstsq(design * weight[:, None], variance * weight, rcond=None)
        miss = (variance - design @ line) / error
        scale = max(1.0, 1.4826 * float(np.median(np.abs(miss))))
        weight = 1 / (error * np.sqrt(1 + (miss / (2 * scale)) ** 2))
    spread = scale**2 * np.linalg.pinv((design * weight[:, None]).T @ (design * weight[:, None]))
    gain, offset = (float(number) for number in line)
    growth = gain * float(np.ptp(value)) / float(np.median(variance))
    if gain < _CERTAIN * float(np.sqrt(spread[0, 0])) or growth < _GROWTH:
        return constant
    factor = level.variance / level.of_band
    return gain * factor, offset * factor


def _variance_of_bin(
    chosen: npt.NDArray[np.bool_],
    mean: Values,
    energy: Values,
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
    variance = level.of_band
    for _ in range(_ROUNDS if clipped else 1):
        relative = energy[chosen] / _expected(mean[chosen], variance, clipped)
        variance = max(variance * _quiet(relative, variance, level.band), _LEAST)
    error = variance * float(np.sqrt(2 / (band_sizes()[level.band] * max(1.0, _TAIL * count / 4))))
    return float(mean[chosen].mean()), variance, error


def _expected(mean: Values, variance: float, clipped: bool) -> Values:
    if clipped:
        return clipped_variance(mean, variance)
    return np.full(mean.shape, variance, np.float32)


def _quiet(energy: Values, variance: float, band: int) -> float:
    """Return the mean energy of a band, of noise alone where that can be told.

    Args:
        energy: Of flat blocks, relative to what noise of `variance` would have.
        variance: Before clipping.
        band: The one of `BANDS`.
    """
    if variance > _LOW:
        return float(energy.mean())
    count = max(1, int(_TAIL * energy.size))
    quietest = np.partition(energy, count - 1)[:count]
    return float(quietest.mean()) / _mean_of_tail(int(band_sizes()[band]))


@cache
def _mean_of_tail(freedom: int) -> float:
    """Return the mean of the lowest `_TAIL` of a chi-squared variable / its mean."""
    end = quantile(_TAIL, freedom)
    return float(scipy.special.gammainc(freedom / 2 + 1, end / 2)) / _TAIL


def quantile(share: float, freedom: int) -> float:
    """Return the quantile of a chi-squared variable: half of it has a gamma distribution.

    `scipy.stats` has the same, and takes half a second to import.
    """
    return 2 * float(scipy.special.gammaincinv(freedom / 2, share))


def _spread(energy: Values, band: int) -> float:
    """Return the ratio of the quartiles, 1 for Gaussian noise."""
    low, high = np.quantile(energy, [0.25, 0.75])
    usual_low, usual_high = (quantile(q, int(band_sizes()[band])) for q in (0.25, 0.75))
    return float(high / max(float(low), _LEAST) * usual_low / usual_high)
