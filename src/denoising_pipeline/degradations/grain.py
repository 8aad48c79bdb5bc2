"""Degradations that exist as noise models, too, at the strengths of the benchmark."""

import numpy as np

from denoising_pipeline.degradations.poisson import SMALLEST_GAIN, Poisson
from denoising_pipeline.degradations.salt_and_pepper import SaltAndPepper
from denoising_pipeline.images.arrays import Images


def shot(clean: Images, severity: float, generator: np.random.Generator) -> Images:
    """Count photons, down to 3 for white: `Poisson` with a gain of severity / 3."""
    gain = severity / 3
    return Poisson(gain=gain if gain >= SMALLEST_GAIN else 0).apply(clean, generator)


def impulse(clean: Images, severity: float, generator: np.random.Generator) -> Images:
    """Lose up to 27 % of the values to black and white: `SaltAndPepper`."""
    return SaltAndPepper(amount=0.27 * severity).apply(clean, generator)
