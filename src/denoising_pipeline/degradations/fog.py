"""Fog."""

from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from denoising_pipeline.degradations.base import Graded
from denoising_pipeline.images.arrays import Images

DECAY = 1.7
"""Exponent by which the amplitude of clouds falls with frequency."""


class Fog(Graded):
    """Add clouds and take contrast away: (clean + c cloud) / (1 + c), c up to 2.

    The clouds are random fields whose amplitude falls with frequency (spectral synthesis: H.-O.
    Peitgen and D. Saupe, "The Science of Fractal Images", 1988), from 0 to 1 in each image.
    """

    whole_image: ClassVar[bool] = True

    name: Literal["fog"] = "fog"

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images; see `Degradation.apply`."""
        c = np.float32(2 * self.severity)
        clouds = _clouds(generator.standard_normal(clean.shape[:3], dtype=np.float32))
        return np.clip((clean + c * clouds[..., np.newaxis]) / (1 + c), 0, 1)


def _clouds(white: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Filter white noise (N, H, W) and bring each image to the range from 0 to 1."""
    height, width = white.shape[1:]
    frequencies = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
    frequencies[0, 0] = np.inf
    spectrum = np.fft.rfft2(white) * frequencies**-DECAY
    fields = np.fft.irfft2(spectrum, s=(height, width))
    fields -= fields.min((1, 2), keepdims=True)
    highest = fields.max((1, 2), keepdims=True)
    return np.divide(fields, np.where(highest > 0, highest, 1), dtype=np.float32)
