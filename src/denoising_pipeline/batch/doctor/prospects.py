"""What to expect: of denoising by a ready denoiser, and of training one here."""

import math
import time
from collections.abc import Sequence

import numpy as np

from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.picture import Settings, denoise_page
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import middle_of

PATCHES, PATCH, BATCH = 96_000, 96, 8
"""Patches that the recipe `photos` trains on in all, pixels of their sides, patches per step."""

PASSES = 3
"""A step of training takes about as long as so many forward passes."""

CROP = 192
"""Pixels of the sides of the crops that a gain is estimated from."""

_TIMED = 0.5
_MOST_RUNS = 5


def expected_gain(pixels: Images, sigma: float, denoiser: Denoiser) -> float | None:
    """Return what denoising gains on an image, in dB of PSNR, without the truth.

    It is the PSNR that the denoiser predicts of the middle of the image, less that of noise of the
    level, -20 log10(sigma).

    Args:
        pixels: float32 (H, W, C) in [0, 1].
        sigma: Its noise level on the scale of [0, 1]; more than 0.
        denoiser: A denoiser for images of any size.

    Returns:
        None where the denoiser cannot predict it.
    """
    told = sigma if denoiser.architecture.told_level else None
    predicted = denoise_page(middle(pixels), denoiser, Settings(sigma=told))[1].predicted
    return predicted.psnr + 20 * math.log10(sigma) if predicted else None


def gained(noisy: Images, clean: Images, denoiser: Denoiser) -> float:
    """Return how much nearer to a clean image denoising brings a noisy one, in dB of PSNR."""
    denoised, _ = denoise_page(noisy, denoiser)
    before, after = (float(np.square(image - clean).mean()) for image in (noisy, denoised))
    return float(10 * np.log10(max(before, 1e-10) / max(after, 1e-10)))


def middle(pixels: Images) -> Images:
    """Return the middle of an image: (H, W, C), H and W being `CROP` at most."""
    return np.ascontiguousarray(pixels[middle_of(pixels.shape, CROP, CROP).slices])


def training_seconds(denoiser: Denoiser) -> float:
    """Estimate how long the recipe `photos` takes here, by the fastest of a few passes."""
    patches = np.full((BATCH, PATCH, PATCH, denoiser.image_shape[2]), 0.5, np.float32)
    sigma = 0.1 if denoiser.architecture.told_level else None
    denoiser(patches, sigma=sigma)
    runs: list[float] = []
    while len(runs) < _MOST_RUNS and sum(runs) < _TIMED:
        started = time.perf_counter()
        denoiser(patches, sigma=sigma)
        runs.append(time.perf_counter() - started)
    return min(runs) * PASSES * PATCHES / BATCH


def typical(levels: Sequence[float | None], count: int) -> list[int]:
    """Return positions of images whose noise is known, evenly from the lowest to the highest."""
    known = [(level, position) for position, level in enumerate(levels) if level]
    chosen = np.linspace(0, len(known) - 1, min(count, len(known))).round().astype(int)
    return [sorted(known)[place][1] for place in chosen]
