"""What training minimizes and reports."""

from collections.abc import Callable
from typing import Any

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.evaluation.calibration import MIN_SD


def mean_psnr(clean: Any, denoised: Any) -> Any:
    """PSNR in dB of each image of a batch of Keras tensors (N, H, W, C) in [0, 1], as (N,).

    The same formula and cap as `denoising_pipeline.evaluation.metrics.psnr`, which knows no Keras.
    """
    ops = load_keras().ops
    squared_error = ops.mean(ops.square(clean - denoised), axis=(1, 2, 3))
    return -10.0 * ops.log10(ops.maximum(squared_error, 1e-10))


def cross_entropy(clean: Any, denoised: Any) -> Any:
    """Binary cross-entropy of each pixel, with a gradient where the sigmoid is close to 0.

    On TensorFlow, Keras takes the values from before the sigmoid. On other backends it cuts the
    probabilities off at 1e-7, so that a network whose output is black once gets no gradient any
    more; there, those values are computed back here.

    Args:
        clean: Keras tensor (N, H, W, C) in [0, 1].
        denoised: The same shape, in (0, 1).

    Returns:
        Keras tensor (N, H, W): the mean over channels.
    """
    keras = load_keras()
    if keras.config.backend() == "tensorflow":
        return keras.losses.binary_crossentropy(clean, denoised)
    ops = keras.ops
    # Cut off where float32 ends: 1e-37 is near its smallest number, 2**-24 the step below 1.
    logits = ops.log(ops.maximum(denoised, 1e-37)) - ops.log(ops.maximum(1 - denoised, 2.0**-24))
    return keras.losses.binary_crossentropy(clean, logits, from_logits=True)


def psnr_loss(clean: Any, denoised: Any, mse_floor: float) -> Any:
    """Binary cross-entropy plus ln(MSE + mse_floor), each of one image, as (N,); less is better.

    ln(MSE) is the PSNR in dB times -0.23, so this loss asks for what the score `psnr` measures:
    an image that is denoised twice as well counts as much as any other. By itself it has a resting
    place at black images, which the cross-entropy does not have. The gradient is steepest where the
    MSE is `mse_floor` (50 dB if it is 1e-5), and vanishes for perfect images.

    Args:
        clean: Keras tensor (N, H, W, C) in [0, 1].
        denoised: The same shape, in (0, 1).
        mse_floor: Above 0.

    Returns:
        Keras tensor (N,).
    """
    ops = load_keras().ops
    squared_error = ops.mean(ops.square(clean - denoised), axis=(1, 2, 3))
    return ops.mean(cross_entropy(clean, denoised), axis=(1, 2)) + ops.log(
        squared_error + mse_floor
    )


def sd_loss(squared_error: Any, sd: Any) -> Any:
    """Mean of sd + squared_error / sd: what a standard deviation minimizes, of one image, as (N,).

    The deviance of Tweedie's compound Poisson-gamma distribution with power 3/2 (B. Jorgensen,
    "Exponential Dispersion Models", 1987), the mean being written as sd². Like the Gaussian
    likelihood, it is a Bregman loss in the mean, so that sd² = E[squared_error | image] minimizes
    it (T. Gneiting, "Making and Evaluating Point Forecasts", 2011, theorem 7), whatever the
    distribution of the error. It is steep as 1 / sd where the likelihood is as 1 / sd²: an error
    in a pixel that was thought to be certain does not rule the gradient of the batch.

    Args:
        squared_error: Keras tensor (N, H, W, C), 0 or more.
        sd: The same shape, in (0, 1); `MIN_SD` is added to it.

    Returns:
        Keras tensor (N,).
    """
    ops = load_keras().ops
    total = sd + MIN_SD
    return ops.mean(total + squared_error / total, axis=(1, 2, 3))


def keras_loss(name: str, mse_floor: float) -> str | Callable[[Any, Any], Any]:
    """Return what `compile` takes as loss: a function of this module, or Keras's own by name."""

    def psnr(clean: Any, denoised: Any) -> Any:
        return psnr_loss(clean, denoised, mse_floor)

    return {"psnr": psnr, "binary_crossentropy": cross_entropy}.get(name, name)
