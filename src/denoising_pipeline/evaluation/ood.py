"""Whether an image is like those that a denoiser was trained on, told from what it takes away."""

from typing import Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from denoising_pipeline.core.seeding import generator
from denoising_pipeline.images.arrays import Images, Values

FEATURES = ("residual_mean", "noise_level", "row_correlation", "column_correlation")
"""What is measured of each image; see `residual_features`."""

_BLOCK_IMAGES = 1000
_BLOCK_VALUES = 2_000_000

Features = npt.NDArray[np.float64]


def residual_features(noisy: Images, denoised: Images) -> Features:
    """Measure what a denoiser took away: its mean, its level and its whiteness.

    The residual is noisy - denoised. What was taken away as trained is as strong as the noise of
    the training and nearly white; where the noise is another, or part of the scene is taken for
    noise, it is not. Clipping leaves a mean and some correlation even then, as clipped noise
    depends on the signal: they are to be compared with those of known images, not with 0.

    Args:
        noisy: float32 (N, H, W, C) in [0, 1], H and W 2 or more.
        denoised: What the denoiser made of them.

    Returns:
        float64 (N, 4): mean of the residual; its standard deviation, the estimate of the noise
        level after clipping; its autocorrelation at lag 1 from row to row and from column to
        column, in [-1, 1] but for the edges, 0 for white noise and for no residual.
    """
    features = np.empty((len(noisy), len(FEATURES)))
    for start in range(0, len(noisy), _BLOCK_IMAGES):
        block = slice(start, start + _BLOCK_IMAGES)
        residual = noisy[block].astype(np.float64) - denoised[block]
        mean = residual.mean((1, 2, 3), keepdims=True)
        residual -= mean
        variance = np.mean(residual**2, (1, 2, 3))
        scale = np.where(variance > 0, variance, 1)
        rows = np.mean(residual[:, 1:] * residual[:, :-1], (1, 2, 3)) / scale
        columns = np.mean(residual[:, :, 1:] * residual[:, :, :-1], (1, 2, 3)) / scale
        features[block] = np.column_stack([mean.ravel(), np.sqrt(variance), rows, columns])
    return features


class OodDetector(BaseModel):
    """What features of inside images are like: their mean, spread and correlation.

    Attributes:
        features: Names of the features.
        mean: Mean of each over inside images.
        precision: Inverse of their covariance.
        threshold: The score that `confidence` of the inside images do not exceed.
        confidence: Share of inside images under the threshold.
        n_images: Number of inside images.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    features: tuple[str, ...] = FEATURES
    mean: tuple[float, ...]
    precision: tuple[tuple[float, ...], ...]
    threshold: float
    confidence: float
    n_images: int

    @classmethod
    def learn(cls, features: Features, confidence: float = 0.95) -> Self:
        """Describe inside images.

        Args:
            features: float64 (N, 4) of `residual_features`; N is 2 or more.
            confidence: Share of them that is to be called inside, in (0, 1).
        """
        from sklearn.covariance import EmpiricalCovariance

        fitted = EmpiricalCovariance().fit(features)
        spread = cls(
            mean=fitted.location_.tolist(),
            precision=fitted.precision_.tolist(),
            threshold=0,
            confidence=confidence,
            n_images=len(features),
        )
        threshold = float(np.quantile(spread.score(features), confidence))
        return spread.model_copy(update={"threshold": threshold})

    def score(self, features: Features) -> Values:
        """Return how unlike the inside images are: 0 is their mean, 1 a typical deviation.

        The distance of P. C. Mahalanobis, "On the Generalised Distance in Statistics" (1936), used
        for this purpose by K. Lee et al., "A Simple Unified Framework for Detecting
        Out-of-Distribution Samples and Adversarial Attacks" (NeurIPS 2018).

        Args:
            features: float64 (N, 4) of `residual_features`.

        Returns:
            float64 (N,), 0 or more, in standard deviations.
        """
        away = features - np.array(self.mean)
        squares: Values = np.einsum("ni,ij,nj->n", away, np.array(self.precision), away)
        return np.sqrt(np.maximum(squares, 0))


def roc(inside: Values, outside: Values) -> tuple[Values, Values]:
    """Return the receiver operating characteristic of a score that is high for the outside.

    Args:
        inside: float64 (N,), scores of inside images.
        outside: float64 (M,), scores of others.

    Returns:
        For each threshold, from the highest down, the share of inside images above it (false
        alarms) and the share of the others (detected), from (0, 0) to (1, 1).
    """
    from sklearn.metrics import roc_curve

    truth = np.repeat([0, 1], [len(inside), len(outside)])
    false_alarms, detected, _ = roc_curve(truth, np.concatenate([inside, outside]))
    return false_alarms, detected


def auc_interval(
    inside: Values,
    outside: Values,
    *,
    seed: int,
    confidence: float = 0.95,
    resamples: int = 1000,
) -> tuple[float, float, float]:
    """Return the area under the ROC with its confidence interval.

    The area is the probability that an outside image scores higher than a inside one, ties
    counting half (J. Hanley and B. McNeil, "The Meaning and Use of the Area under a ROC Curve",
    1982). The interval is a percentile bootstrap; both sets of images are resampled.

    Args:
        inside: float64 (N,), scores of inside images, N 2 or more.
        outside: float64 (M,), scores of others, M 2 or more.
        seed: Root seed.
        confidence: Probability that the interval covers the area, in (0, 1).
        resamples: How often the images are resampled, 1 or more.

    Returns:
        (area, low, high), in [0, 1]; 0.5 is guessing.
    """
    from scipy.stats import bootstrap

    result = bootstrap(
        (inside, outside),
        _area,
        n_resamples=resamples,
        batch=max(1, _BLOCK_VALUES // (len(inside) + len(outside))),
        vectorized=True,
        confidence_level=confidence,
        method="percentile",
        rng=generator(seed, "bootstrap"),
    )
    low, high = result.confidence_interval
    return float(_area(inside, outside)), float(low), float(high)


def _area(inside: Values, outside: Values, axis: int = -1) -> Values:
    """Return the area from the ranks of the outside: Mann and Whitney's U over all pairs."""
    from scipy.stats import rankdata

    few, many = outside.shape[axis], inside.shape[axis]
    ranks = rankdata(np.concatenate([outside, inside], axis=axis), axis=axis)
    rank_sums = np.take(ranks, range(few), axis=axis).sum(axis)
    area: Values = (rank_sums - few * (few + 1) / 2) / (few * many)
    return area
