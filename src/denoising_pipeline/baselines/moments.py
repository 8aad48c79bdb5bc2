"""Means and covariances of clean and noisy images, block by block."""

import math
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from denoising_pipeline.degradations import NOISE_BLOCK, Degradation, draw_noisy_block
from denoising_pipeline.images.sets import ImageSet

Matrix: TypeAlias = npt.NDArray[np.float64]


class Moments(NamedTuple):
    """Of flattened images of D values each, float64.

    Attributes:
        clean_mean: (D,)
        noisy_mean: (D,)
        clean: (D, D), the covariance of clean values.
        noisy: (D, D), the covariance of noisy values.
        cross: (D, D), the covariance of noisy (rows) and clean (columns) values.
    """

    clean_mean: Matrix
    noisy_mean: Matrix
    clean: Matrix
    noisy: Matrix
    cross: Matrix


def measure_moments(clean: ImageSet, noise: Degradation, seed: int) -> Moments:
    """Return the moments of images with the noise of training's first epoch.

    Args:
        clean: Images of one size; `NOISE_BLOCK` of them are read at a time.
        noise: What the denoiser was trained to undo.
        seed: Root seed of the noise.
    """
    values = math.prod(clean.shape(0))
    sums = np.zeros(2 * values)
    products = np.zeros((2 * values, 2 * values))
    for block, (_, images) in enumerate(clean.batches(NOISE_BLOCK)):
        noisy = draw_noisy_block(images, noise, seed=seed, split="train", epoch=0, block=block)
        both = np.hstack([side.reshape(len(side), -1) for side in (images, noisy)]).astype(float)
        sums += both.sum(0)
        products += both.T @ both
    mean = sums / len(clean)
    covariance = products / len(clean) - np.outer(mean, mean)
    first, second = slice(values), slice(values, None)
    return Moments(
        mean[first],
        mean[second],
        covariance[first, first],
        covariance[second, second],
        covariance[second, first],
    )
