"""Classical ways to denoise speech, which learn the noise from the quiet moments of a recording."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from denoising_pipeline.baselines.base import Denoise, Known, NotApplicableError, learning
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet

FRAME = 256
"""Samples of a frame: 32 ms at 8 kHz."""

_Power = npt.NDArray[np.float64]

QUIET = (0.3, 0.5, 0.7, 0.9)
"""Shares of a recording's moments in which nobody speaks, to choose from."""


@learning("spectral subtraction", over=(1.0, 2.0, 3.0, 5.0), floor=(0.01, 0.05, 0.2), quiet=QUIET)
def spectral_subtraction(known: Known, over: float, floor: float, quiet: float) -> Denoise:
    """Take the noise's power off every bin's, times `over`, but leave `floor` of the magnitude.

    M. Berouti et al., "Enhancement of Speech Corrupted by Acoustic Noise" (1979).
    """
    _check(known)

    def gain(power: _Power) -> _Power:
        left = 1 - over * _noise(power, quiet) / np.maximum(power, 1e-20)
        return np.sqrt(np.maximum(left, floor**2))

    return _by_gain(gain)


@learning("wiener filter of speech", smooth=(0.8, 0.9, 0.97), floor=(0.01, 0.05, 0.2), quiet=QUIET)
def wiener_filter(known: Known, smooth: float, floor: float, quiet: float) -> Denoise:
    """Weigh every bin by r / (1 + r), r being the ratio of speech to noise, smoothed in time.

    The ratio is "decision-directed" (Y. Ephraim and D. Malah, "Speech Enhancement Using a Minimum
    Mean-Square Error Short-Time Spectral Amplitude Estimator", 1984): `smooth` times that of the
    estimate for the frame before and the rest from this frame.
    """
    _check(known)

    def gain(power: _Power) -> _Power:
        ratio = power / np.maximum(_noise(power, quiet), 1e-20)
        gains = np.empty_like(ratio)
        before = np.maximum(ratio[:, 0] - 1, 0)
        for frame in range(ratio.shape[1]):
            now = np.maximum(ratio[:, frame] - 1, 0)
            prior = smooth * before + (1 - smooth) * now
            gains[:, frame] = np.maximum(prior / (1 + prior), floor)
            before = gains[:, frame] ** 2 * ratio[:, frame]
        return gains

    return _by_gain(gain)


def _check(known: Known) -> None:
    if (ImageSet.of(known.train_clean).shapes[:, 0] != 1).any():
        raise NotApplicableError("it is for recordings")


def _noise(power: _Power, quiet: float) -> _Power:
    """Return the mean power of the noise by bin, (bins, 1).

    The power of noise is exponentially distributed, so that its quantile q is -ln(1 - q) times its
    mean; the lower half of the quiet moments is noise alone.
    """
    quantile = np.quantile(power, quiet / 2, axis=1, keepdims=True)
    found: _Power = quantile / -np.log(0.5)
    return found


def _by_gain(gain: Callable[[_Power], _Power]) -> Denoise:
    from scipy.signal import istft, stft

    options: dict[str, Any] = {"window": "hann", "nperseg": FRAME, "noverlap": 3 * FRAME // 4}

    def one(samples: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        padded = np.pad(samples, (0, max(FRAME - len(samples), 0)))
        _, _, spectrum = stft(padded, **options)
        _, found = istft(spectrum * gain(np.abs(spectrum) ** 2), **options)
        kept: npt.NDArray[np.float64] = found[: len(samples)]
        return kept

    def denoise(noisy: Images) -> Images:
        return (np.apply_along_axis(one, 2, noisy.astype(np.float64) - 0.5) + 0.5).astype("float32")

    return denoise
