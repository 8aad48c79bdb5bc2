"""Image quality: (clean, denoised) in, one value per image out.

Every metric takes images on [0, 1]: the data range is fixed at 1.0 and never guessed from the
images, which would give every image a scale of its own.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.special import stdtrit

from denoising_pipeline.evaluation.colour import colour_difference, colourfulness
from denoising_pipeline.evaluation.per_image import Floats, per_image
from denoising_pipeline.evaluation.sound import SOUND
from denoising_pipeline.evaluation.strokes import stroke_f1
from denoising_pipeline.images.arrays import Images, Values

PSNR_CAP = 100.0
"""PSNR of identical images in dB, which would be infinite: the MSE is floored at 1e-10."""

_SSIM_SIGMA = 1.5
_SSIM_RADIUS = 5
"""Pixels to each side of the window: 3.5 sigma, rounded."""

SSIM_WINDOW = 2 * _SSIM_RADIUS + 1
"""Height and width that images need at least for SSIM."""

_SSIM_C1, _SSIM_C2 = 0.01**2, 0.03**2


def mse(clean: Images, denoised: Images) -> Values:
    """Mean squared error, the mean over pixels and channels of (clean - denoised)².

    Args:
        clean: Floating point (N, H, W, C) in [0, 1].
        denoised: The same shape.

    Returns:
        float64 (N,) in [0, 1]; 0 is best.

    Raises:
        ValueError: The shapes differ or are not NHWC, or the values are not floating point.
    """
    return per_image(lambda x, y: np.mean((x - y) ** 2, axis=(1, 2, 3)), clean, denoised)


def mae(clean: Images, denoised: Images) -> Values:
    """Mean absolute error, the mean over pixels and channels of |clean - denoised|.

    Args:
        clean: Floating point (N, H, W, C) in [0, 1].
        denoised: The same shape.

    Returns:
        float64 (N,) in [0, 1]; 0 is best.

    Raises:
        ValueError: The shapes differ or are not NHWC, or the values are not floating point.
    """
    return per_image(lambda x, y: np.mean(np.abs(x - y), axis=(1, 2, 3)), clean, denoised)


def psnr(clean: Images, denoised: Images) -> Values:
    """Peak signal-to-noise ratio, 10 log10(1 / MSE), of each image by itself.

    Args:
        clean: Floating point (N, H, W, C) in [0, 1].
        denoised: The same shape.

    Returns:
        float64 (N,) in dB, in [0, `PSNR_CAP`]; more is better.

    Raises:
        ValueError: The shapes differ or are not NHWC, or the values are not floating point.
    """
    return decibels(mse(clean, denoised))


def decibels(mse_values: Values) -> Values:
    """Return the PSNR of mean squared errors in dB, at most `PSNR_CAP`."""
    return -10 * np.log10(np.maximum(mse_values, 10 ** (-PSNR_CAP / 10)))


def pooled_psnr(mse_values: Values) -> float:
    """PSNR of the mean MSE over images, which is not the mean of the images' PSNR.

    Args:
        mse_values: float64 (N,), what `mse` returns; N is 1 or more.

    Returns:
        The ratio in dB, at most `PSNR_CAP`. The cap aside, it is at most the mean PSNR (Jensen).

    Raises:
        ValueError: There are no values.
    """
    _require_values(mse_values)
    return float(decibels(np.mean(mse_values, keepdims=True))[0])


def ssim(clean: Images, denoised: Images) -> Values:
    """Structural similarity (Z. Wang et al., "Image Quality Assessment", 2004).

    Gaussian weights with sigma 1.5 in an 11x11 window, population covariance, K1 0.01, K2 0.03;
    the mean over the pixels whose window lies in the image, and over channels. It equals
    scikit-image's `structural_similarity(gaussian_weights=True, sigma=1.5,
    use_sample_covariance=False, data_range=1.0, channel_axis=-1)` in float64.

    Args:
        clean: Floating point (N, H, W, C) in [0, 1], H and W 11 or more.
        denoised: The same shape.

    Returns:
        float64 (N,) in [-1, 1]; 1 is best.

    Raises:
        ValueError: The shapes differ, are not NHWC or are smaller than the window, or the values
            are not floating point.
    """
    if clean.ndim == 4 and min(clean.shape[1:3]) < SSIM_WINDOW:  # noqa: PLR2004
        height, width = clean.shape[1:3]
        raise ValueError(
            f"An image has {height}x{width} pixels, SSIM needs at least {SSIM_WINDOW}x"
            f"{SSIM_WINDOW}. Use larger images, or take ssim out of evaluation.metrics."
        )
    return per_image(_ssim, clean, denoised)


METRICS: Mapping[str, Callable[[Images, Images], Values]] = MappingProxyType(
    {
        "psnr": psnr,
        "ssim": ssim,
        "mse": mse,
        "mae": mae,
        "colour_difference": colour_difference,
        "colourfulness": colourfulness,
        "stroke_f1": stroke_f1,
    }
    | SOUND
)
"""Metric by key: what evaluation computes for every image, unless it is left out."""


def mean_interval(values: Values, confidence: float = 0.95) -> tuple[float, float, float]:
    """Mean over images with Student's confidence interval.

    The interval is mean ± t s / sqrt(N), t being the quantile of Student's distribution with
    N - 1 degrees of freedom and s the sample standard deviation (Student, 1908). It speaks of
    images like these, not of other seeds or training runs.

    Args:
        values: float64 (N,), one value per image; N is 1 or more.
        confidence: Probability that the interval covers the mean, in (0, 1).

    Returns:
        (mean, low, high). A single image has no spread to estimate an interval from, and a
        non-finite number would be stored wrongly: its low and high equal the mean, which is why
        the number of images belongs beside every interval.

    Raises:
        ValueError: There are no values, or `confidence` is not in (0, 1).
    """
    _require_values(values)
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    return student_interval(float(np.mean(values)), deviation, len(values), confidence)


def student_interval(
    mean: float, deviation: float, count: int, confidence: float = 0.95
) -> tuple[float, float, float]:
    """Return what `mean_interval` does, of values of which the sums alone are kept.

    Args:
        mean: Of the values.
        deviation: Sample standard deviation; of a single value it is not looked at.
        count: Of the values, 1 or more.
        confidence: As for `mean_interval`.

    Raises:
        ValueError: `confidence` is not in (0, 1).
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence:g}; give a number between 0 and 1, like 0.95.")
    if count == 1:
        return mean, mean, mean
    quantile = float(stdtrit(count - 1, (1 + confidence) / 2))
    half = quantile * deviation / math.sqrt(count)
    return mean, mean - half, mean + half


RANGES = {
    "mse": (0.0, math.inf),
    "mae": (0.0, math.inf),
    "colour_difference": (0.0, math.inf),
    "ssim": (-1.0, 1.0),
    **dict.fromkeys(("stroke_f1", "trustworthiness", "continuity"), (0.0, 1.0)),
}
"""Between what a mean can lie at all; where there are few images, Student's interval leaves it."""


def mean_intervals(scores: Mapping[str, Values], confidence: float) -> dict[str, float]:
    """Return the mean and interval of several scores, under the names that all tables have.

    Args:
        scores: float64 (N,) by name; N is 1 or more.
        confidence: As for `mean_interval`.

    Returns:
        For each score its mean under its own name, and the bounds of the interval under
        `<name>_ci_low` and `<name>_ci_high`, cut off at `RANGES`.

    Raises:
        ValueError: There are no values, or `confidence` is not in (0, 1).
    """
    means: dict[str, float] = {}
    for name, values in scores.items():
        mean, low, high = mean_interval(values, confidence)
        least, most = RANGES.get(name, (-math.inf, math.inf))
        means |= {
            name: mean,
            f"{name}_ci_low": max(low, least),
            f"{name}_ci_high": min(high, most),
        }
    return means


def share_interval(count: int, total: int, confidence: float = 0.95) -> tuple[float, float, float]:
    """Share of images with Wilson's confidence interval, which holds near 0 and 1 as well.

    E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference" (1927),
    as `scipy.stats` computes it.

    Args:
        count: Images that something is true of, at most `total`.
        total: Images that were looked at.
        confidence: Probability that the interval covers the share, in (0, 1).

    Returns:
        (share, low, high); (NaN, 0, 1) of no images, of which nothing is known.
    """
    if not total:
        return math.nan, 0.0, 1.0
    from scipy.stats import binomtest

    interval = binomtest(count, total).proportion_ci(confidence, method="wilson")
    return count / total, float(interval.low), float(interval.high)


def smallest_side(metrics: Iterable[str]) -> int:
    """Return the least height and width of images that metrics can measure, in pixels.

    Args:
        metrics: Keys of `METRICS`.
    """
    return SSIM_WINDOW if "ssim" in metrics else 1


def _require_values(values: Values) -> None:
    if not len(values):
        raise ValueError("There are no values to summarise. Measure at least one image.")


def _ssim(x: Floats, y: Floats) -> Floats:
    mean_x, mean_y = _window_means(x), _window_means(y)
    means = mean_x * mean_y
    squares = mean_x**2 + mean_y**2
    covariance = _window_means(x * y) - means
    variances = _window_means(x**2 + y**2) - squares
    similarity = ((2 * means + _SSIM_C1) * (2 * covariance + _SSIM_C2)) / (
        (squares + _SSIM_C1) * (variances + _SSIM_C2)
    )
    values: Floats = np.mean(similarity, axis=(1, 2, 3))
    return values


def _window_means(images: Floats) -> Floats:
    """Gaussian-weighted means at the pixels whose whole window lies in the image."""
    inside = slice(_SSIM_RADIUS, -_SSIM_RADIUS)
    rows = gaussian_filter1d(images, _SSIM_SIGMA, axis=1, radius=_SSIM_RADIUS)[:, inside]
    return gaussian_filter1d(rows, _SSIM_SIGMA, axis=2, radius=_SSIM_RADIUS)[:, :, inside]
