"""A residual U-Net that leaves full resolution at once: the project's own architecture."""

import math
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.models.base import Architecture, ImageShape, autoencoder
from denoising_pipeline.models.layers import (
    BRANCH_SCALE,
    Blocks,
    Layers,
    Width,
    Widths,
    check_blocks,
    padding_to,
    weights_of_blocks,
)


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
    widths: Widths = Field(
        default=(64,), description="channels of each resolution, from half size down"
    )
    blocks: Blocks = Field(
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
        check_blocks(self.widths, self.blocks)
        return self

    def fewest_weights(self, image_shape: ImageShape) -> int:
        """Return the weights of blocks and bottleneck; see `Architecture.fewest_weights`."""
        cell = 2 ** len(self.widths)
        lowest: int = math.prod((size or 1) // cell for size in image_shape[:2])
        bottleneck = lowest * self.code_channels * self.latent_dim
        return weights_of_blocks(self.widths, self.blocks) + bottleneck

    def build(self, image_shape: ImageShape, seed: int, out_channels: int | None = None) -> Any:
        """Build the network; see `Architecture.build`.

        Args:
            image_shape: (H, W, C), any size.
            seed: Root seed of the initial weights.
            out_channels: Channels that come out; with a gated output, as many as go in.

        Returns:
            The `keras.Model`. Its encoder gives the features of each resolution, the highest
            first, the bottleneck's values (N, latent_dim), with conditioning its values, and for a
            gated output the noisy image itself; its decoder takes them.

        Raises:
            ValueError: H and W are None, or a gated output shall have other channels.
        """
        self.check(image_shape)
        gated = self.output == "gated"
        channels = self._output_channels(image_shape, out_channels, blended=gated)
        keras, layer = load_keras(), Layers(seed)
        levels = len(self.widths)
        padding = padding_to(2**levels, image_shape)
        noisy = keras.Input(image_shape)
        x = layer.padded(noisy, padding)
        features = []
        for level, (filters, count) in enumerate(zip(self.widths, self.blocks, strict=True)):
            x = layer.convolution(x, filters, 6 if level == 0 else 2, strides=2)
            if level == 0 and self.conditioning:
                layer.condition = layer.image_statistics(x, self.conditioning)
            x = layer.modulated(x)
            for _ in range(count):
                x = layer.residual_block(x, filters)
            features.append(x)
        entering = layer.convolution(layer.relu(x), self.code_channels, 1)
        bottleneck = layer.dense(keras.layers.Flatten()(entering), self.latent_dim)
        aside = [layer.condition] if self.conditioning else []
        aside += [noisy] if gated else []
        outputs = [*features, bottleneck, *aside]
        encoder = keras.Model(noisy, outputs, name="encoder")

        inputs = [keras.Input(tensor.shape[1:]) for tensor in encoder.outputs]
        features, bottleneck, aside = inputs[:levels], inputs[levels], inputs[levels + 1 :]
        layer.condition = aside[0] if self.conditioning else None
        x = features[-1]
        h, w, filters = x.shape[1:]
        spread = layer.dense(bottleneck, h * w * self.code_channels)
        spread = keras.layers.Reshape((h, w, self.code_channels))(spread)
        x = keras.layers.Add()([x, layer.convolution(spread, filters, 1, scale=BRANCH_SCALE)])
        for level in reversed(range(levels)):
            for _ in range(self.blocks[level]):
                x = layer.residual_block(x, self.widths[level])
            if level:
                x = layer.upsample(x, self.widths[level - 1], kernel=1)
                x = keras.layers.Add()([x, layer.modulated(features[level - 1])])
        x = layer.modulated(x)
        denoised = layer.head(x, channels, padding)
        if gated:
            gate = layer.head(x, channels, padding)
            denoised = layer.mix(gate, aside[-1], denoised)
        decoder = keras.Model(inputs, denoised, name="decoder")
        return autoencoder(self.name, image_shape, encoder, decoder)
