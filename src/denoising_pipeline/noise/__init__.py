"""Noise models: pure functions of arrays and a generator, one file each, found by name."""

import sys
from typing import TYPE_CHECKING, TypeAlias

from denoising_pipeline.components import discover, one_of
from denoising_pipeline.noise.base import Noise
from denoising_pipeline.noise.drawing import NOISE_BLOCK, draw_noisy, draw_noisy_block

NOISES = discover(Noise, sys.modules[__name__])  # type: ignore[type-abstract]
"""Noise class by name, in alphabetical order."""

if TYPE_CHECKING:
    NoiseChoice: TypeAlias = Noise
else:
    NoiseChoice = one_of(NOISES)
    """The type of a Pydantic field that holds any noise model, told apart by its `name`."""

__all__ = ["NOISES", "NOISE_BLOCK", "Noise", "NoiseChoice", "draw_noisy", "draw_noisy_block"]
