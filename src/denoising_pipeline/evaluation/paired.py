"""Whether two denoisers differ: one interval of the difference, not two intervals that overlap."""

from typing import NamedTuple

import numpy as np

from denoising_pipeline.core.seeding import generator
from denoising_pipeline.images.arrays import Values

_BLOCK_VALUES = 2_000_000
"""Values that are resampled at once; it bounds memory."""


class PairedDifference(NamedTuple):
    """The mean difference between two scores of the same images.

    Attributes:
        mean: Mean over images of (score - reference), in the unit of the scores.
        low: Lower bound of its confidence interval.
        high: Upper bound.
        p_value: Two-sided, in (0, 1]: how easily images like these give a difference so far from
            0 where there is none.
        n: Number of images.
    """

    mean: float
    low: float
    high: float
    p_value: float
    n: int


def paired_difference(
    scores: Values,
    reference: Values,
    *,
    seed: int,
    confidence: float = 0.95,
    resamples: int = 10_000,
) -> PairedDifference:
    """Compare two scores of the same images, image by image.

    The images' differences are resampled with replacement and averaged. The interval holds the
    middle of these means (percentile bootstrap: B. Efron and R. Tibshirani, "An Introduction to the
    Bootstrap", 1993, chapter 13). The p-value is the same turned round: twice the share of means on
    the rarer side of 0, so that it is under 1 - confidence where the interval excludes 0. What all
    images have in common, such as a hard image being hard for both, cancels out. Like every
    interval over images it speaks of images like these, not of other seeds or training runs.

    Args:
        scores: float64 (N,), one value per image; N is 1 or more.
        reference: float64 (N,), the same metric of the same images in the same order.
        seed: Root seed.
        confidence: Probability that the interval covers the mean difference, in (0, 1).
        resamples: How often the images are resampled, 2 or more. The p-value is at least
            2 / (resamples + 1).

    Returns:
        The difference. A single image cannot be resampled: its interval has no width and its
        p-value is 1.

    Raises:
        ValueError: The two are not of the same images, are empty or not finite, or `confidence` or
            `resamples` is out of range.
    """
    _check(scores, reference, confidence, resamples)
    differences = np.asarray(scores - reference, dtype=np.float64)
    mean, count = float(np.mean(differences)), len(differences)
    if count == 1:
        return PairedDifference(mean, mean, mean, 1.0, count)
    from scipy.stats import bootstrap

    result = bootstrap(
        (differences,),
        np.mean,
        n_resamples=resamples,
        batch=max(1, _BLOCK_VALUES // count),
        confidence_level=confidence,
        method="percentile",
        rng=generator(seed, "bootstrap"),
    )
    means = result.bootstrap_distribution
    rarer = min(np.count_nonzero(means <= 0), np.count_nonzero(means >= 0))
    low, high = result.confidence_interval
    p_value = min(1.0, 2 * (rarer + 1) / (resamples + 1))
    return PairedDifference(mean, float(low), float(high), p_value, count)


def _check(scores: Values, reference: Values, confidence: float, resamples: int) -> None:
    if scores.ndim != 1 or scores.shape != reference.shape:
        raise ValueError(
            f"The scores have the shape {scores.shape} and the reference {reference.shape}. "
            "Give one value per image, of the same images in the same order."
        )
    if not len(scores):
        raise ValueError("There are no scores to compare. Measure at least one image.")
    if not (np.isfinite(scores).all() and np.isfinite(reference).all()):
        raise ValueError("A score is not a finite number. Compare images that were measured.")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence:g}; give a number between 0 and 1, like 0.95.")
    if resamples < 2:  # noqa: PLR2004
        raise ValueError(f"resamples is {resamples}; give 2 or more, like 10000.")
