"""A denoiser as MLflow loads and serves it; nothing of MLflow is needed for that."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from denoising_pipeline.denoiser.denoiser import Denoiser
from denoising_pipeline.denoiser.file import load_denoiser
from denoising_pipeline.images.arrays import Images

FILE = "denoiser.zip"
"""The denoiser in the folder of a logged model's data."""

CARD = "card.json"
"""Its card, beside it."""


class ServedDenoiser:
    """What MLflow's scoring server calls."""

    def __init__(self, denoiser: Denoiser) -> None:
        """Serve a denoiser."""
        self._denoiser = denoiser

    def predict(self, images: Images, params: Mapping[str, Any] | None = None) -> Images:
        """Denoise images.

        Args:
            images: float32 (N, H, W, C) in [0, 1], as `Denoiser` takes them.
            params: `sigma`, the standard deviation of the noise on the scale of [0, 1], for a
                network that is told it (None: estimated from each image); `strength`, from 0, the
                images as they were, to 1, as the network gives them (None: 1).

        Returns:
            float32 (N, H, W, C) in [0, 1].

        Raises:
            TypeError: `images` is not float32.
            ValueError: The denoiser does not take the images, or a parameter is out of range.
        """
        given = {name: value for name, value in (params or {}).items() if value is not None}
        sigma, strength = given.get("sigma"), given.get("strength", 1.0)
        for name, value in given.items():
            if not 0 <= value <= 1:
                raise ValueError(f"{name} is {value:g}; give a number from 0 to 1.")
        denoised = self._denoiser(images, sigma=sigma)
        if strength == 1:
            return denoised
        blended: Images = images + np.float32(strength) * (denoised - images)
        return np.clip(blended, 0, 1)


def _load_pyfunc(path: str) -> ServedDenoiser:
    """Load the model's data, which are numbers: MLflow finds this function by its name."""
    return ServedDenoiser(load_denoiser(Path(path, FILE)))
