"""The fully connected autoencoder with the hyperparameters of the 2020 article."""

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.models.base import Architecture, ImageShape, SeededInitializers, autoencoder

Width = Annotated[int, Field(ge=1, le=65536)]
"""Number of nodes of one layer."""

Widths = Annotated[tuple[Width, ...], Field(strict=False)]
"""Nodes of each layer; a list in a parameters file will do, its numbers stay strict."""


class Dense(Architecture):
    """Dense layers down to a bottleneck of `latent_dim` values, and back.

    The autoencoder that Hinton and Salakhutdinov, "Reducing the Dimensionality of Data with
    Neural Networks" (Science 313, 2006), made popular. Hidden layers are ReLU, and so is the
    bottleneck, the output is sigmoid, unless they are linear: without hidden layers and trained by
    `mse`, the linear autoencoder spans what principal component analysis does (P. Baldi and
    K. Hornik, "Neural Networks and Principal Component Analysis", 1989). The loss belongs to
    training.
    """

    name: Literal["dense"] = "dense"
    latent_dim: Width = Field(default=32, description="values in the bottleneck")
    layers: int = Field(default=2, ge=0, le=16, description="hidden layers of the encoder")
    nodes: Width | Widths = Field(
        default=128,
        description="nodes of each hidden layer: one number for all, or a list with one each",
    )
    decoder_nodes: Widths | None = Field(
        default=None,
        description="nodes of the decoder's hidden layers; null: the encoder's mirrored",
    )
    code: Literal["relu", "linear"] = Field(
        default="relu", description="the bottleneck; linear: values of either sign"
    )
    output: Literal["sigmoid", "linear"] = Field(
        default="sigmoid", description="linear: no bounds, for losses without cross-entropy"
    )

    @property
    def bounded(self) -> bool:
        """Whether the output is sigmoid."""
        return self.output == "sigmoid"

    @model_validator(mode="after")
    def _one_number_per_layer(self) -> Self:
        if isinstance(self.nodes, tuple) and len(self.nodes) != self.layers:
            raise ValueError(
                f"nodes lists {len(self.nodes)} layers but layers is {self.layers}. "
                "List one number per layer, or give a single number for all of them."
            )
        return self

    @property
    def widths(self) -> tuple[int, ...]:
        """Nodes of the encoder's hidden layers, from the image to the bottleneck."""
        return self.nodes if isinstance(self.nodes, tuple) else (self.nodes,) * self.layers

    def fewest_weights(self, image_shape: ImageShape) -> int:
        """Return the weights of the encoder's layers; see `Architecture.fewest_weights`."""
        sizes = (math.prod(size or 1 for size in image_shape), *self.widths, self.latent_dim)
        return sum(one * other for one, other in pairwise(sizes))

    def build(self, image_shape: ImageShape, seed: int, out_channels: int | None = None) -> Any:
        """Build the network; see `Architecture.build`.

        Args:
            image_shape: (H, W, C), any size.
            seed: Root seed of the initial weights.
            out_channels: Channels that come out; None: as many as go in.

        Returns:
            The `keras.Model`.

        Raises:
            ValueError: H and W are None.
        """
        self.check(image_shape)
        output: Any = (*image_shape[:2], self._output_channels(image_shape, out_channels))
        keras, kernels = load_keras(), SeededInitializers(seed)

        def dense(nodes: int, activation: str = "relu", dtype: str | None = None) -> Any:
            kernel = kernels.next_kernel()
            return keras.layers.Dense(
                nodes, activation=activation, kernel_initializer=kernel, dtype=dtype
            )

        def hidden(widths: Iterable[int]) -> list[Any]:
            return [dense(nodes) for nodes in widths]

        mirrored = self.widths[::-1]
        encoder = keras.Sequential(
            [
                keras.Input(image_shape),
                keras.layers.Flatten(),
                *hidden(self.widths),
                dense(self.latent_dim, self.code),
            ],
            name="encoder",
        )
        decoder = keras.Sequential(
            [
                keras.Input((self.latent_dim,)),
                *hidden(mirrored if self.decoder_nodes is None else self.decoder_nodes),
                dense(math.prod(output), self.output, "float32"),
                keras.layers.Reshape(output, dtype="float32"),
            ],
            name="decoder",
        )
        return autoencoder(self.name, image_shape, encoder, decoder)
