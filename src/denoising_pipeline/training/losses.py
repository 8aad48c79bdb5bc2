"""What training minimizes and reports."""

from typing import Any

from denoising_pipeline.backend import load_keras


def mean_psnr(clean: Any, denoised: Any) -> Any:
    """PSNR in dB of each image of a batch of Keras tensors (N, H, W, C) in [0, 1], as (N,).

    The same formula and cap as `denoising_pipeline.metrics.psnr`, which knows no Keras.
    """
    ops = load_keras().ops
    squared_error = ops.mean(ops.square(clean - denoised), axis=(1, 2, 3))
    return -10.0 * ops.log10(ops.maximum(squared_error, 1e-10))
