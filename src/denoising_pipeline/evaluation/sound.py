"""How good a recording is: (clean, denoised) in, one value per recording out."""

import logging
import math
import warnings
from collections.abc import Callable, Iterable
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

from denoising_pipeline.evaluation.per_image import check_pair
from denoising_pipeline.images.arrays import Images, Values

SDR_CAP = 100.0
"""SI-SDR of recordings that are equal but for their loudness, in dB, which would be infinite."""

_LEAST = 1e-12

NEEDS = {"stoi_8k": "pystoi", "stoi_16k": "pystoi"}
"""Package by key of the metrics that need one of the extra `sound`."""

logger = logging.getLogger(__name__)


def si_sdr(clean: Images, denoised: Images) -> Values:
    """Scale-invariant signal-to-distortion ratio.

    J. Le Roux et al., "SDR - Half-baked or Well Done?" (2019): of recordings s and x without their
    means, a = <x, s> / <s, s>, it is 10 log10(|a s|² / |a s - x|²).

    Args:
        clean: Floating point (N, 1, samples, C).
        denoised: The same shape.

    Returns:
        float64 (N,) in dB, in [-`SDR_CAP`, `SDR_CAP`]; more is better.

    Raises:
        ValueError: As for `check_pair`.
    """
    check_pair(clean, denoised)
    target, found = _centred(clean), _centred(denoised)
    energy = np.maximum((target**2).sum(axis=1, keepdims=True), _LEAST)
    target = target * ((found * target).sum(axis=1, keepdims=True) / energy)
    kept, lost = (target**2).sum(axis=1), ((target - found) ** 2).sum(axis=1)
    ratio = np.maximum(kept, _LEAST) / np.maximum(lost, _LEAST * kept + 1e-300)
    decibels: Values = np.clip(10 * np.log10(ratio), -SDR_CAP, SDR_CAP)
    return decibels


def stoi(clean: Images, denoised: Images, rate: int) -> Values:
    """Short-time objective intelligibility, by the package pystoi.

    C. H. Taal et al., "An Algorithm for Intelligibility Prediction of Time-Frequency Weighted Noisy
    Speech" (2011).

    Args:
        clean: Floating point (N, 1, samples, C) in [0, 1]; channels are averaged.
        denoised: The same shape.
        rate: Samples a second.

    Returns:
        float64 (N,), about 0 to 1; more is better. NaN where less than 0.4 seconds are speech.

    Raises:
        ValueError: As for `check_pair`.
    """
    import pystoi

    check_pair(clean, denoised)
    pairs = zip(clean, denoised, strict=True)
    return np.array([_intelligibility(pystoi.stoi, *pair, rate) for pair in pairs], np.float64)


def measurable(metrics: Iterable[str]) -> list[str]:
    """Return the metrics that can be measured here; why others cannot is logged.

    Args:
        metrics: Keys of `METRICS`.
    """
    found = []
    for name in metrics:
        package = NEEDS.get(name)
        if package is None or find_spec(package):
            found.append(name)
        else:
            logger.warning(
                "%s is left out: %s is not installed (pip install 'denoising-pipeline[sound]').",
                name,
                package,
            )
    return found


def _intelligibility(measure: Any, clean: Images, denoised: Images, rate: int) -> float:
    one, other = (2 * each.mean(axis=(0, 2), dtype=np.float64) - 1 for each in (clean, denoised))
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)  # Too little speech.
        try:
            return float(measure(one, other, rate))
        except (RuntimeWarning, ValueError, np.exceptions.AxisError):
            return float("nan")


def _centred(recordings: Images) -> npt.NDArray[np.float64]:
    flat = recordings.reshape(len(recordings), math.prod(recordings.shape[1:])).astype(np.float64)
    centred: npt.NDArray[np.float64] = flat - flat.mean(axis=1, keepdims=True)
    return centred


SOUND: dict[str, Callable[[Images, Images], Values]] = {
    "si_sdr": si_sdr,
    "stoi_8k": partial(stoi, rate=8000),
    "stoi_16k": partial(stoi, rate=16000),
}
"""Metric of recordings by key."""
