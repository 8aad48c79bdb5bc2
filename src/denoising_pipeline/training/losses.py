"""What training minimizes and reports.

Where there is a mask, (N, H, W, 1), values are means over the pixels at which it is 1.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.evaluation.calibration import MIN_SD
from denoising_pipeline.training.objectives import Loss

KerasLoss: TypeAlias = Callable[[Any, Any], Any]
"""(target, output) to values: a loss or a metric as `compile` takes it."""


def unpacked(loss: Loss) -> KerasLoss:
    """Return a loss as Keras calls it, with (target, output).

    Args:
        loss: The loss. Where the target has one channel more than the output, that is its mask.
    """

    def compared(target: Any, output: Any) -> Any:
        channels = output.shape[-1]
        if len(target.shape) != len(output.shape) or target.shape[-1] != channels + 1:
            return loss(target, output, None)
        return loss(target[..., :channels], output, target[..., channels:])

    return compared


def image_mean(values: Any, mask: Any = None) -> Any:
    """Return the mean over each image, or over its pixels where a mask is 1, as (N,).

    Args:
        values: Keras tensor (N, H, W, C), or (N, H, W) if it is a mean over channels.
        mask: (N, H, W, 1) or None. Of a mask that is 0 everywhere the mean is 0.
    """
    ops = load_keras().ops
    axes = tuple(range(1, len(values.shape)))
    if mask is None:
        return ops.mean(values, axis=axes)
    of_pixels = ops.mean(values, axis=3) if len(axes) == 3 else values  # noqa: PLR2004
    weights = ops.cast(mask[..., 0], of_pixels.dtype)
    total = ops.maximum(ops.sum(weights, axis=(1, 2)), 1)
    return ops.sum(of_pixels * weights, axis=(1, 2)) / total


def mean_psnr(clean: Any, denoised: Any, mask: Any = None) -> Any:
    """PSNR in dB of each image of a batch of Keras tensors (N, H, W, C) in [0, 1], as (N,).

    The same formula and cap as `denoising_pipeline.evaluation.metrics.psnr`, which knows no Keras.
    """
    ops = load_keras().ops
    squared_error = image_mean(ops.square(clean - denoised), mask)
    return -10.0 * ops.log10(ops.maximum(squared_error, 1e-10))


def risk(target: Any, output: Any, mask: Any = None) -> Any:
    """Mean squared difference of each image from a noisy target, (N,), as `mean_psnr` takes it.

    What it has in common for all denoisers is the variance of the target's noise, so that of two
    the better has the lower risk; but how good it is remains unknown.
    """
    return image_mean(load_keras().ops.square(target - output), mask)


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


def log_mse(clean: Any, denoised: Any, mse_floor: float, mask: Any = None) -> Any:
    """Return ln(MSE + mse_floor) of each image, for networks whose output has no bounds.

    Args:
        clean: Keras tensor (N, H, W, C) in [0, 1].
        denoised: The same shape, any values.
        mse_floor: Above 0.
        mask: (N, H, W, 1) or None.

    Returns:
        Keras tensor (N,).
    """
    ops = load_keras().ops
    return ops.log(image_mean(ops.square(clean - denoised), mask) + mse_floor)


def psnr_loss(clean: Any, denoised: Any, mse_floor: float, mask: Any = None) -> Any:
    """Binary cross-entropy plus ln(MSE + mse_floor), each of one image, as (N,); less is better.

    ln(MSE) is the PSNR in dB times -0.23, so this loss asks for what the score `psnr` measures:
    an image that is denoised twice as well counts as much as any other. By itself it has a resting
    place at black images, which the cross-entropy does not have. The gradient is steepest where the
    MSE is `mse_floor` (50 dB if it is 1e-5), and vanishes for perfect images.

    Args:
        clean: Keras tensor (N, H, W, C) in [0, 1].
        denoised: The same shape, in (0, 1).
        mse_floor: Above 0.
        mask: (N, H, W, 1) or None.

    Returns:
        Keras tensor (N,).
    """
    entropy = image_mean(cross_entropy(clean, denoised), mask)
    return entropy + log_mse(clean, denoised, mse_floor, mask)


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


def loss_by_name(name: str, mse_floor: float) -> Loss:
    """Return the loss that parameters name.

    Args:
        name: `psnr`, `log_mse`, `mse` or `binary_crossentropy`.
        mse_floor: Of the first two.
    """

    def squared_error(clean: Any, denoised: Any, mask: Any) -> Any:
        values = load_keras().losses.mean_squared_error(clean, denoised)
        return values if mask is None else image_mean(values, mask)

    def entropy(clean: Any, denoised: Any, mask: Any) -> Any:
        values = cross_entropy(clean, denoised)
        return values if mask is None else image_mean(values, mask)

    losses: dict[str, Loss] = {
        "psnr": lambda clean, denoised, mask: psnr_loss(clean, denoised, mse_floor, mask),
        "log_mse": lambda clean, denoised, mask: log_mse(clean, denoised, mse_floor, mask),
        "mse": squared_error,
        "binary_crossentropy": entropy,
    }
    return losses[name]
