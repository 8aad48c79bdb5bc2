"""What every architecture is, and how its weights start."""

import itertools
from abc import ABC, abstractmethod
from typing import Any

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.core.components import Component
from denoising_pipeline.core.seeding import generator


class Architecture(Component, ABC):
    """A denoising network: its fields are its options, `build` makes the Keras model."""

    @abstractmethod
    def build(self, image_shape: tuple[int, int, int], seed: int) -> Any:
        """Build the untrained network, not compiled.

        Args:
            image_shape: (H, W, C) of the images.
            seed: Root seed. Equal seeds give equal initial weights.

        Returns:
            A `keras.Model` from float32 (N, H, W, C) in [0, 1] to the same shape, type and range,
            whatever the precision of the layers between, made of two sub-models:
            `get_layer("encoder")` and `get_layer("decoder")`.

        Raises:
            ValueError: The network cannot process images of that shape.
        """


class SeededInitializers:
    """Kernel initializers that depend on the root seed and the layer's position alone.

    Keras draws a layer's seed from a global generator unless it is given one, so what was built
    before would change the weights.
    """

    def __init__(self, seed: int) -> None:
        """Start at layer 0.

        Args:
            seed: Root seed of the run.
        """
        self._seed = seed
        self._layers = itertools.count()

    def next_kernel(self, scale: float = 1) -> Any:
        """Return the Glorot uniform initializer of the next layer (Glorot and Bengio, 2010).

        Args:
            scale: Factor on the variance.
        """
        draws = generator(self._seed, "weights", index=next(self._layers))
        return load_keras().initializers.VarianceScaling(
            scale, mode="fan_avg", distribution="uniform", seed=int(draws.integers(2**31))
        )


def autoencoder(name: str, image_shape: tuple[int, int, int], encoder: Any, decoder: Any) -> Any:
    """Chain two sub-models into the model that `Architecture.build` returns.

    Args:
        name: Name of the whole model.
        image_shape: (H, W, C) of its input.
        encoder: `keras.Model` named `"encoder"`.
        decoder: `keras.Model` named `"decoder"`, from the encoder's output to the image.

    Returns:
        The `keras.Model` that maps x to decoder(encoder(x)).
    """
    keras = load_keras()
    noisy = keras.Input(image_shape, name="noisy")
    return keras.Model(noisy, decoder(encoder(noisy)), name=name)
