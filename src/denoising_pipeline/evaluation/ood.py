"""Whether an image is like those that a denoiser was trained on, told by what it takes away."""

from typing import Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from denoising_pipeline.core.seeding import generator
from denoising_pipeline.images.arrays import Images, Values

FEATURES = ("residual_mean", "noise_level", "row_correlation", "column_correlation")
"""What is measured of each image; see `residual_features`."""

MIN_IMAGES = len(FEATURES) + 1
"""Images that it takes at least: so many features of fewer images have no covariance to invert."""

_BLOCK_IMAGES = 1000
_BLOCK_VALUES = 2_000_000

Features = npt.NDArray[np.float64]


def residual_features(noisy: Images, denoised: Images) -> Features:
    """Measure what a denoiser took away: its mean, its level and its whiteness.

    The residual is noisy - denoised. On images like those of the training it is as strong as the
    noise of the training and nearly white; where the noise is another, or part of the scene is
    taken for noise, it is not. Clipped noise depends on the signal, which leaves a mean and some
    correlation in any case: features are to be compared with those of known images, not with 0.

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
    """What the features of known images are like: their mean, spread and correlation.

    Known images are noisy validation images: like those of the training, but not seen by it.

    Attributes:
        features: Names of the features.
        mean: Mean of each over the known images.
        precision: Inverse of their covariance.
        threshold: The score that `confidence` of the known images do not exceed.
        confidence: Share of the known images that do not exceed the threshold.
        n_images: Number of known images.
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
        """Describe known images.

        Args:
            features: float64 (N, 4) of `residual_features`; N is `MIN_IMAGES` or more.
            confidence: Share of them whose score is not to exceed the threshold, in (0, 1).

        Raises:
            ValueError: There are fewer images.
        """
        if len(features) < MIN_IMAGES:
            raise ValueError(
                f"The out-of-distribution score is learnt from {MIN_IMAGES} noisy validation "
                f"images or more, and there are {len(features)}. Raise robustness.images or "
                "preprocessing.validation_images, or use a source with more images."
            )
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
        """Return how unlike the known images each image is: 0 is their mean, 1 one deviation away.

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


def roc(known: Values, others: Values) -> tuple[Values, Values]:
    """Return the receiver operating characteristic of the score, which is high for other images.

    Args:
        known: float64 (N,), scores of images like those of the training, N 1 or more.
        others: float64 (M,), scores of images that may be out of distribution, M 1 or more.

    Returns:
        For each threshold, from the highest down, the share of known images above it (false alarms)
        and the share of the others (detected), from (0, 0) to (1, 1).
    """
    from sklearn.metrics import roc_curve

    truth = np.repeat([0, 1], [len(known), len(others)])
    false_alarms, detected, _ = roc_curve(truth, np.concatenate([known, others]))
    return false_alarms, detected


def auc_interval(
    known: Values,
    others: Values,
    *,
    seed: int,
    confidence: float = 0.95,
    resamples: int = 1000,
) -> tuple[float, float, float]:
    """Return the area under the ROC with its confidence interval.

    The area is the probability that one of the other images scores higher than a known one, ties
    counting half (J. Hanley and B. McNeil, "The Meaning and Use of the Area under a ROC Curve",
    1982). The interval is a percentile bootstrap; both sets of images are resampled.

    Args:
        known: float64 (N,), scores of images like those of the training, N 1 or more.
        others: float64 (M,), scores of images that may be out of distribution, M 1 or more.
        seed: Root seed.
        confidence: Probability that the interval covers the area, in (0, 1).
        resamples: How often the images are resampled, 1 or more.

    Returns:
        (area, low, high), in [0, 1]; 0.5 is guessing. A single image on either side cannot be
        resampled: low and high equal the area then, which is why the number of images belongs
        beside it.
    """
    from scipy.stats import bootstrap

    area = float(_area(known, others))
    if min(len(known), len(others)) == 1:
        return area, area, area
    result = bootstrap(
        (known, others),
        _area,
        n_resamples=resamples,
        batch=max(1, _BLOCK_VALUES // (len(known) + len(others))),
        vectorized=True,
        confidence_level=confidence,
        method="percentile",
        rng=generator(seed, "bootstrap"),
    )
    low, high = result.confidence_interval
    return area, float(low), float(high)


def _area(known: Values, others: Values, axis: int = -1) -> Values:
    """Return the area from the ranks of the others: Mann and Whitney's U over all pairs."""
    from scipy.stats import rankdata

    n_known, n_others = known.shape[axis], others.shape[axis]
    ranks = rankdata(np.concatenate([others, known], axis=axis), axis=axis)
    rank_sums = np.take(ranks, range(n_others), axis=axis).sum(axis)
    area: Values = (rank_sums - n_others * (n_others + 1) / 2) / (n_others * n_known)
    return area
