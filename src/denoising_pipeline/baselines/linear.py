"""Linear denoisers that learn from the training images, in closed form."""

import math
from functools import partial

import numpy as np
from scipy.linalg import solve

from denoising_pipeline.baselines.base import Denoise, Known, NotApplicableError, learning
from denoising_pipeline.baselines.moments import Matrix
from denoising_pipeline.images.arrays import Images

RANKS = (16, 32, 64, 128)
"""Components that PCA keeps, a baseline each."""

MAX_VALUES = 4096
"""Values per image up to which covariances of all pairs of them are computed."""


OF_COVARIANCES = ("linear MMSE", "PCA")
"""How the names begin of baselines that take no more."""


@learning("linear MMSE", with_tone=True, ridge=(1e-4, 0.003, 0.01, 0.03, 0.1, 0.3))
def linear_mmse(known: Known, ridge: float) -> Denoise:
    """Return the affine function of the noisy image with the least expected squared error.

    denoised = E[clean] + Cov(clean, noisy) (Cov(noisy) + ridge)^-1 (noisy - E[noisy]), the Wiener
    filter of whole images. Few training images overfit without a ridge (Hoerl and Kennard, 1970).
    """
    _require_small(known)
    moments = known.moments
    noisy = moments.noisy + ridge * np.eye(len(moments.noisy))
    weights = solve(noisy, moments.cross, assume_a="pos")
    return partial(_affine, moments.noisy_mean, weights, moments.clean_mean)


def pca(known: Known, rank: int) -> Denoise:
    """Return the projection on the first principal components of clean training images.

    Args:
        known: The training images.
        rank: How many components (Pearson, 1901); all, where there are fewer.
    """
    _require_small(known)
    mean, components = known.moments.clean_mean, known.principal_components[:, :rank]
    return partial(_affine, mean, components @ components.T, mean)


for _rank in RANKS:
    learning(f"PCA {_rank}", with_tone=True)(partial(pca, rank=_rank))


def _affine(before: Matrix, weights: Matrix, after: Matrix, noisy: Images) -> Images:
    centred = noisy.reshape(len(noisy), len(before)) - before.astype(np.float32)
    denoised: Images = centred @ weights.astype(np.float32) + after.astype(np.float32)
    return denoised.reshape(noisy.shape)


def takes(name: str, values: int) -> bool:
    """Return whether a baseline takes images of so many values, as all do but those of this module.

    Args:
        name: Of the baseline.
        values: Height times width times channels.
    """
    return values <= MAX_VALUES or not name.startswith(OF_COVARIANCES)


def _require_small(known: Known) -> None:
    values = math.prod(known.shape)
    if values > MAX_VALUES:
        raise NotApplicableError(
            f"images of {values:,} values have too many covariances; up to {MAX_VALUES:,} are done"
        )
