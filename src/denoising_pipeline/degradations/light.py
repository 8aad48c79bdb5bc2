"""Degradations that change how bright pixels are."""

import numpy as np
import numpy.typing as npt

from denoising_pipeline.images.arrays import Images

_BRIGHTER = 0.5
_STRIPE_SHARE = 0.25
_FOG_STRENGTH = 2.0
_FOG_DECAY = 1.7
"""Exponent by which the amplitude of clouds falls with frequency."""


def brightness(clean: Images, severity: float, generator: np.random.Generator) -> Images:
    """Add up to 0.5 to every value."""
    brighter: Images = np.clip(clean + np.float32(_BRIGHTER * severity), 0, 1)
    return brighter


def stripe(clean: Images, severity: float, generator: np.random.Generator) -> Images:
    """Invert the values in an upright stripe in the middle, up to a quarter of the image wide."""
    width = clean.shape[2]
    columns = round(_STRIPE_SHARE * severity * width)
    start = (width - columns) // 2
    degraded = np.array(clean)
    degraded[:, :, start : start + columns] = 1 - degraded[:, :, start : start + columns]
    return degraded


def fog(clean: Images, severity: float, generator: np.random.Generator) -> Images:
    """Add clouds and take contrast away: (clean + c cloud) / (1 + c), c up to 2.

    The clouds are random fields whose amplitude falls with frequency (spectral synthesis: H.-O.
    Peitgen and D. Saupe, "The Science of Fractal Images", 1988), from 0 to 1 in each image.
    """
    strength = np.float32(_FOG_STRENGTH * severity)
    clouds = _clouds(generator.standard_normal(clean.shape[:3], dtype=np.float32))
    return np.clip((clean + strength * clouds[..., np.newaxis]) / (1 + strength), 0, 1)


def _clouds(white: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Filter white noise (N, H, W) and bring each image to the range from 0 to 1."""
    height, width = white.shape[1:]
    frequencies = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
    frequencies[0, 0] = np.inf
    spectrum = np.fft.rfft2(white) * frequencies**-_FOG_DECAY
    fields = np.fft.irfft2(spectrum, s=(height, width))
    fields -= fields.min((1, 2), keepdims=True)
    highest = fields.max((1, 2), keepdims=True)
    return np.divide(fields, np.where(highest > 0, highest, 1), dtype=np.float32)
