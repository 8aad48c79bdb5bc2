"""The noise of photographs, another one for each image."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from denoising_pipeline.degradations.base import Degradation
from denoising_pipeline.degradations.jpeg import stored_as_jpeg
from denoising_pipeline.images.arrays import Images

DARKEST_MEAN = 0.05
"""Least mean that a level of signal-dependent noise is related to."""


class Camera(Degradation):
    """Noise as photographs have it: every image has a level and a kind of its own.

    What one trains on for a denoiser of photographs of unknown origin. The level is uniform from 0
    to `sigma`. Of some images the variance grows with the signal (A. Foi et al., "Practical
    Poissonian-Gaussian Noise Modeling and Fitting for Single-Image Raw-Data", 2008): it is
    level² (1 - r + r x / mean(x)) at the clean value x, r uniform in [0, 1]. Some are clipped and
    rounded to 8 bits, as files are, and some of these stored as JPEG with a quality from 70 to 98;
    all others are neither clipped nor rounded, as papers measure. Of an image whose channels are
    equal they remain equal.
    """

    level: ClassVar[str] = "sigma"
    clipped: ClassVar[bool] = False

    name: Literal["camera"] = "camera"
    sigma: float = Field(default=0.3, ge=0, le=1, description="highest standard deviation")
    signal: float = Field(default=0.25, ge=0, le=1, description="share that grows with the signal")
    rounded: float = Field(default=0.5, ge=0, le=1, description="share clipped, in steps of 1/255")
    jpeg: float = Field(default=0.2, ge=0, le=1, description="of these, the share stored as JPEG")

    def describe(self) -> str:
        """Return the name and the highest level on the scale of 255."""
        return f"{self.name} up to {255 * self.sigma:.3g}/255"

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images; see `Degradation.apply`. Values may leave [0, 1]."""
        noisy = np.empty_like(clean)
        for image, own, result in zip(clean, generator.spawn(len(clean)), noisy, strict=True):
            result[:] = self._one(image, own)
        return noisy

    def _one(self, clean: Images, draws: np.random.Generator) -> Images:
        if not self.sigma:
            return clean
        level, ratio, signal, rounded, jpeg = draws.random(5)
        grey = bool((clean == clean[..., :1]).all())
        seen = clean[..., :1] if grey else clean
        variance = (self.sigma * level) ** 2
        noisy: Images = draws.standard_normal(seen.shape, np.float32)
        if signal < self.signal:
            gain = variance * ratio / max(float(seen.mean()), DARKEST_MEAN)
            noisy *= np.sqrt(np.float32(variance * (1 - ratio)) + seen * np.float32(gain))
        else:
            noisy *= np.float32(np.sqrt(variance))
        noisy += seen
        if rounded < self.rounded:
            pixels = np.rint(np.clip(noisy, 0, 1) * 255).astype(np.uint8)
            if jpeg < self.jpeg:
                pixels = stored_as_jpeg(pixels, int(draws.integers(70, 99)))
            noisy = np.divide(pixels, 255, dtype=np.float32)
        return np.broadcast_to(noisy, clean.shape)
