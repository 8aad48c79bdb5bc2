"""What clipping to [0, 1] does to the variance of noise."""

import numpy as np
import numpy.typing as npt
import scipy

_STEPS = 513
_REACH = 4.0


def clipped_variance(mean: npt.NDArray[np.float32], variance: float) -> npt.NDArray[np.float32]:
    """Return the variance that is left of Gaussian noise where it was clipped to [0, 1].

    From the moments of a clipped normal distribution (Foi 2009, "Clipped noisy images:
    Heteroskedastic modeling and practical denoising").

    Args:
        mean: Means after clipping, in [0, 1], any shape.
        variance: Of the noise before clipping, more than 0.
    """
    sigma = np.sqrt(variance)
    centre = np.linspace(-_REACH * sigma, 1 + _REACH * sigma, _STEPS)
    low, high = -centre / sigma, (1 - centre) / sigma
    at_low, at_high = (np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) for z in (low, high))
    inside, above = scipy.special.ndtr(high) - scipy.special.ndtr(low), scipy.special.ndtr(-high)
    first = above + centre * inside + sigma * (at_low - at_high)
    second = above + (centre**2 + variance) * inside
    second += 2 * centre * sigma * (at_low - at_high) + variance * (low * at_low - high * at_high)
    left = np.interp(mean, first, np.maximum(second - first**2, variance * 1e-3))
    remaining: npt.NDArray[np.float32] = left.astype(np.float32)
    return remaining
