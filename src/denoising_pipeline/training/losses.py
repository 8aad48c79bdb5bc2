"""What training minimizes and reports."""

from collections.abc import Callable
from typing import Any

from denoising_pipeline.backend import load_keras


def mean_psnr(clean: Any, denoised: Any) -> Any:
    """PSNR in dB of each image of a batch of Keras tensors (N, H, W, C) in [0, 1], as (N,).

    The same formula and cap as `denoising_pipeline.metrics.psnr`, which knows no Keras.
    """
    ops = load_keras().ops
    squared_error = ops.mean(ops.square(clean - denoised), axis=(1, 2, 3))
    return -10.0 * ops.log10(ops.maximum(squared_error, 1e-10))


def psnr_loss(clean: Any, denoised: Any) -> Any:
    """Binary cross-entropy plus ln(MSE + 1e-5), each of one image, as (N,); less is better.

    ln(MSE) is the PSNR in dB times -0.23, so this loss asks for what the score `psnr` measures:
    an image that is denoised twice as well counts as much as any other. By itself it has a resting
    place at black images, which the cross-entropy does not have; 1e-5, which is 50 dB, bounds the
    gradient of perfect images.

    Args:
        clean: Keras tensor (N, H, W, C) in [0, 1].
        denoised: The same shape, in (0, 1).

    Returns:
        Keras tensor (N,).
    """
    keras = load_keras()
    cross_entropy = keras.losses.binary_crossentropy(clean, denoised)
    squared_error = keras.ops.mean(keras.ops.square(clean - denoised), axis=(1, 2, 3))
    return keras.ops.mean(cross_entropy, axis=(1, 2)) + keras.ops.log(squared_error + 1e-5)


def keras_loss(name: str) -> str | Callable[[Any, Any], Any]:
    """Return what `compile` takes as loss: `psnr_loss` for `"psnr"`, else Keras's own, by name."""
    return psnr_loss if name == "psnr" else name
