"""Patterns in an image that are no independent noise: stripes, and the grid of JPEG."""

import numpy as np

from denoising_pipeline.images.blocks import SIDE, Image, Values
from denoising_pipeline.images.sets import middle_of

_WINDOW = 768
"""Pixels along the part in the middle of the image that is looked at."""

_BY_CHANCE = 2.25
"""Times 1 / sqrt(steps of each row of the grid): three standard errors of their mean, of Gaussian
noise, which the largest of few steps is above the others by chance; 5 % at 128x128 pixels."""

_PARTS = 4
_AGREEMENT = 0.7
_NORMAL = 1.4826
"""Standard deviation of a normal distribution / its median absolute deviation."""


def stripes(image: Image) -> float:
    """Return the standard deviation of what whole rows, or whole columns, have in common.

    Every row is compared with its two neighbours in four parts of its width. Stripes go through
    all parts; edges of things do so in few rows, which medians and signs do not see. 0: the parts
    do not agree.

    Args:
        image: At least 8 pixels high and wide.
    """
    grey = _middle(image)
    return max(_stripes(grey), _stripes(grey.T))


def _stripes(grey: Values) -> float:
    """Return the standard deviation of what rows have in common."""
    steps = 2 * grey[1:-1] - grey[:-2] - grey[2:]
    parts = np.stack([np.median(part, axis=1) for part in np.array_split(steps, _PARTS, axis=1)])
    pairs = [(a, b) for a in range(_PARTS) for b in range(a)]
    moved = np.all(parts != 0, axis=0)
    if moved.sum() < SIDE:
        return 0.0
    agree = np.mean(
        [np.mean(np.sign(parts[a, moved]) == np.sign(parts[b, moved])) for a, b in pairs]
    )
    if agree < _AGREEMENT:
        return 0.0
    common = np.median(parts, axis=0)
    return float(_NORMAL * np.median(np.abs(common)) / np.sqrt(6))


def block_edges(image: Image) -> float:
    """Return how much larger steps on a grid of 8x8 pixels are than all others; 0.1: by 10 %.

    The grid may start anywhere, as it does after cropping. 0: by no more than chance.

    Args:
        image: At least 8 pixels high and wide.
    """
    grey = _middle(image)
    return max(0.0, min(_edges(grey), _edges(grey.T)))


def _edges(grey: Values) -> float:
    """Return the same for the steps from row to row."""
    size = (len(grey) - 1) // SIDE * SIDE
    steps = np.abs(np.diff(grey, axis=0))[:size]
    limit = 4 * float(np.median(steps)) + 1e-6
    by_row = np.minimum(steps, limit).mean(1).reshape(-1, SIDE).mean(0)
    second, first = np.sort(by_row)[-2:]
    larger = float(first / second) - 1 if second > 0 else 0.0
    return larger if larger > _BY_CHANCE / np.sqrt(steps.size / SIDE) else 0.0


def _middle(image: Image) -> Values:
    grey: Values = image[middle_of(image.shape, _WINDOW, _WINDOW).slices].mean(2)
    return grey
