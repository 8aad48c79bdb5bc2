"""The convolutional autoencoder of the Keras blog, which the 2020 article trains."""

from typing import Any, Literal

from pydantic import Field

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.models.base import Architecture, SeededInitializers, autoencoder


class Convolutional(Architecture):
    """Two 3x3 convolutions and poolings down, two convolutions and up-samplings back.

    The denoising network of F. Chollet, "Building Autoencoders in Keras" (2016), section
    "Application to image denoising". At 28x28x1 its bottleneck is 7x7x32 and it has 28,353
    weights.
    """

    name: Literal["convolutional"] = "convolutional"
    filters: int = Field(
        default=32, ge=1, le=1024, description="filters of each convolution, except the last"
    )

    def build(self, image_shape: tuple[int, int, int], seed: int) -> Any:
        """Build the network; see `Architecture.build`.

        Args:
            image_shape: (H, W, C); H and W must be multiples of 4.
            seed: Root seed of the initial weights.

        Returns:
            The `keras.Model`.

        Raises:
            ValueError: H or W is not a multiple of 4.
        """
        height, width, channels = image_shape
        if height % 4 or width % 4:
            raise ValueError(
                f"image_shape {tuple(image_shape)}: the architecture 'convolutional' halves the "
                "image twice, so height and width must be multiples of 4. "
                "Pad or crop the images, or choose another architecture."
            )
        keras, kernels = load_keras(), SeededInitializers(seed)

        def convolution(filters: int, activation: str, dtype: str | None = None) -> Any:
            return keras.layers.Conv2D(
                filters,
                3,
                padding="same",
                activation=activation,
                dtype=dtype,
                kernel_initializer=kernels.next_kernel(),
            )

        encoder = keras.Sequential(
            [
                keras.Input(image_shape),
                convolution(self.filters, "relu"),
                keras.layers.MaxPooling2D(2, padding="same"),
                convolution(self.filters, "relu"),
                keras.layers.MaxPooling2D(2, padding="same"),
            ],
            name="encoder",
        )
        decoder = keras.Sequential(
            [
                keras.Input(encoder.output_shape[1:]),
                convolution(self.filters, "relu"),
                keras.layers.UpSampling2D(2),
                convolution(self.filters, "relu"),
                keras.layers.UpSampling2D(2),
                convolution(channels, "sigmoid", "float32"),
            ],
            name="decoder",
        )
        return autoencoder(self.name, image_shape, encoder, decoder)
