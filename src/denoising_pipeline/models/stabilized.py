"""A network between a learnt curve and its inverse, which make its noise the same everywhere."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.models.base import Architecture, ImageShape, autoencoder
from denoising_pipeline.models.layers import Layers
from denoising_pipeline.models.unet import Unet, seen_shape

OTHERS = 5
"""Learnt numbers beside the slopes: see `Curve`."""

FINE = 0.1
"""What those that are added count: else one step of an optimizer moves them by 5/255."""


class Stabilized(Architecture):
    """f⁻¹(D(f(noisy))): a Gaussian denoiser D and an increasing curve f that is learnt.

    Noise whose variance depends on the signal, such as that of photons, gets the same variance
    everywhere by a curve (F. J. Anscombe, "The transformation of Poisson, binomial and
    negative-binomial data", 1948). S. Herbreteau and M. Unser, "Self-Calibrated
    Variance-Stabilizing Transformations for Real-World Image Denoising" (Noise2VST, 2024), learn
    it as a piecewise linear function, from noisy images alone, so that a denoiser made for Gaussian
    noise fits the noise at hand. Here the denoiser is told the noise level, and how that follows
    from the level of the image is learnt as well.

    At the start the curve is the identity, and the images are those of D.

    It assumes noise that is independent from pixel to pixel, whose variance is a function of the
    signal, the same in all images and channels up to a factor.
    """

    any_size: ClassVar[bool] = True

    name: Literal["stabilized"] = "stabilized"
    network: Unet = Field(default=Unet(), strict=False, description="the denoiser between")
    pieces: Literal[16, 32, 64, 128, 256] = Field(
        default=64, description="straight pieces of the curve from 0 to 1"
    )
    trained: Literal["curve", "all"] = Field(
        default="curve", description="the curve alone, or the network as well"
    )

    @model_validator(mode="after")
    def _a_denoiser_between(self) -> Self:
        if self.network.output == "chroma":
            raise ValueError(
                "a network with output: chroma removes no noise. Set it to residual or sigmoid."
            )
        return self

    @property
    def told_level(self) -> bool:
        """Whether the network is; see `Architecture.told_level`."""
        return self.network.told_level

    @property
    def bounded(self) -> bool:
        """The curve goes on beyond [0, 1]."""
        return False

    @property
    def multiple(self) -> int:
        """That of the network."""
        return self.network.multiple

    @property
    def context(self) -> int:
        """That of the network: the curve sees one value."""
        return self.network.context

    @property
    def needs_start(self) -> bool:
        """Whether the curve alone is trained."""
        return self.trained == "curve"

    def weights_from(
        self, start: Architecture, weights: Sequence[npt.NDArray[np.float32]]
    ) -> list[npt.NDArray[np.float32]] | None:
        """Take the weights of the network itself, or of another with a curve of as many pieces."""
        if start == self.network:
            return [np.zeros(OTHERS + self.pieces, np.float32), *weights]
        alike = isinstance(start, Stabilized) and start.model_copy(update={"trained": self.trained})
        return list(weights) if alike == self else None

    def build(self, image_shape: ImageShape, seed: int, out_channels: int | None = None) -> Any:
        """Build the network; see `Architecture.build`.

        Args:
            image_shape: (H, W, C), any size; or H and W None.
            seed: Root seed of the initial weights.
            out_channels: As many as go in, or None.

        Returns:
            The `keras.Model`. Its encoder gives what that of the network gives of the stabilized
            image, and the learnt numbers; its decoder takes them.

        Raises:
            ValueError: The output shall have other channels than the noisy image.
        """
        self.check(image_shape)
        channels = self._output_channels(image_shape, out_channels, blended=True)
        keras, layer, network = load_keras(), Layers(seed), self.network
        ops = keras.ops
        seen = keras.Input(seen_shape(image_shape, network.noise_level))
        none = ops.repeat(ops.zeros_like(seen[:, 0, 0, :1]), OTHERS + self.pieces, axis=1)
        # Of zeros, this layer gives what it adds to them: the learnt numbers.
        learnt = keras.layers.LayerNormalization(scale=False, dtype="float32", name="curve")(none)
        curve = Curve(learnt, self.pieces)
        aside = learnt[:, None]  # as a vector it would be taken for a code of the image
        stable = curve.stabilized(seen[..., :channels])
        told = [curve.level(seen[..., channels:])] if network.noise_level else []
        features = network.features(layer, ops.concatenate([stable, *told], -1), image_shape)
        encoder = keras.Model(seen, [*features, stable, aside], name="encoder")

        inputs = [keras.Input(tensor.shape[1:]) for tensor in encoder.outputs]
        denoised = network.image(layer, inputs, channels, image_shape)
        denoised = Curve(inputs[-1][:, 0], self.pieces).undone(denoised)
        decoder = keras.Model(inputs, denoised, name="decoder")
        if self.trained == "curve":
            for one in (*encoder.layers, *decoder.layers):
                one.trainable = one.name == "curve"
        return autoencoder(self.name, seen.shape[1:], encoder, decoder)


class Curve:
    """An increasing, piecewise linear function and its inverse, as Keras computes them.

    On [0, 1] it has pieces of equal width, whose slopes are exp(s), and beyond it goes on straight.
    All learnt numbers are 0 for the identity. They are, in this order: the logarithm of a factor of
    the noise level, what is added to that, the value at 0, the slope and the offset of a straight
    line that is added to the inverse (it is not unbiased by itself: M. Makitalo and A. Foi,
    "Optimal Inversion of the Anscombe Transformation in Low-Count Poisson Image Denoising", 2011;
    the line is Noise2VST's), and an s for each piece. Those that are added count `FINE`.
    """

    def __init__(self, learnt: Any, pieces: int) -> None:
        """Take the learnt numbers.

        Args:
            learnt: Keras tensor float32 (N, OTHERS + pieces), the same in each row.
            pieces: A power of 2.
        """
        self._ops = ops = load_keras().ops
        self._pieces = pieces
        self._factor = learnt[0, 0]
        self._added, start, self._slope, self._offset = (
            FINE * learnt[0, place] for place in range(1, OTHERS)
        )
        self._slopes = ops.exp(learnt[0, OTHERS:])
        ends = ops.cumsum(self._slopes) / pieces
        self._starts = start + ends - self._slopes / pieces

    def stabilized(self, values: Any) -> Any:
        """Return f(values), a tensor of the same shape."""
        ops, last = self._ops, self._pieces - 1
        piece = ops.cast(ops.clip(ops.floor(values * self._pieces), 0, last), "int32")
        return self._at(self._starts, piece) + self._at(self._slopes, piece) * (
            values - self._begins(piece)
        )

    def undone(self, values: Any) -> Any:
        """Return the inverse of f at values, and the line, a tensor of the same shape."""
        ops = self._ops
        piece, step = ops.zeros_like(values, "int32"), self._pieces // 2
        while step:
            ahead = piece + step
            piece = ops.where(values >= self._at(self._starts, ahead), ahead, piece)
            step //= 2
        along = (values - self._at(self._starts, piece)) / self._at(self._slopes, piece)
        return self._begins(piece) + along + self._slope * values + self._offset

    def level(self, told: Any) -> Any:
        """Return the level that the network is told, a tensor of the same shape."""
        return self._ops.maximum(self._ops.exp(self._factor) * told + self._added, 0)

    def _at(self, table: Any, piece: Any) -> Any:
        return self._ops.take(table, piece, axis=0)

    def _begins(self, piece: Any) -> Any:
        return self._ops.cast(piece, "float32") / self._pieces
