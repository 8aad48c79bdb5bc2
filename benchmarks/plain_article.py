"""The 2020 article's script in plain Keras: arrays in memory and `fit`, nothing of this project.

The denoising network of F. Chollet, "Building Autoencoders in Keras" (2016), which the article
trains: 28,353 weights, one noisy copy of the training images, Adam, binary cross-entropy, batches
of 128, validation on the test images.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

SIGMA = 0.5


def add_noise(clean: Array, seed: int) -> Array:
    """Return clean + 0.5 n, clipped to [0, 1], as the script has it: drawn once, in float64."""
    normal = np.random.default_rng(seed).normal(size=clean.shape)
    return np.clip(clean + SIGMA * normal, 0.0, 1.0)


def train_plain_script(
    clean: Array,
    noisy: Array,
    validation: tuple[Array, Array],
    epochs: int,
    on_epoch: Callable[[Any], None],
) -> None:
    """Build the network and train it.

    Args:
        clean: Training images, float32 (N, 28, 28, 1) in [0, 1].
        noisy: The same images from `add_noise`.
        validation: Noisy and clean images that are scored after every epoch.
        epochs: Passes over the images.
        on_epoch: Called with the model after every epoch, validation included.
    """
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, (3, 3), activation="relu", padding="same"),
            layers.MaxPooling2D((2, 2), padding="same"),
            layers.Conv2D(32, (3, 3), activation="relu", padding="same"),
            layers.MaxPooling2D((2, 2), padding="same"),
            layers.Conv2D(32, (3, 3), activation="relu", padding="same"),
            layers.UpSampling2D((2, 2)),
            layers.Conv2D(32, (3, 3), activation="relu", padding="same"),
            layers.UpSampling2D((2, 2)),
            layers.Conv2D(1, (3, 3), activation="sigmoid", padding="same"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(
        noisy,
        clean,
        epochs=epochs,
        batch_size=128,
        shuffle=True,
        validation_data=validation,
        verbose=2,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: on_epoch(model))],
    )
