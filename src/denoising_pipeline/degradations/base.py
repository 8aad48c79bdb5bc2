"""What every noise model is."""

from abc import ABC, abstractmethod
from typing import ClassVar, Self

import numpy as np

from denoising_pipeline.core.components import Component
from denoising_pipeline.images.arrays import Images


class Noise(Component, ABC):
    """A random corruption of images: its fields are its options, `apply` is the corruption.

    At noise level 0 every noise model returns its input's values.

    Attributes:
        level: Name of the field that is the noise level.
    """

    level: ClassVar[str]

    @abstractmethod
    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Corrupt a batch of images.

        Numbers are drawn image after image, so that those of the first images do not depend on
        how many follow: one draw per call, of the shape of the batch, has this property.

        Args:
            clean: float32 (N, H, W, C) in [0, 1]. It may be read-only and is not changed.
            generator: Where the random numbers come from; nothing else is random.

        Returns:
            A new float32 array of the same shape, in [0, 1].
        """

    @property
    def level_value(self) -> float:
        """Its noise level."""
        return float(getattr(self, self.level))

    def describe(self) -> str:
        """Return the name and the noise level, such as `"gaussian 0.5"`, for names of runs."""
        return f"{self.name} {getattr(self, self.level):g}"

    def at(self, level: float) -> Self:
        """Return the same noise model, other options and all, at another noise level.

        Args:
            level: The noise level.

        Raises:
            ValueError: The noise model does not have that level.
        """
        return self.model_validate(self.model_dump() | {self.level: level})
