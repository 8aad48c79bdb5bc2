"""Classical filters, one image at a time: they know nothing of other images.

Imports of scikit-image are inside the functions: who lists pipelines does not wait for them.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import ndimage

from denoising_pipeline.arrays import Images
from denoising_pipeline.baselines.base import filtering


@filtering("gaussian filter", sigma=(0.5, 0.7, 0.85, 1.0, 1.2, 1.5))
def gaussian_filter(noisy: Images, sigma: float) -> Images:
    """Convolve with a Gaussian of a standard deviation of `sigma` pixels."""
    return ndimage.gaussian_filter(noisy, (0, sigma, sigma, 0), mode="nearest")


@filtering("median filter", size=(3, 5, 7))
def median_filter(noisy: Images, size: int) -> Images:
    """Take the median of the square of `size` pixels around each (Tukey, 1977)."""
    return ndimage.median_filter(noisy, (1, size, size, 1), mode="nearest")


@filtering(
    "bilateral filter", sigma_color=(0.3, 0.5, 0.7, 1.0, 2.0), sigma_spatial=(0.7, 1.0, 1.5)
)
def bilateral_filter(noisy: Images, sigma_color: float, sigma_spatial: float) -> Images:
    """Average what is near and of a similar value (Tomasi and Manduchi, 1998)."""
    from skimage.restoration import denoise_bilateral

    options = {"sigma_color": sigma_color, "sigma_spatial": sigma_spatial, "mode": "edge"}
    return _image_by_image(denoise_bilateral, noisy, **options)


@filtering("total variation", weight=(0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0))
def total_variation(noisy: Images, weight: float) -> Images:
    """Minimize total variation plus `weight` times squared difference.

    Rudin, Osher and Fatemi (1992), by split Bregman (Goldstein and Osher, 2009).
    """
    from skimage.restoration import denoise_tv_bregman

    return _image_by_image(denoise_tv_bregman, noisy, weight=weight)


@filtering("non-local means", h=(0.2, 0.3, 0.4, 0.5, 0.7), patch_size=(3, 5, 7))
def non_local_means(noisy: Images, h: float, patch_size: int) -> Images:
    """Average pixels whose surroundings look alike (Buades, Coll and Morel, 2005)."""
    from skimage.restoration import denoise_nl_means

    return _image_by_image(denoise_nl_means, noisy, h=h, patch_size=patch_size)


@filtering("wavelet", sigma=(0.1, 0.15, 0.2, 0.3, 0.4, 0.5))
def wavelet(noisy: Images, sigma: float) -> Images:
    """Shrink the coefficients of Daubechies' wavelets (Chang, Yu and Vetterli, 2000)."""
    from skimage.restoration import denoise_wavelet

    return _image_by_image(denoise_wavelet, noisy, sigma=sigma, wavelet="db1", rescale_sigma=False)


def _image_by_image(function: Callable[..., Any], noisy: Images, **options: Any) -> Images:
    """Apply a function of scikit-image: it takes one image, and grey ones without channels."""
    channels = noisy.shape[-1]
    images = noisy[..., 0] if channels == 1 else noisy
    axis = None if channels == 1 else -1
    denoised = [function(image, channel_axis=axis, **options) for image in images]
    return np.reshape(denoised, noisy.shape).astype(np.float32)
