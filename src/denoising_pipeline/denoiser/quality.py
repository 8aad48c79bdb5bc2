"""How good a denoised image is, predicted without the clean one."""

from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from denoising_pipeline.images.noise_kinds import GROWING, UNLIKE_TRAINING, noise_kinds
from denoising_pipeline.images.noise_level import NoiseEstimate
from denoising_pipeline.pictures.noise_warnings import is_beyond

Image = npt.NDArray[np.float32]

LEAST = 1e-3
"""Added to levels and steps before their logarithm: a quarter of a grey value of 8 bits."""


FEATURES = 11
"""Of a prediction."""


class Prediction(BaseModel):
    """A PSNR in dB of a denoised image with the interval that holds it nine times of ten."""

    model_config = ConfigDict(frozen=True)

    psnr: float
    low: float
    high: float


class Quality(BaseModel):
    """Predicts the PSNR of a denoised image, as learnt on images that training did not see.

    What a denoiser leaves of the noise depends on the level and on how much detail there is. The
    logarithm of the remaining MSE is fitted as a quadratic in the logarithms of the level and of
    the mean step between neighbours of the denoised image, and in the share of the noise's power
    that was taken out; grey images, whose channels cannot help each other, have terms of their own.
    The interval comes from the errors on images that were left out of the fit one by one. Noise
    that is correlated, or anything else that the degradation of the training does not have, is not
    in it.

    Attributes:
        weights: Of the features; see `features`.
        below: How far the true PSNR may lie below the predicted one, in dB.
        above: Likewise above.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    weights: Annotated[tuple[float, ...], Field(min_length=FEATURES, max_length=FEATURES)]
    below: float
    above: float

    def predict(self, noisy: Image, denoised: Image, sigma: float) -> Prediction:
        """Predict the PSNR of one denoised image.

        Args:
            noisy: float32 (H, W, C), as the denoiser saw it.
            denoised: The same shape, in [0, 1].
            sigma: Level that the denoiser was told, on the scale of [0, 1].
        """
        psnr = float(features(noisy, denoised, sigma) @ np.array(self.weights))
        return Prediction(psnr=psnr, low=psnr - self.below, high=psnr + self.above)


def unlike_learnt(noise: NoiseEstimate, highest: float | None) -> str:
    """Return why what `Quality` learnt does not hold for an image; nothing: nobody can see why not.

    It was learnt on independent Gaussian noise of one level in each image. That an image is no
    photograph is not seen here.

    Args:
        noise: What is known of the noise of the image.
        highest: As for `noise_warnings`.
    """
    if noise.level is None:
        return "noise of a level that cannot be told"
    if noise.is_clean:
        return "hardly any noise"
    if is_beyond(noise.sigma, highest):
        return "more noise than it was trained on"
    unlike = [k for k in noise_kinds(noise) if k in UNLIKE_TRAINING or k == GROWING]
    return f"noise that is not what it was calibrated on ({', '.join(unlike)})" if unlike else ""


def features(noisy: Image, denoised: Image, sigma: float) -> npt.NDArray[np.float64]:
    """Return what the prediction is linear in; arguments as for `Quality.predict`."""
    steps = [_mean_step(denoised, axis) for axis in (0, 1) if denoised.shape[axis] > 1]
    detail = np.log(np.mean(steps or [0]) + LEAST)
    level = np.log(sigma + LEAST)
    taken = np.square(noisy - denoised).mean(dtype=np.float64) / (sigma + LEAST) ** 2
    share = min(float(taken), 2.0)
    found = [1, level, detail, level**2, level * detail, detail**2, share, share * level]
    grey = noisy.shape[2] == 1
    return np.array([*found, *(grey * value for value in found[:3])], np.float64)


def _mean_step(image: Image, axis: int) -> float:
    steps = np.diff(image, axis=axis)
    return float(np.abs(steps, out=steps).mean(dtype=np.float64))
