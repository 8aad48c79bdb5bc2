"""Degradations: structured corruptions that are not noise and leave every pixel in its place.

The ten aligned corruptions of N. Mu and J. Gilmer, "MNIST-C: A Robustness Benchmark for Computer
Vision" (2019), which follow D. Hendrycks and T. Dietterich, "Benchmarking Neural Network Robustness
to Common Corruptions and Perturbations" (ICLR 2019), written from their descriptions: the pictures
are of the same kind, not the same pixels. Their strengths at severity 1 are near the strongest
there, and severity 0 is the identity.
"""

import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from pydantic import ConfigDict, RootModel

from denoising_pipeline.core.components import discover, one_of
from denoising_pipeline.core.seeding import generator
from denoising_pipeline.degradations.base import Noise
from denoising_pipeline.degradations.blurs import glass_blur, motion_blur
from denoising_pipeline.degradations.drawing import NOISE_BLOCK, draw_noisy, draw_noisy_block
from denoising_pipeline.degradations.grain import impulse, shot
from denoising_pipeline.degradations.light import brightness, fog, stripe
from denoising_pipeline.degradations.overlays import dotted_line, spatter, zigzag
from denoising_pipeline.images.arrays import Images

NOISES = discover(Noise, sys.modules[__name__])  # type: ignore[type-abstract]
"""Noise class by name, in alphabetical order."""

if TYPE_CHECKING:
    NoiseChoice: TypeAlias = Noise
else:
    NoiseChoice = one_of(NOISES)
    """The type of a Pydantic field that holds any noise model, told apart by its `name`."""


class NoiseInjectionParameters(RootModel[NoiseChoice]):
    """The noise model, chosen by `name`, with its own options."""

    model_config = ConfigDict(frozen=True)


Degradation: TypeAlias = Callable[[Images, float, np.random.Generator], Images]
"""(clean, severity, generator) -> degraded.

`clean` is float32 (N, H, W, C) in [0, 1] and is not changed, `severity` lies in [0, 1], and the
result is a new array of the same shape, dtype and range. Numbers are drawn image after image, so
that those of the first images do not depend on how many follow: a function makes one draw, or one
from each child that the generator spawns.
"""

DEGRADATIONS: Mapping[str, Degradation] = MappingProxyType(
    {
        "shot": shot,
        "impulse": impulse,
        "glass_blur": glass_blur,
        "motion_blur": motion_blur,
        "brightness": brightness,
        "stripe": stripe,
        "fog": fog,
        "spatter": spatter,
        "dotted_line": dotted_line,
        "zigzag": zigzag,
    }
)
"""Degradation by name."""


def draw_degraded(clean: Images, name: str, severity: float, *, seed: int, split: str) -> Images:
    """Degrade a whole split, block by block, with randomness of its own for each degradation.

    Args:
        clean: float32 (N, H, W, C) in [0, 1], the split in its fixed order. It is not changed.
        name: A key of `DEGRADATIONS`.
        severity: In [0, 1]. Equal draws are used at every severity.
        seed: Root seed of the run.
        split: `"train"`, `"val"` or `"test"`.

    Returns:
        A new float32 array of the same shape, in [0, 1].
    """
    degraded = np.empty(clean.shape, np.float32)
    for block, start in enumerate(range(0, len(clean), NOISE_BLOCK)):
        images = slice(start, start + NOISE_BLOCK)
        draws = generator(seed, f"degradation {name}", split, index=block)
        degraded[images] = DEGRADATIONS[name](clean[images], severity, draws)
    return degraded


__all__ = [
    "DEGRADATIONS",
    "NOISES",
    "NOISE_BLOCK",
    "Degradation",
    "Noise",
    "NoiseChoice",
    "NoiseInjectionParameters",
    "draw_degraded",
    "draw_noisy",
    "draw_noisy_block",
]
