"""What every objective is."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

import numpy as np

from denoising_pipeline.core.components import Component
from denoising_pipeline.training.batches import Batch

Loss: TypeAlias = Callable[[Any, Any, Any], Any]
"""(target, output, mask or None), Keras tensors, to values whose mean is minimized."""


class Objective(Component, ABC):
    """What is compared with what in training: its fields are its options.

    Attributes:
        self_supervised: Whether it learns from noisy images alone. Its validation is then its own
            loss on images held out, since nothing else is known without clean ones.
        second_shot: Whether the target is another noisy image of the same, which is drawn where
            the images are clean.
        needs_level: Whether it has to know how noisy examples are, which those of a network that is
            told the level are known to be.
        assumption: What the noise has to be like, so that the clean image is what is learnt, and
            who found that: it ends a sentence that begins with the objective's name.
        broken_by: What, seen of the noise (`images/noise_kinds.py`), speaks against that.
        shrink: How many times smaller than the examples, in height and width, what the network
            sees is.
    """

    self_supervised: ClassVar[bool] = False
    second_shot: ClassVar[bool] = False
    needs_level: ClassVar[bool] = False
    assumption: ClassVar[str] = ""
    broken_by: ClassVar[frozenset[str]] = frozenset()
    shrink: ClassVar[int] = 1

    @abstractmethod
    def prepare(self, examples: Batch, draws: np.random.Generator) -> Batch:
        """Make of examples what the network sees and what its output is compared with.

        Args:
            examples: A batch, which is not changed.
            draws: Where random numbers come from; nothing else is random.

        Returns:
            Examples with a target. Where there is a mask, only what lies in it counts. `level` is
            that of the new input.

        Raises:
            ValueError: The examples lack what the objective needs.
        """

    def loss(self, chosen: Loss) -> Loss:
        """Return what is minimized: what `training.loss` names, unless the objective knows better.

        Args:
            chosen: The loss that the parameters name.
        """
        return chosen
