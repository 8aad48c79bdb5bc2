"""A fully convolutional residual U-Net: one network for images of any size."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.images.luma import LUMA
from denoising_pipeline.models.base import (
    Architecture,
    ImageShape,
    Step,
    autoencoder,
    receptive_radius,
)
from denoising_pipeline.models.layers import (
    BRANCH_SCALE,
    Blocks,
    Layers,
    Widths,
    check_blocks,
    padding_to,
    weights_of_blocks,
)


class Unet(Architecture):
    """Residual 3x3 convolutions at half the resolution and below, without a global bottleneck.

    A U-Net (Ronneberger et al., 2015) of residual blocks (He et al., "Identity Mappings in Deep
    Residual Networks", 2016, without normalization), with skips that are added. The first
    convolution, 6x6, goes to half the resolution at once and a transposed one returns from it.
    What is learned is the noise, which is subtracted from the noisy image (K. Zhang et al.,
    "Beyond a Gaussian Denoiser: Residual Learning of Deep CNN for Image Denoising", 2017): such an
    output may leave [0, 1], which `Denoiser` clips. By default it has 1.7 million weights.

    With `output: chroma` it takes a grey image and adds to it what has no luma: two of three
    channels are learnt, and the lightness stays what it was.

    With `noise_level` it is told how noisy an image is (K. Zhang et al., "FFDNet: Toward a Fast and
    Flexible Solution for CNN-based Image Denoising", 2018), so that one network serves all levels.

    Built for one size, images are padded with zeros to what the resolutions divide, and the result
    is cropped. Built for any size, it takes multiples of that, and `Denoiser` pads.
    """

    any_size: ClassVar[bool] = True

    name: Literal["unet"] = "unet"
    widths: Widths = Field(
        default=(64, 96, 128), description="channels of each resolution, from half size down"
    )
    blocks: Blocks = Field(
        default=(2, 2, 2),
        description="residual blocks of each resolution, on each side of the U; at its bottom once",
    )
    output: Literal["residual", "sigmoid", "chroma"] = Field(
        default="residual",
        description="the noisy image less the estimated noise, an estimate, or a grey image with "
        "estimated colours of no luma",
    )
    noise_level: bool = Field(
        default=False, description="tell the network the noise level, in a channel of its own"
    )

    @model_validator(mode="after")
    def _blocks_for_each_width(self) -> Self:
        check_blocks(self.widths, self.blocks)
        return self

    @property
    def told_level(self) -> bool:
        """Whether `noise_level` asks for it; see `Architecture.told_level`."""
        return self.noise_level

    @property
    def bounded(self) -> bool:
        """Whether the output is in [0, 1]; a difference need not be."""
        return self.output == "sigmoid"

    @property
    def as_bounded(self) -> "Unet | None":
        """The same with a sigmoid output; see `Architecture.as_bounded`."""
        return None if self.noise_level else self.model_copy(update={"output": "sigmoid"})

    @property
    def multiple(self) -> int:
        """Pixels between two of the lowest resolution."""
        return int(2 ** len(self.widths))

    @property
    def context(self) -> int:
        """How far one pixel is seen; see `Architecture.context`."""
        levels = [
            [Step(2 if level else 6, 2), *[Step(3)] * (2 * count)]
            for level, count in enumerate(self.blocks)
        ]
        down = [step for level in levels for step in level]
        mirrored = [step._replace(transposed=True) for step in reversed(down)]
        return receptive_radius([*down, *mirrored[2 * self.blocks[-1] :]], self.multiple)

    def fewest_weights(self, image_shape: ImageShape) -> int:
        """Return the weights of the blocks; see `Architecture.fewest_weights`."""
        return weights_of_blocks(self.widths, self.blocks)

    def build(self, image_shape: ImageShape, seed: int, out_channels: int | None = None) -> Any:
        """Build the network; see `Architecture.build`.

        Args:
            image_shape: (H, W, C), any size; or H and W None.
            seed: Root seed of the initial weights.
            out_channels: Channels that come out; with a residual output, as many as go in, and 3 of
                1 with a chroma output.

        Returns:
            The `keras.Model`. Its encoder gives the features of each resolution, the highest
            first, and unless the output is a sigmoid the noisy image itself; its decoder takes
            them.

        Raises:
            ValueError: A residual output shall have other channels than the noisy image, or chroma
                is not from 1 channel to 3.
        """
        self.check(image_shape)
        channels = self._channels(image_shape, out_channels)
        keras, layer = load_keras(), Layers(seed)
        seen = keras.Input(seen_shape(image_shape, self.noise_level))
        noisy = seen[..., : image_shape[2]] if self.noise_level else seen
        features = self.features(layer, seen, image_shape)
        outputs = [*features, noisy] if self.output != "sigmoid" else features
        encoder = keras.Model(seen, outputs, name="encoder")
        inputs = [keras.Input(tensor.shape[1:]) for tensor in encoder.outputs]
        denoised = self.image(layer, inputs, channels, image_shape)
        decoder = keras.Model(inputs, denoised, name="decoder")
        return autoencoder(self.name, seen.shape[1:], encoder, decoder)

    def features(self, layer: Layers, seen: Any, image_shape: ImageShape) -> list[Any]:
        """Return the way down: the features of each resolution, the highest first.

        Args:
            layer: Makes the layers.
            seen: Keras tensor (N, H, W, C), or with a channel more for the level.
            image_shape: (H, W, C) that the network is built for.
        """
        x = layer.padded(seen, padding_to(self.multiple, image_shape))
        found = []
        for level, (filters, count) in enumerate(zip(self.widths, self.blocks, strict=True)):
            x = layer.convolution(x, filters, 2 if level else 6, strides=2)
            for _ in range(count):
                x = layer.residual_block(x, filters)
            found.append(x)
        return found

    def image(
        self, layer: Layers, inputs: Sequence[Any], channels: int, image_shape: ImageShape
    ) -> Any:
        """Return the way up: the denoised image, float32 (N, H, W, channels).

        Args:
            layer: Makes the layers.
            inputs: What `features` returned and, unless the output is a sigmoid, the noisy image.
            channels: Of the image.
            image_shape: (H, W, C) that the network is built for.
        """
        features = inputs[: len(self.widths)]
        x = features[-1]
        for level in reversed(range(len(features) - 1)):
            x = layer.transposed(x, self.widths[level], 2)
            x = load_keras().layers.Add()([x, features[level]])
            for _ in range(self.blocks[level]):
                x = layer.residual_block(x, self.widths[level])
        x = layer.transposed(x, channels, 6, BRANCH_SCALE, "float32")
        estimate = layer.cropped(x, padding_to(self.multiple, image_shape))
        layers = load_keras().layers
        if self.output == "sigmoid":
            return layers.Activation("sigmoid", dtype="float32")(estimate)
        if self.output == "chroma":
            estimate = _without_luma(estimate)
        return layers.Subtract(dtype="float32")([inputs[len(features)], estimate])

    def _channels(self, image_shape: ImageShape, out_channels: int | None) -> int:
        if self.output == "chroma":
            if (image_shape[2], out_channels) != (1, len(LUMA)):
                raise ValueError(
                    f"output: chroma makes colour images (3 channels) of grey ones (1), and these "
                    f"have {image_shape[2]} and {out_channels or image_shape[2]}. Set "
                    "noise_injection.name=greyscale and ingestion.channels=3, or another output."
                )
            return len(LUMA)
        return self._output_channels(image_shape, out_channels, blended=self.output == "residual")


def _without_luma(colours: Any) -> Any:
    """Return a Keras tensor (N, H, W, 3) less its luma, which is the same in all channels."""
    ops = load_keras().ops
    return colours - ops.sum(colours * LUMA.astype("float32"), axis=-1, keepdims=True)


def seen_shape(image_shape: ImageShape, noise_level: bool) -> ImageShape:
    """Return the shape of the input: with a channel more where the noise level is told."""
    height, width, channels = image_shape
    return height, width, channels + noise_level
