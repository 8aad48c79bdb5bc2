"""What every degradation is."""

import hashlib
from abc import ABC, abstractmethod
from typing import ClassVar, Self

import numpy as np
from pydantic import Field

from denoising_pipeline.core.components import Component
from denoising_pipeline.images.arrays import Images


class Degradation(Component, ABC):
    """Something that happens to images and can be undone: its fields are its options.

    Attributes:
        level: Name of the field that says how strong it is, 0 being the identity; empty for a
            degradation that is either there or not.
        whole_image: Whether it is laid out over the whole image, so that a part of an image that is
            degraded is not that part of the degraded image.
        clipped: Whether what comes out is in [0, 1].
        drawn: Whether it can be drawn; else it lies in the images of the source.
        partial: Whether it leaves pixels as they were, bit for bit, so that these and the others
            are scored apart as well.
    """

    level: ClassVar[str] = ""
    whole_image: ClassVar[bool] = False
    clipped: ClassVar[bool] = True
    drawn: ClassVar[bool] = True
    partial: ClassVar[bool] = False

    @abstractmethod
    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images.

        Numbers are drawn image after image, so that those of the first images do not depend on
        how many follow: one draw of the shape of the batch has this property, and so has one draw
        from each child that the generator spawns.

        Args:
            clean: float32 (N, H, W, C) in [0, 1]. It may be read-only and is not changed.
            generator: Where the random numbers come from; nothing else is random.

        Returns:
            A new float32 array (N, H, W, `out_channels(C)`), in [0, 1] if it is `clipped`.
        """

    def out_channels(self, channels: int) -> int:
        """Return the number of channels that images of so many channels have afterwards."""
        return channels

    @property
    def sample_rate(self) -> int | None:
        """Samples a second of the recordings that it is for; None: pictures, or any."""
        return None

    @property
    def level_value(self) -> float:
        """Its level; 1 for a degradation that has none."""
        return float(getattr(self, self.level)) if self.level else 1.0

    @property
    def digest(self) -> str:
        """A text that is equal for the same name and options, and for no others: 32 hex digits."""
        return hashlib.blake2b(self.model_dump_json().encode(), digest_size=16).hexdigest()

    def describe(self) -> str:
        """Return the name and the level, such as `"gaussian 0.5"`, for names of runs."""
        return f"{self.name} {self.level_value:g}" if self.level else self.name

    def at(self, level: float) -> Self:
        """Return the same degradation, other options and all, at another level.

        Args:
            level: The level.

        Raises:
            ValueError: The degradation does not have that level, or none at all.
        """
        if not self.level:
            raise ValueError(f"{self.name} has no level: it is there or not.")
        return self.model_validate(self.model_dump() | {self.level: level})


class Noise(Degradation):
    """A random degradation that keeps the shape; at level 0 it returns its input's values."""

    level: ClassVar[str]


class Graded(Degradation):
    """A degradation of a benchmark that keeps the shape, in severities from 0 to 1.

    Those of N. Mu and J. Gilmer, "MNIST-C: A Robustness Benchmark for Computer Vision" (2019), that
    leave pixels in their place; they follow D. Hendrycks and T. Dietterich, "Benchmarking Neural
    Network Robustness to Common Corruptions and Perturbations" (ICLR 2019). All are written from
    the descriptions: the pictures are of the same kind, not the same pixels. Severity 1 is near the
    strongest there, and severity 0 the identity.
    """

    level: ClassVar[str] = "severity"

    severity: float = Field(default=0.5, ge=0, le=1, description="0 none, 1 strongest")
