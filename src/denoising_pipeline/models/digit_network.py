"""A small network that classifies digits."""

from typing import Any, Literal

from pydantic import Field

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.core.components import Component
from denoising_pipeline.models.base import SeededInitializers


class DigitNetwork(Component):
    """Three 3x3 convolutions, two poolings and one dense layer, in the manner of LeNet.

    Y. LeCun et al., "Gradient-Based Learning Applied to Document Recognition" (1998), with ReLU
    and maximum pooling. At 28x28x1 with ten classes it has 87,114 weights.
    """

    name: Literal["digit_network"] = "digit_network"
    classes: int = Field(default=10, ge=2, le=256, description="labels run from 0 to this less one")

    def fewest_weights(self, image_shape: tuple[int, int, int]) -> int:
        """Return a number of weights that it surely has: the dense layer's, of pooled features."""
        return image_shape[0] // 4 * (image_shape[1] // 4)

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
