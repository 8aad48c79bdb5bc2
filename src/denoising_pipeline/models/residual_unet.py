"""A residual U-Net that leaves full resolution at once: the project's own architecture."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.models.base import Architecture, SeededInitializers, autoencoder

Width = Annotated[int, Field(ge=1, le=4096)]
Count = Annotated[int, Field(ge=1, le=64)]

BRANCH_SCALE = 0.01
"""Variance of the last kernel of a residual branch, relative to Glorot's: branches start small."""

MODULATION_SCALE = 0.1
"""Likewise of the kernels that scale and shift channels: these start close to nothing."""


class ResidualUnet(Architecture):
    """Residual 3x3 convolutions at few, low resolutions, with skips and a global bottleneck.

    A U-Net (Ronneberger et al., 2015) of residual blocks (He et al., "Identity Mappings in Deep
    Residual Networks", 2016, without normalization). The first convolution goes to half the
    resolution at once and depth-to-space returns from it (Shi et al., "Real-Time Single Image and
    Video Super-Resolution", 2016): at full resolution a 3x3 convolution costs four times as much
    for the same number of weights. At the lowest resolution a dense bottleneck of `latent_dim`
    values sees the whole image. By default that is half the resolution, and the only one: MNIST
    gains nothing from convolutions at 7x7 beside such a bottleneck.

    Any image size can be built: images are padded with zeros to what the resolutions divide, and
    the result is cropped.

    With the output `"gated"` the network gives an estimate and, for every value, the share of the
    noisy image that is kept: gate * noisy + (1 - gate) * estimate. What is clean passes unchanged.

    With `conditioning`, means over the whole image, which tell the noise level, scale and shift
    every channel of the residual branches, of what enters a resolution, of the skips and of the
    last features (FiLM: Perez et al., "FiLM: Visual Reasoning with a General Conditioning Layer",
    2018): one network for many levels, that need not be told them.
    """

    name: Literal["residual_unet"] = "residual_unet"
    widths: Annotated[tuple[Width, ...], Field(strict=False, min_length=1, max_length=5)] = Field(
        default=(64,), description="channels of each resolution, from half size down"
    )
    blocks: Annotated[tuple[Count, ...], Field(strict=False)] = Field(
        default=(3,), description="residual blocks of each resolution, on each side of the U"
    )
    latent_dim: Width = Field(default=128, description="values in the bottleneck")
    code_channels: Width = Field(
        default=32, description="channels of the lowest resolution that enter the bottleneck"
    )
    output: Literal["sigmoid", "gated"] = Field(
        default="sigmoid", description="an estimate, or one mixed with the noisy image"
    )
    conditioning: Annotated[int, Field(ge=0, le=4096)] = Field(
        default=0, description="values of the whole image that tune every block; 0: none"
    )

    @model_validator(mode="after")
    def _blocks_for_each_width(self) -> Self:
        if len(self.blocks) != len(self.widths):
            raise ValueError(
                f"blocks lists {len(self.blocks)} resolutions but widths {len(self.widths)}. "
                "Give both one number per resolution."
            )
        return self

    def build(self, image_shape: tuple[int, int, int], seed: int) -> Any:
        """Build the network; see `Architecture.build`.

        Args:
            image_shape: (H, W, C), any size.
            seed: Root seed of the initial weights.

        Returns:
            The `keras.Model`. Its encoder gives the features of each resolution, the highest
            first, the bottleneck's values (N, latent_dim), with conditioning its values, and for a
            gated output the noisy image itself; its decoder takes them.
        """
        keras, layer = load_keras(), _Layers(seed)
        height, width, channels = image_shape
        levels = len(self.widths)
        unit = 2**levels
        pad_h, pad_w = -height % unit, -width % unit
        noisy = keras.Input(image_shape)
        x = keras.layers.ZeroPadding2D(((0, pad_h), (0, pad_w)))(noisy) if pad_h or pad_w else noisy
        features = []
        for level, (filters, count) in enumerate(zip(self.widths, self.blocks, strict=True)):
            x = layer.convolution(x, filters, 6 if level == 0 else 2, strides=2)
            if level == 0 and self.conditioning:
                layer.condition = layer.image_statistics(x, self.conditioning)
            x = layer.modulated(x)
            for _ in range(count):
                x = layer.residual_block(x, filters)
            features.append(x)
        code = keras.layers.Flatten()(layer.convolution(layer.relu(x), self.code_channels, 1))
        aside = [layer.condition] if self.conditioning else []
        aside += [noisy] if self.output == "gated" else []
        outputs = [*features, layer.dense(code, self.latent_dim), *aside]
        encoder = keras.Model(noisy, outputs, name="encoder")

        inputs = [keras.Input(tensor.shape[1:]) for tensor in encoder.outputs]
        features, code, aside = inputs[:levels], inputs[levels], inputs[levels + 1 :]
        layer.condition = aside[0] if self.conditioning else None
        x = features[-1]
        h, w, filters = x.shape[1:]
        code = layer.dense(code, h * w * self.code_channels)
        code = keras.layers.Reshape((h, w, self.code_channels))(code)
        x = keras.layers.Add()([x, layer.convolution(code, filters, 1, scale=BRANCH_SCALE)])
        for level in reversed(range(levels)):
            for _ in range(self.blocks[level]):
                x = layer.residual_block(x, self.widths[level])
            if level:
                x = layer.upsample(x, self.widths[level - 1], kernel=1)
                x = keras.layers.Add()([x, layer.modulated(features[level - 1])])
        x = layer.modulated(x)
        denoised = layer.head(x, channels, (pad_h, pad_w))
        if self.output == "gated":
            gate = layer.head(x, channels, (pad_h, pad_w))
            denoised = layer.mix(gate, aside[-1], denoised)
        decoder = keras.Model(inputs, denoised, name="decoder")
        return autoencoder(self.name, image_shape, encoder, decoder)


class _Layers:
    """The layers of the network, each kernel with its own seed."""

    def __init__(self, seed: int) -> None:
        self._keras, self._kernels = load_keras(), SeededInitializers(seed)
        self.condition: Any = None

    def relu(self, x: Any) -> Any:
        return self._keras.layers.ReLU()(x)

    def dense(self, x: Any, nodes: int) -> Any:
        kernel = self._kernels.next_kernel()
        return self._keras.layers.Dense(nodes, activation="relu", kernel_initializer=kernel)(x)

    def convolution(
        self, x: Any, filters: int, size: int = 3, strides: int = 1, scale: float = 1
    ) -> Any:
        kernel = self._kernels.next_kernel(scale)
        return self._keras.layers.Conv2D(
            filters, size, strides=strides, padding="same", kernel_initializer=kernel
        )(x)

    def residual_block(self, x: Any, filters: int) -> Any:
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

    def upsample(self, x: Any, channels: int, kernel: int) -> Any:
        """Convolve and rearrange depth to space, twice the size."""
        x = self.convolution(self.relu(x), 4 * channels, kernel)
        h, w = x.shape[1:3]
        x = self._keras.layers.Reshape((h, w, 2, 2, channels))(x)
        x = self._keras.layers.Permute((1, 3, 2, 4, 5))(x)
        return self._keras.layers.Reshape((2 * h, 2 * w, channels))(x)

    def head(self, x: Any, channels: int, padding: tuple[int, int]) -> Any:
        """Return to full resolution, crop what was padded, and give values in (0, 1), float32."""
        x = self.upsample(x, channels, kernel=3)
        if any(padding):
            x = self._keras.layers.Cropping2D(((0, padding[0]), (0, padding[1])))(x)
        return self._keras.layers.Activation("sigmoid", dtype="float32")(x)

    def mix(self, gate: Any, one: Any, other: Any) -> Any:
        """Return gate * one + (1 - gate) * other, float32."""
        layers = self._keras.layers
        change = layers.Subtract(dtype="float32")([one, other])
        kept = layers.Multiply(dtype="float32")([gate, change])
        return layers.Add(dtype="float32")([other, kept])
