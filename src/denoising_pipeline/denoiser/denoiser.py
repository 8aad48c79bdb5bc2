"""The trained thing: images in, cleaner images out."""

from typing import Any

import numpy as np

from denoising_pipeline.denoiser.card import Card
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.models import Architecture


class Denoiser:
    """A network together with what it takes to build it again.

    Attributes:
        architecture: The options that the network was built from.
        image_shape: (H, W, C) of the images that it accepts.
        model: The `keras.Model`.
    """

    def __init__(
        self,
        architecture: Architecture,
        image_shape: tuple[int, int, int],
        model: Any,
        card: Card | None = None,
    ) -> None:
        """Put the parts together.

        Args:
            architecture: What `model` was built from.
            image_shape: (H, W, C) that `model` was built for.
            model: A `keras.Model` from `architecture.build`.
            card: What it was made from; None: nobody knows.
        """
        self.architecture = architecture
        self.image_shape = image_shape
        self.model = model
        self._card = card

    @property
    def card(self) -> Card:
        """What it was made from.

        Raises:
            ValueError: It has no card: it was put together by hand.
        """
        if self._card is None:
            raise ValueError(
                "This denoiser has no card, so nobody knows what it was trained on. Train it by "
                "the pipeline, or give `Denoiser` a card."
            )
        return self._card

    def __call__(self, noisy: Images, batch_size: int = 512) -> Images:
        """Denoise images.

        Args:
            noisy: float32 (N, H, W, C) in [0, 1]; N may be 0. It is not changed, and may be a
                mapped file: a batch of it is read at a time.
            batch_size: Images per forward pass: more is faster and takes more memory.

        Returns:
            A new float32 array of the same shape, in [0, 1].

        Raises:
            TypeError: `noisy` is not float32.
            ValueError: `noisy` has another shape than (N, *image_shape).
        """
        self._check(noisy)
        denoised = np.empty(noisy.shape, np.float32)
        for start in range(0, len(noisy), batch_size):
            batch = slice(start, start + batch_size)
            # `predict` is slower, and its input would be in memory as a whole, even a mapped file.
            np.clip(self.model.predict_on_batch(noisy[batch]), 0, 1, out=denoised[batch])
        return denoised

    @property
    def encoder(self) -> Any:
        """The `keras.Model` from images to the bottleneck."""
        return self.model.get_layer("encoder")

    @property
    def decoder(self) -> Any:
        """The `keras.Model` from the bottleneck to images."""
        return self.model.get_layer("decoder")

    @property
    def weight_count(self) -> int:
        """The number of weights, biases included."""
        return int(self.model.count_params())

    def _check(self, noisy: Images) -> None:
        if noisy.dtype != np.float32:
            raise TypeError(
                f"The images are {noisy.dtype}, the denoiser takes float32 in [0, 1]. "
                "Divide bytes by 255 and convert with .astype('float32')."
            )
        if noisy.ndim != 1 + len(self.image_shape) or noisy.shape[1:] != self.image_shape:
            expected = ", ".join(map(str, self.image_shape))
            raise ValueError(
                f"The images have the shape {noisy.shape}, the denoiser takes (N, {expected}). "
                "Add missing axes with np.newaxis, and crop, pad or resize other sizes."
            )
