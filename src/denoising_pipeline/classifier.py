"""A small network that reads digits: the judge of whether denoising helps."""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from denoising_pipeline.arrays import Images
from denoising_pipeline.backend import load_keras
from denoising_pipeline.components import Component
from denoising_pipeline.models.base import SeededInitializers


class DigitNetwork(Component):
    """Three 3x3 convolutions, two poolings and one dense layer, in the manner of LeNet.

    Y. LeCun et al., "Gradient-Based Learning Applied to Document Recognition" (1998), with ReLU
    and maximum pooling. At 28x28x1 with ten classes it has 87,114 weights.
    """

    name: Literal["digit_network"] = "digit_network"
    classes: int = Field(default=10, ge=2, le=256, description="labels run from 0 to this less one")

    def build(self, image_shape: tuple[int, int, int], seed: int) -> Any:
        """Build the untrained network, not compiled.

        Args:
            image_shape: (H, W, C) of the images, any size.
            seed: Root seed. Equal seeds give equal initial weights.

        Returns:
            A `keras.Model` from float32 (N, H, W, C) in [0, 1] to float32 (N, classes), the
            probability of each class.
        """
        keras, kernels = load_keras(), SeededInitializers(seed)

        def convolution(filters: int) -> Any:
            return keras.layers.Conv2D(
                filters,
                3,
                padding="same",
                activation="relu",
                kernel_initializer=kernels.next_kernel(),
            )

        return keras.Sequential(
            [
                keras.Input(image_shape),
                convolution(32),
                keras.layers.MaxPooling2D(2, padding="same"),
                convolution(64),
                keras.layers.MaxPooling2D(2, padding="same"),
                convolution(64),
                keras.layers.Flatten(),
                keras.layers.Dense(
                    self.classes,
                    activation="softmax",
                    dtype="float32",
                    kernel_initializer=kernels.next_kernel(),
                ),
            ],
            name=self.name,
        )


class Classifier:
    """A trained `DigitNetwork`.

    Attributes:
        architecture: What the network was built from.
        image_shape: (H, W, C) of the images that it reads.
        model: The `keras.Model`.
    """

    def __init__(
        self, architecture: DigitNetwork, image_shape: tuple[int, int, int], model: Any
    ) -> None:
        """Put the parts together.

        Args:
            architecture: What `model` was built from.
            image_shape: (H, W, C) that `model` was built for.
            model: A `keras.Model` from `architecture.build`.
        """
        self.architecture = architecture
        self.image_shape = image_shape
        self.model = model

    def __call__(self, images: Images) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """Read a batch of images.

        Args:
            images: float32 (N, *image_shape) in [0, 1]; N is 1 or more.

        Returns:
            The most probable label of each image, int64 (N,), and the confidence, which is its
            probability by the network's own account, float32 (N,) in [0, 1].
        """
        probabilities = self.model.predict(images, batch_size=512, verbose=0)
        return probabilities.argmax(axis=1), probabilities.max(axis=1)
