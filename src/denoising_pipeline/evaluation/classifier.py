"""The judge of whether denoising helps: a network that classifies digits."""

from typing import Any

import numpy as np
import numpy.typing as npt

from denoising_pipeline.images.arrays import Images
from denoising_pipeline.models.digit_network import DigitNetwork


class Classifier:
    """A trained `DigitNetwork`.

    Attributes:
        architecture: What the network was built from.
        image_shape: (H, W, C) of the images that it classifies.
        model: The `keras.Model`.
    """

    def __init__(
        self, architecture: DigitNetwork, image_shape: tuple[int, int, int], model: Any
    ) -> None:
        """Put the parts together.

        Args:
            architecture: What `model` was built from.
            image_shape: (H, W, C) that `model` was built for.
            model: A `keras.Model` from `architecture.build`.
        """
        self.architecture = architecture
        self.image_shape = image_shape
        self.model = model

    def __call__(self, images: Images) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """Classify a batch of images.

        Args:
            images: float32 (N, *image_shape) in [0, 1]; N is 1 or more.

        Returns:
            The most probable label of each image, int64 (N,), and the confidence, which is its
            probability by the network's own account, float32 (N,) in [0, 1].
        """
        probabilities = self.model.predict(images, batch_size=512, verbose=0)
        return probabilities.argmax(axis=1), probabilities.max(axis=1)
