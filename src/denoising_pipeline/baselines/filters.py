"""Classical filters, one image at a time: they know nothing of other images.

Imports of scikit-image are inside the functions: who lists pipelines does not wait for them.
"""

import math
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
from scipy import ndimage

from denoising_pipeline.baselines.base import filtering
from denoising_pipeline.images.arrays import Images


@filtering("gaussian filter", sigma=(0.3, 0.5, 0.7, 0.85, 1.0, 1.2, 1.5))
def gaussian_filter(noisy: Images, sigma: float) -> Images:
    """Convolve with a Gaussian of a standard deviation of `sigma` pixels."""
    return ndimage.gaussian_filter(noisy, (0, sigma, sigma, 0), mode="nearest")


@filtering("median filter", size=(3, 5, 7))
def median_filter(noisy: Images, size: int) -> Images:
    """Take the median of the square of `size` pixels around each (Tukey, 1977)."""
    return ndimage.median_filter(noisy, (1, size, size, 1), mode="nearest")


@filtering("bilateral filter", sigma_color=(0.3, 0.5, 0.7, 1.0, 2.0), sigma_spatial=(0.7, 1.0, 1.5))
def bilateral_filter(noisy: Images, sigma_color: float, sigma_spatial: float) -> Images:
    """Average what is near and of a similar value, both by Gaussians (Tomasi and Manduchi, 1998).

    Not scikit-image's: the spatial weights of its 0.26 are shifted against the window (one more
    column than it reads), so that a large `sigma_color` does not give the Gaussian filter.
    """
    reach = math.ceil(3 * sigma_spatial)
    border = (reach, reach)
    padded = np.pad(noisy, ((0, 0), border, border, (0, 0)), mode="edge")
    total, weights = np.zeros_like(noisy), np.zeros_like(noisy[..., :1])
    height, width = noisy.shape[1:3]
    for row, column in product(range(2 * reach + 1), repeat=2):
        near = padded[:, row : row + height, column : column + width]
        color = np.sum((near - noisy) ** 2, axis=-1, keepdims=True) / sigma_color**2
        distance = ((row - reach) ** 2 + (column - reach) ** 2) / sigma_spatial**2
        weight = np.exp(-(color + np.float32(distance)) / 2)
        total += weight * near
        weights += weight
    return total / weights


@filtering("total variation", weight=(0.05, 0.1, 0.14, 0.2, 0.28, 0.4))
def total_variation(noisy: Images, weight: float) -> Images:
    """Minimize squared difference plus 2 `weight` times total variation.

    Rudin, Osher and Fatemi (1992), by the algorithm of Chambolle (2004).
    """
    from skimage.restoration import denoise_tv_chambolle

    return _image_by_image(denoise_tv_chambolle, noisy, weight=weight)


@filtering("non-local means", h=(0.05, 0.1, 0.2, 0.4), sigma=(0.0, 0.1, 0.25, 0.35))
def non_local_means(noisy: Images, h: float, sigma: float) -> Images:
    """Average pixels up to 5 away whose 5x5 surroundings look alike.

    Buades, Coll and Morel (2005); differences that noise of `sigma` explains do not count.
    """
    from skimage.restoration import denoise_nl_means

    options = {"h": h, "sigma": sigma, "patch_size": 5, "patch_distance": 5}
    return _image_by_image(denoise_nl_means, noisy, **options)


@filtering("wavelet", sigma=(0.1, 0.2, 0.25, 0.3, 0.4))
def wavelet(noisy: Images, sigma: float) -> Images:
    """Shrink Haar coefficients on two levels, averaged over all shifts.

    The thresholds of Chang, Yu and Vetterli (2000) for noise of `sigma`; Coifman and Donoho,
    "Translation-Invariant De-Noising" (1995).
    """
    from skimage.restoration import denoise_wavelet

    options = {"sigma": sigma, "wavelet": "db1", "wavelet_levels": 2, "rescale_sigma": False}
    shifts = list(product(range(4), repeat=2))
    total = np.zeros_like(noisy)
    for shift in shifts:
        moved = _image_by_image(denoise_wavelet, np.roll(noisy, shift, (1, 2)), **options)
        total += np.roll(moved, (-shift[0], -shift[1]), (1, 2))
    return total / np.float32(len(shifts))


@filtering("sauvola", window=(15, 25, 41), k=(0.1, 0.2, 0.3))
def sauvola(noisy: Images, window: int, k: float) -> Images:
    """Make black what is darker than its surroundings by more than they vary, all else white.

    J. Sauvola and M. Pietikäinen, "Adaptive Document Image Binarization" (2000), with the dynamic
    range 1/2 of the standard deviation; of each channel by itself.
    """
    from skimage.filters import threshold_sauvola

    def binary(channel: Images) -> Images:
        return np.asarray(channel > threshold_sauvola(channel, window, k, r=0.5), np.float32)

    return _each_channel(binary, noisy)


@filtering("median background", size=(15, 25, 41))
def median_background(noisy: Images, size: int) -> Images:
    """Divide by the median of the square of `size` pixels around each: the paper without print.

    Of each channel by itself, and of the part of the square that is in the image, in 256 levels.
    """
    from skimage.filters.rank import median

    square = np.ones((size, size), bool)

    def divided(channel: Images) -> Images:
        background = median(np.rint(channel * 255).astype(np.uint8), square)
        return np.asarray(channel * 255 / np.maximum(background, 1), np.float32)

    return _each_channel(divided, np.clip(noisy, 0, 1))


def _each_channel(function: Callable[[Images], Images], noisy: Images) -> Images:
    """Apply a function from (H, W) to (H, W) to each channel of each image."""
    filtered = np.empty_like(noisy)
    for image, channel in product(range(len(noisy)), range(noisy.shape[3])):
        filtered[image, ..., channel] = function(noisy[image, ..., channel])
    return filtered


def _image_by_image(function: Callable[..., Any], noisy: Images, **options: Any) -> Images:
    """Apply a function of scikit-image: it takes one image, and grey ones without channels."""
    channels = noisy.shape[-1]
    images = noisy[..., 0] if channels == 1 else noisy
    axis = None if channels == 1 else -1
    denoised = [function(image, channel_axis=axis, **options) for image in images]
    return np.reshape(denoised, noisy.shape).astype(np.float32)
