"""The best that is possible if the training images were all images that there are."""

import math
from functools import partial

import numpy as np
from scipy.special import log_ndtr

from denoising_pipeline.baselines.base import Denoise, Known, NotApplicableError, learning
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet, at_once

TRAIN_BLOCK = 4000
NOISY_BLOCK = 1000
"""Images of either kind that are compared at once: 4 million likelihoods, 16 MB. Fewer if they are
large."""


@learning("posterior mean")
def posterior_mean(known: Known) -> Denoise:
    """Return the mean of the training images, weighted by how likely each became the noisy image.

    E[clean | noisy] under the empirical distribution, exact for clipped Gaussian noise.
    """
    if not isinstance(known.noise, Gaussian) or known.noise.sigma == 0:
        raise NotApplicableError(
            "it needs the likelihood of clipped Gaussian noise with a sigma above 0; the noise is "
            f"{known.noise.describe()}"
        )
    return partial(_weighted_mean, known.images, known.noise.sigma)


def _weighted_mean(train_clean: ImageSet, sigma: float, noisy: Images) -> Images:
    """Go through the training images once, in blocks, with log-sum-exp over what was seen so far.

    Beside the result, memory holds the blocks alone, however many images there are.
    """
    best = np.full((len(noisy), 1), -math.inf, np.float32)
    total = np.zeros((len(noisy), 1), np.float32)
    mean = np.zeros((len(noisy), math.prod(noisy.shape[1:])), np.float32)
    step = at_once(noisy.shape[1:], NOISY_BLOCK)
    for _, images in train_clean.batches(at_once(noisy.shape[1:], TRAIN_BLOCK)):
        clean = images.reshape(-1, mean.shape[1])
        terms, constant = clean_terms(clean, sigma)
        for first in range(0, len(noisy), step):
            rows = slice(first, first + step)
            observed = noisy_terms(noisy[rows].reshape(-1, mean.shape[1]), sigma)
            likelihood = observed @ terms.T
            likelihood += constant
            highest = np.maximum(best[rows], likelihood.max(1, keepdims=True))
            likelihood -= highest
            weights = np.exp(likelihood, out=likelihood)
            fade = np.exp(best[rows] - highest)
            total[rows] = total[rows] * fade + weights.sum(1, keepdims=True)
            mean[rows] = mean[rows] * fade + weights @ clean
            best[rows] = highest
    return (mean / total).reshape(noisy.shape)


def clean_terms(clean: Images, sigma: float) -> tuple[Images, Images]:
    """Return the clean side of log p(noisy | clean), up to a term of the noisy image alone.

    With noisy = clip(clean + sigma n, 0, 1), a pixel y between 0 and 1 has the density of
    N(clean x, sigma²), whose logarithm is x y / sigma² - x² / (2 sigma²) + ..., a black one the
    probability Phi(-x / sigma), a white one Phi((x - 1) / sigma). Summed over pixels, that is a
    matrix product of what `noisy_terms` returns with these terms, plus the constant: that all
    pixels are black.

    Args:
        clean: float32 (N, D) in [0, 1].
        sigma: Standard deviation of the noise, above 0.

    Returns:
        float32 (N, 3 D), and (N,).
    """
    black, white = log_ndtr(-clean / sigma), log_ndtr((clean - 1) / sigma)
    inside = -(clean**2) / (2 * sigma**2)
    terms = np.hstack([clean, inside - black, white - black], dtype=np.float32)
    return terms, black.sum(1, dtype=np.float32)


def noisy_terms(noisy: Images, sigma: float) -> Images:
    """Return the noisy side: y / sigma² where it is between 0 and 1, whether it is, whether white.

    Args:
        noisy: float32 (M, D) in [0, 1].
        sigma: Standard deviation of the noise, above 0.

    Returns:
        float32 (M, 3 D).
    """
    inside = (noisy > 0) & (noisy < 1)
    return np.hstack([inside * noisy / sigma**2, inside, noisy == 1], dtype=np.float32)
