"""The same few validation images before the first epoch and after every one, as they get better."""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.images.arrays import Images

PictureLogger: TypeAlias = Callable[[int, Images, Images], None]
"""Takes the epochs that are done, and float32 (n, H, W, C) in [0, 1]: noisy and denoised images."""

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

    def look(done: int) -> None:
        if first.shape[1] > 1:
            output = load_keras().ops.convert_to_numpy(model(first, training=False))
            denoised = np.clip(output.astype(np.float32), 0, 1)
            show(done, first[..., :channels], denoised)

    def on_epoch_begin(epoch: int, logs: Any) -> None:
        if epoch == 0:  # The slider of MLflow starts there.
            look(0)

    def on_epoch_end(epoch: int, logs: Any) -> None:
        if (epoch + 1) % every == 0 or epoch + 1 == epochs:
            look(epoch + 1)

    return load_keras().callbacks.LambdaCallback(
        on_epoch_begin=on_epoch_begin, on_epoch_end=on_epoch_end
    )
