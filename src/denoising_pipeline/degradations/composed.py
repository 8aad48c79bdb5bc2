"""Degradations that happen one after the other."""

from collections.abc import Sequence
from typing import Annotated, Self

import numpy as np
from pydantic import Field, SerializeAsAny

from denoising_pipeline.degradations.base import Degradation
from denoising_pipeline.images.arrays import Images

Steps = Annotated[tuple[SerializeAsAny[Degradation], ...], Field(min_length=1)]


class Composed(Degradation):
    """Several degradations in a fixed order; its level is that of the last one that has one.

    The parameters give it as a list, so it is not chosen by name. Each step draws from a generator
    of its own, and draws the same whatever the levels of the others.

    Attributes:
        steps: The degradations, the first to happen first.
    """

    steps: Steps

    @classmethod
    def of(cls, steps: Sequence[Degradation]) -> Self:
        """Compose degradations, one or more, in their order."""
        return cls(name=" + ".join(step.name for step in steps), steps=tuple(steps))

    @property
    def level(self) -> str:  # type: ignore[override]  # it depends on the steps
        """Name of the field of the last step that has a level; empty if none has."""
        return self.steps[self._last].level

    @property
    def whole_image(self) -> bool:  # type: ignore[override]  # it depends on the steps
        """Whether one of the steps is laid out over the whole image."""
        return any(step.whole_image for step in self.steps)

    @property
    def clipped(self) -> bool:  # type: ignore[override]  # it depends on the steps
        """Whether what comes out of the last step is in [0, 1]."""
        return self.steps[-1].clipped

    @property
    def sample_rate(self) -> int | None:
        """Samples a second of the first step that is for recordings."""
        return next((step.sample_rate for step in self.steps if step.sample_rate), None)

    @property
    def level_value(self) -> float:
        """Level of that step; 1 if there is none."""
        return self.steps[self._last].level_value

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Degrade a batch of images; see `Degradation.apply`."""
        degraded = clean
        for step, draws in zip(self.steps, generator.spawn(len(self.steps)), strict=True):
            degraded = step.apply(degraded, draws)
        return degraded

    def out_channels(self, channels: int) -> int:
        """Return the number of channels after the last step."""
        for step in self.steps:
            channels = step.out_channels(channels)
        return channels

    def describe(self) -> str:
        """Return the steps, such as `"motion_blur 0.5 + gaussian 0.1"`."""
        return " + ".join(step.describe() for step in self.steps)

    def at(self, level: float) -> Self:
        """Return the same steps, the last that has a level at another one; see `Degradation.at`."""
        steps = list(self.steps)
        steps[self._last] = steps[self._last].at(level)
        return self.of(steps)

    @property
    def _last(self) -> int:
        """Position of the last step that has a level; of the last one if none has."""
        found = [i for i, step in enumerate(self.steps) if step.level]
        return found[-1] if found else len(self.steps) - 1
