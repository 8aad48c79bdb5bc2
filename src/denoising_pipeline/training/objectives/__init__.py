"""Objectives of training: one file each, found by name."""

import sys
from typing import TYPE_CHECKING, TypeAlias

from denoising_pipeline.core.components import discover, one_of
from denoising_pipeline.training.objectives.base import Loss, Objective

OBJECTIVES = discover(Objective, sys.modules[__name__])  # type: ignore[type-abstract]
"""Objective class by name, in alphabetical order."""

if TYPE_CHECKING:
    ObjectiveChoice: TypeAlias = Objective
else:
    ObjectiveChoice = one_of(OBJECTIVES)
    """The type of a Pydantic field that holds any objective, told apart by its `name`."""

__all__ = ["OBJECTIVES", "Loss", "Objective", "ObjectiveChoice"]
