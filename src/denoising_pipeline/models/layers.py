"""What the residual U-Nets are made of."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.models.base import ImageShape, SeededInitializers

Width = Annotated[int, Field(ge=1, le=4096)]
Widths = Annotated[tuple[Width, ...], Field(strict=False, min_length=1, max_length=5)]
"""Channels of each resolution."""

Blocks = Annotated[tuple[Annotated[int, Field(ge=1, le=64)], ...], Field(strict=False)]
"""Residual blocks of each resolution."""

Padding = tuple[tuple[int, int], tuple[int, int]]
"""(top, bottom) and (left, right), in pixels."""

NO_PADDING: Padding = ((0, 0), (0, 0))

BRANCH_SCALE = 0.01
"""Variance of the last kernel of a residual branch, relative to Glorot's: branches start small."""

MODULATION_SCALE = 0.1
"""Likewise of the kernels that scale and shift channels: these start close to nothing."""


def weights_of_blocks(widths: Sequence[int], blocks: Sequence[int]) -> int:
    """Return the weights of the residual blocks of an encoder: two 3x3 kernels each."""
    return sum(18 * width**2 * count for width, count in zip(widths, blocks, strict=True))


def check_blocks(widths: Widths, blocks: Blocks) -> None:
    """Raise ValueError unless there is one number of blocks per resolution."""
    if len(blocks) != len(widths):
        raise ValueError(
            f"blocks lists {len(blocks)} resolutions but widths {len(widths)}. "
            "Give both one number per resolution."
        )


def padding_to(multiple: int, image_shape: ImageShape) -> Padding:
    """Return what is missing at the bottom and on the right to a multiple; none for any size."""
    height, width, _ = image_shape
    return (0, -(height or 0) % multiple), (0, -(width or 0) % multiple)


class Layers:
    """Makes layers and blocks of them, each kernel with its own seed.

    Attributes:
        condition: Values (N, K) by which `modulated` scales and shifts channels; None: it does not.
    """

    def __init__(self, seed: int) -> None:
        self._keras, self._kernels = load_keras(), SeededInitializers(seed)
        self.condition: Any = None

    def relu(self, x: Any) -> Any:
        """Return what is positive."""
        return self._keras.layers.ReLU()(x)

    def dense(self, x: Any, nodes: int) -> Any:
        """Return a dense layer of x, with ReLU."""
        kernel = self._kernels.next_kernel()
        return self._keras.layers.Dense(nodes, activation="relu", kernel_initializer=kernel)(x)

    def convolution(
        self, x: Any, filters: int, size: int = 3, strides: int = 1, scale: float = 1
    ) -> Any:
        """Convolve; `scale` is the factor on the variance of the kernel's initial weights."""
        kernel = self._kernels.next_kernel(scale)
        return self._keras.layers.Conv2D(
            filters, size, strides=strides, padding="same", kernel_initializer=kernel
        )(x)

    def residual_block(self, x: Any, filters: int) -> Any:
        """Return x plus two convolutions of it."""
        branch = self.modulated(self.convolution(self.relu(x), filters))
        branch = self.convolution(self.relu(branch), filters, scale=BRANCH_SCALE)
        return self._keras.layers.Add()([x, branch])

    def image_statistics(self, x: Any, values: int) -> Any:
        """Return values (N, values) of the means of features over the image, and of squares."""
        layers = self._keras.layers
        mean = layers.GlobalAveragePooling2D()(self.relu(x))
        mean_square = layers.GlobalAveragePooling2D()(layers.Multiply()([x, x]))
        return self.dense(self.dense(layers.Concatenate()([mean, mean_square]), values), values)

    def modulated(self, x: Any) -> Any:
        """Return (1 + scale) * x + shift, by channel from the condition, or x if there is none."""
        if self.condition is None:
            return x
        layers, channels = self._keras.layers, x.shape[-1]
        scale, shift = (
            layers.Reshape((1, 1, channels))(
                layers.Dense(
                    channels, kernel_initializer=self._kernels.next_kernel(MODULATION_SCALE)
                )(self.condition)
            )
            for _ in range(2)
        )
        return layers.Add()([x, layers.Multiply()([x, scale]), shift])

    def padded(self, x: Any, padding: Padding) -> Any:
        """Return an image with zeros around it."""
        return self._keras.layers.ZeroPadding2D(padding)(x) if padding != NO_PADDING else x

    def cropped(self, x: Any, padding: Padding) -> Any:
        """Return an image without what was padded."""
        return self._keras.layers.Cropping2D(padding)(x) if padding != NO_PADDING else x

    def transposed(
        self, x: Any, filters: int, size: int, scale: float = 1, dtype: str | None = None
    ) -> Any:
        """Convolve to twice the size; with a kernel of 2 this is depth to space, of any size."""
        kernel = self._kernels.next_kernel(scale)
        return self._keras.layers.Conv2DTranspose(
            filters, size, strides=2, padding="same", kernel_initializer=kernel, dtype=dtype
        )(self.relu(x))

    def upsample(self, x: Any, channels: int, kernel: int) -> Any:
        """Convolve and rearrange depth to space, twice the size."""
        x = self.convolution(self.relu(x), 4 * channels, kernel)
        h, w = x.shape[1:3]
        x = self._keras.layers.Reshape((h, w, 2, 2, channels))(x)
        x = self._keras.layers.Permute((1, 3, 2, 4, 5))(x)
        return self._keras.layers.Reshape((2 * h, 2 * w, channels))(x)

    def head(self, x: Any, channels: int, padding: Padding) -> Any:
        """Return to full resolution, crop what was padded, and give values in (0, 1), float32."""
        x = self.cropped(self.upsample(x, channels, kernel=3), padding)
        return self._keras.layers.Activation("sigmoid", dtype="float32")(x)

    def mix(self, gate: Any, one: Any, other: Any) -> Any:
        """Return gate * one + (1 - gate) * other, float32."""
        layers = self._keras.layers
        change = layers.Subtract(dtype="float32")([one, other])
        kept = layers.Multiply(dtype="float32")([gate, change])
        return layers.Add(dtype="float32")([other, kept])
