"""Linear denoisers that learn from the training images, in closed form."""

from functools import partial

import numpy as np
from scipy.linalg import eigh

from denoising_pipeline.arrays import Images
from denoising_pipeline.baselines.base import Denoise, Known, NotApplicableError, learning
from denoising_pipeline.baselines.moments import Matrix

RANKS = (16, 32, 64, 128)
"""Components that PCA keeps, a baseline each."""

MAX_VALUES = 4096
"""Values per image up to which covariances of all pairs of them are computed."""


@learning("linear MMSE", with_tone=True)
def linear_mmse(known: Known) -> Denoise:
    """Return the affine function of the noisy image with the least expected squared error.

    denoised = E[clean] + Cov(clean, noisy) Cov(noisy)^-1 (noisy - E[noisy]), the Wiener filter of
    whole images; the pseudo-inverse stands for the inverse where noisy pixels never vary.
    """
    _require_small(known)
    moments = known.moments
    weights = np.linalg.pinv(moments.noisy, hermitian=True) @ moments.cross
    return partial(_affine, moments.noisy_mean, weights, moments.clean_mean)


def pca(known: Known, rank: int) -> Denoise:
    """Return the projection on the first principal components of clean training images.

    Args:
        known: The training images.
        rank: How many components (Pearson, 1901); all, where there are fewer.
    """
    _require_small(known)
    moments = known.moments
    values = len(moments.clean)
    largest = (max(values - rank, 0), values - 1)
    components = eigh(moments.clean, subset_by_index=largest)[1]
    return partial(_affine, moments.clean_mean, components @ components.T, moments.clean_mean)


for _rank in RANKS:
    learning(f"PCA {_rank}", with_tone=True)(partial(pca, rank=_rank))


def _affine(before: Matrix, weights: Matrix, after: Matrix, noisy: Images) -> Images:
    centred = noisy.reshape(len(noisy), -1) - before.astype(np.float32)
    denoised: Images = centred @ weights.astype(np.float32) + after.astype(np.float32)
    return denoised.reshape(noisy.shape)


def _require_small(known: Known) -> None:
    values = int(np.prod(known.train_clean.shape[1:]))
    if values > MAX_VALUES:
        raise NotApplicableError(
            f"images of {values:,} values have too many covariances; up to {MAX_VALUES:,} are done"
        )
