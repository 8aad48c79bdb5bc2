"""The convolutional autoencoder of the Keras blog, which the 2020 article trains."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.models.base import (
    Architecture,
    ImageShape,
    SeededInitializers,
    Step,
    autoencoder,
    receptive_radius,
)


class Convolutional(Architecture):
    """Two 3x3 convolutions and poolings down, two convolutions and up-samplings back.

    The denoising network of F. Chollet, "Building Autoencoders in Keras" (2016), section
    "Application to image denoising". At 28x28x1 its bottleneck is 7x7x32 and it has 28,353
    weights.
    """

    any_size: ClassVar[bool] = True

    name: Literal["convolutional"] = "convolutional"
    filters: int = Field(
        default=32, ge=1, le=1024, description="filters of each convolution, except the last"
    )

    @property
    def multiple(self) -> int:
        """The image is halved twice."""
        return 4

    @property
    def context(self) -> int:
        """How far one pixel is seen; see `Architecture.context`."""
        convolution, up = Step(3), Step(2, 2, transposed=True)
        down = [convolution, Step(2, 2)] * 2
        return receptive_radius([*down, *[convolution, up] * 2, convolution], self.multiple)

    def check(self, image_shape: ImageShape) -> None:
        """Check that height and width can be halved twice; see `Architecture.check`."""
        super().check(image_shape)
        if any((size or 0) % self.multiple for size in image_shape[:2]):
            raise ValueError(
                f"image_shape {tuple(image_shape)}: the architecture 'convolutional' halves the "
                "image twice, so height and width must be multiples of 4. "
                "Pad or crop the images, or choose another architecture."
            )

    def build(self, image_shape: ImageShape, seed: int, out_channels: int | None = None) -> Any:
        """Build the network; see `Architecture.build`.

        Args:
            image_shape: (H, W, C); H and W must be multiples of 4, or both None.
            seed: Root seed of the initial weights.
            out_channels: Channels that come out; None: as many as go in.

        Returns:
            The `keras.Model`.

        Raises:
            ValueError: H or W is not a multiple of 4.
        """
        self.check(image_shape)
        channels = self._output_channels(image_shape, out_channels)
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
