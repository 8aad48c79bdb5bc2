"""Architectures of denoisers: one file each, found by name."""

import sys
from typing import TYPE_CHECKING, TypeAlias

from denoising_pipeline.core.components import discover, one_of
from denoising_pipeline.models.base import Architecture

ARCHITECTURES = discover(Architecture, sys.modules[__name__])  # type: ignore[type-abstract]
"""Architecture class by name, in alphabetical order."""

if TYPE_CHECKING:
    ArchitectureChoice: TypeAlias = Architecture
else:
    ArchitectureChoice = one_of(ARCHITECTURES)
    """The type of a Pydantic field that holds any architecture, told apart by its `name`."""

__all__ = ["ARCHITECTURES", "Architecture", "ArchitectureChoice"]
