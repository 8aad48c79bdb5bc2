"""What learning from noisy images alone takes for granted, and what the images say against it."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.noise_kinds import CUT, DEPENDENT, GROWING, noise_kinds
from denoising_pipeline.images.noise_level import estimate_noise
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.training.objectives import Objective

MOST = 120
"""Images that are looked at, evenly spread."""


class SeenNoise(NamedTuple):
    """What noisy images show of their noise.

    Attributes:
        images: How many were looked at.
        kinds: How many of them there is something to say of, by what that is (`noise_kinds`).
        clipped: Mean share of their values that are black or white.
    """

    images: int
    kinds: Mapping[str, int]
    clipped: float


def look_at_noise(noisy: Images | ImageSet) -> SeenNoise:
    """Look at up to `MOST` noisy images.

    Args:
        noisy: One or more, float32 in [0, 1].
    """
    images = ImageSet.of(noisy)
    places = np.linspace(0, len(images) - 1, min(MOST, len(images))).round().astype(int)
    kinds: Counter[str] = Counter()
    clipped = []
    for place in places.tolist():
        pixels = images.read(place)
        noise = estimate_noise(pixels)
        kinds.update(noise_kinds(noise, is_noisy=True))
        clipped.append(noise.clipped)
    return SeenNoise(len(places), kinds, float(np.mean(clipped)))


def assumed(objective: Objective, seen: SeenNoise) -> str:
    """Return what an objective takes for granted, and the histogram of the images beside it.

    Args:
        objective: The objective.
        seen: What the images show.

    Returns:
        Two sentences; nothing, if it takes nothing for granted.
    """
    if not objective.assumption:
        return ""
    return (
        f"{objective.name} assumes {objective.assumption}. Of the values of the {seen.images} "
        f"noisy images looked at, {seen.clipped:.1%} are black or white."
    )


def caveats(objective: Objective, seen: SeenNoise) -> tuple[str, ...]:
    """Return what the images say against what an objective takes for granted, a sentence each.

    Args:
        objective: The objective.
        seen: What the images show.
    """
    found = {kind: count for kind, count in seen.kinds.items() if kind in objective.broken_by}

    def counted(kinds: frozenset[str]) -> str:
        return ", ".join(f"{kind}: {found[kind]}" for kind in sorted(kinds & found.keys()))

    said = []
    if CUT & found.keys():
        cut = sum(found[kind] for kind in CUT & found.keys())
        said.append(
            f"The noise of {cut} of {seen.images} images is cut off at black or white, and there "
            "it is not zero on average: what is dark will come out too bright, what is bright too "
            "dark."
        )
    if DEPENDENT & found.keys():
        said.append(
            f"Of {seen.images} images some have noise that is not independent from pixel to pixel "
            f"({counted(DEPENDENT)}), and what neighbours have in common will stay."
        )
    if GROWING in found:
        said.append(
            f"The noise of {found[GROWING]} of {seen.images} images grows with brightness, and is "
            "taken to be the same everywhere: some of it will stay where it is bright, and detail "
            "be lost where it is dark."
        )
    return tuple(said)
