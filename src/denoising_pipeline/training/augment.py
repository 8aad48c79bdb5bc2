"""Images moved, greyed, mirrored and turned at random, several that belong together alike."""

from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.luma import LUMA, luma

Flips: TypeAlias = Literal["none", "horizontal", "all"]
"""How images may be mirrored and turned: not at all, left and right, or in all eight ways."""


def augmented(
    images: Images,
    shift: int,
    grey: float,
    flips: Flips,
    draws_of: Callable[[str], np.random.Generator],
) -> Images:
    """Shift, grey and turn images, so that those that belong together are changed alike.

    Args:
        images: float32 (N, H, W, C).
        shift: Of `shifted`; 0: not at all.
        grey: Of `greyed`; likewise.
        flips: Of `turned`.
        draws_of: From "shift", "grey" and "flips" to where the choices come from, anew each time.

    Returns:
        An array of the same shape; the same one if nothing is asked for.
    """
    if shift:
        images = shifted(images, shift, draws_of("shift"))
    if grey:
        images = greyed(images, grey, draws_of("grey"))
    return images if flips == "none" else turned(images, flips, draws_of("flips"))


def shifted(images: Images, pixels: int, draws: np.random.Generator) -> Images:
    """Move each image by up to a number of pixels in both directions; edges are repeated.

    Args:
        images: float32 (N, H, W, C).
        pixels: The largest shift; each whole number of pixels up to it is equally likely.
        draws: Where the shifts come from.

    Returns:
        A new array of the same shape.
    """
    border = (pixels, pixels)
    padded = np.pad(images, ((0, 0), border, border, (0, 0)), mode="edge")
    views = np.lib.stride_tricks.sliding_window_view(padded, images.shape[1:3], axis=(1, 2))
    rows, columns = draws.integers(0, 2 * pixels + 1, (len(images), 2)).T
    moved: Images = views[np.arange(len(images)), rows, columns]
    return np.ascontiguousarray(np.moveaxis(moved, 1, -1))


def greyed(images: Images, share: float, draws: np.random.Generator) -> Images:
    """Make some colour images grey: every channel becomes the luma of ITU-R BT.601.

    Args:
        images: float32 (N, H, W, C); of one channel they remain as they are.
        share: How many, on average.
        draws: Where the choices come from.

    Returns:
        A new array of the same shape.
    """
    chosen = draws.random(len(images)) < share
    if images.shape[-1] != len(LUMA):
        return images.copy()
    found = images.copy()
    found[chosen] = luma(images[chosen])
    return found


def turned(images: Images, flips: Flips, draws: np.random.Generator) -> Images:
    """Mirror and turn each image, every way that is allowed being equally likely.

    Args:
        images: float32 (N, H, W, C).
        flips: The ways. Images that are not square are turned by 180 degrees only.
        draws: Where the choices come from.

    Returns:
        A new array of the same shape.
    """
    quarters = 1 if images.shape[1] == images.shape[2] else 2
    ways: dict[str, int] = {"none": 1, "horizontal": 2, "all": 8 // quarters}
    chosen: npt.NDArray[np.int64] = draws.integers(0, ways[flips], len(images))
    found = np.empty(images.shape, np.float32)
    for way in range(ways[flips]):
        part = images[chosen == way]
        part = part[:, :, ::-1] if way % 2 else part
        found[chosen == way] = np.rot90(part, way // 2 * quarters, axes=(1, 2))
    return found
