"""The same few validation images after every epoch, as they get better."""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.images.arrays import Images

PictureLogger: TypeAlias = Callable[[int, Images, Images], None]
"""Takes an epoch, from 1, and float32 (n, H, W, C) in [0, 1]: noisy images, and denoised ones."""

SHOWN = 10
"""Validation images that are shown."""

MOST = 20
"""Epochs after which they are shown at most, evenly spread over the training."""


def picture_callback(
    model: Any, inputs: Images, channels: int, epochs: int, show: PictureLogger
) -> Any:
    """Return the callback that shows them; of recordings, which have one row, nothing is seen.

    Args:
        model: The `keras.Model` that is trained.
        inputs: What it is validated on; channels after those of the images tell the noise level.
        channels: Of the images.
        epochs: Of the training.
        show: Takes what is to be seen.
    """
    first, every = inputs[:SHOWN], -(-epochs // MOST)

    def on_epoch_end(epoch: int, logs: Any) -> None:
        if first.shape[1] > 1 and ((epoch + 1) % every == 0 or epoch + 1 == epochs):
            output = load_keras().ops.convert_to_numpy(model(first, training=False))
            denoised = np.clip(output.astype(np.float32), 0, 1)
            show(epoch + 1, first[..., :channels], denoised)

    return load_keras().callbacks.LambdaCallback(on_epoch_end=on_epoch_end)
