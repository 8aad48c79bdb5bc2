"""Files that show the same scene, or are the same."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from denoising_pipeline.batch.doctor.looks import Look

ALIKE = 0.995
"""Correlation of two small pictures from which they show the same scene."""

_FLAT = 0.01
"""Standard deviation of a small picture below which it shows too little to tell."""

_TOGETHER = 512


def repeats(looks: Sequence[Look]) -> list[list[Look]]:
    """Return groups of two and more files that show one scene, equal files aside."""
    first = list({look.digest: look for look in reversed(looks)}.values())[::-1]
    sizes: dict[tuple[int, int], list[Look]] = defaultdict(list)
    for look in first:
        sizes[look.height, look.width].append(look)
    return [group for same in sizes.values() for group in _groups(same) if len(group) > 1]


def copies(looks: Sequence[Look]) -> int:
    """Return how many files have the pixels of another one before them."""
    return len(looks) - len({look.digest for look in looks})


def _groups(looks: Sequence[Look]) -> list[list[Look]]:
    """Group files of one size by the first file that each is like."""
    shapes = _shapes(looks)
    group_of = np.full(len(looks), -1)
    for start in range(0, len(looks), _TOGETHER):
        alike = shapes[start : start + _TOGETHER] @ shapes.T >= ALIKE
        for row, others in enumerate(alike, start):
            if group_of[row] < 0:
                group_of[row] = row
            group_of[others & (group_of < 0)] = group_of[row]
    groups: dict[int, list[Look]] = defaultdict(list)
    for look, group in zip(looks, group_of, strict=True):
        groups[int(group)].append(look)
    return list(groups.values())


def _shapes(looks: Sequence[Look]) -> npt.NDArray[np.float32]:
    """Return small pictures of mean 0 and norm 1; 0 where there is nothing to recognize."""
    small = np.stack([look.small.ravel() for look in looks])
    centred = small - small.mean(axis=1, keepdims=True)
    seen = centred.std(axis=1, keepdims=True) >= _FLAT
    norm = np.linalg.norm(centred, axis=1, keepdims=True)
    shapes: npt.NDArray[np.float32] = np.where(seen, centred / np.where(seen, norm, 1), 0)
    return shapes
