"""Denoising somebody's own array."""

from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.images.arrays import Images


def denoise_images(denoiser: Denoiser, noisy: Images) -> Images:
    """Denoise an array with the trained denoiser.

    Args:
        denoiser: The trained denoiser.
        noisy: float32 (N, H, W, C) in [0, 1], of the size that it was trained on.

    Returns:
        Denoised images of the same shape, dtype and range.
    """
    return denoiser(noisy)
