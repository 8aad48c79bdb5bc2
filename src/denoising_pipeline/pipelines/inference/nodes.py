"""Denoising somebody's own images."""

from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet


def denoise_images(denoiser: Denoiser, noisy: Images | ImageSet) -> Images | ImageSet:
    """Denoise images with the trained denoiser.

    Args:
        denoiser: The trained denoiser.
        noisy: The images, as an array or as a set.

    Returns:
        Denoised images of the same sizes, an array or a set as `noisy` is.
    """
    return denoiser(noisy)
