"""Pairs of images: whether the two show the same, pixel by pixel."""

import numpy as np
from scipy import ndimage

from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.pixels import Pixels, with_depth
from denoising_pipeline.images.sets import middle_of

LOOKED_AT = 512
"""Rows and columns of the middle that are compared."""

FINE, COARSE = 5, 33
"""Sides of the squares whose means are compared: the difference is free of most noise, and of light
and stains that change slowly."""

ALIKE = 0.5
"""Least correlation, as a share of what the noise leaves of it, of images that show the same.

Of 110 pairs of recorded noise (photographs, micrographs) it is 0.63 and more; of others of them, up
to 0.37.
"""

NEAREST, FARTHEST = 2, 16
"""Shifts that are recognized, in pixels."""

BETTER = 1.02
"""How much more two images correlate when they are moved, from where they count as shifted."""

SQUARES = (2, 4, 8, 16)
"""Sides of the squares whose means tell a difference from noise."""

_CHANCE, _SLACK = 5, 0.05
"""Standard deviations, and share of the noise's variance, by which such means may be off."""

_FLAT = 0.002
"""Standard deviation of what is compared below which it shows too little to tell."""


def mismatch(clean: Pixels, noisy: Pixels) -> str | None:
    """Say why two images are no pair.

    Args:
        clean: (H, W, C), of any type that is read.
        noisy: Likewise.

    Returns:
        What is wrong with the two and what to do; None: nothing, as far as can be told.
    """
    sizes = [f"{image.shape[0]}x{image.shape[1]}" for image in (clean, noisy)]
    if sizes[0] != sizes[1]:
        return f"are of {sizes[0]} and {sizes[1]} pixels: cut them to the same part"
    one, other = map(_details, (clean, noisy))
    spread, noisy_spread = float(one.std()), float(other.std())
    if min(spread, noisy_spread) < _FLAT:
        return None
    correlation = _correlation(one, other)
    reach = correlation.shape[0] // 2, correlation.shape[1] // 2
    row, column = np.unravel_index(correlation.argmax(), correlation.shape)
    moved = int(row) - reach[0], int(column) - reach[1]
    highest = float(correlation.max())
    if highest < ALIKE * min(1, spread / noisy_spread):
        return "do not show the same: put images of one scene under one name"
    if max(map(abs, moved)) >= NEAREST and highest > BETTER * correlation[reach]:
        return f"are shifted by {abs(moved[0])} rows and {abs(moved[1])} columns: align them"
    return None


def differ_by_noise(one: Pixels, other: Pixels) -> bool:
    """Tell whether two images show the same, with noise that is independent from pixel to pixel.

    The variance of the means of squares of n pixels is then that of pixels divided by n, and more
    where anything but noise differs: things that moved, focus, light.

    Args:
        one: (H, W, C), of any type that is read.
        other: Likewise.

    Returns:
        Whether it is so, as far as the middles tell; equal images do not.
    """
    if one.shape != other.shape:
        return False
    difference = _grey_middle(one) - _grey_middle(other)
    variance = float(difference.var())
    if not variance:
        return False
    for side in SQUARES:
        high, wide = (length // side for length in difference.shape)
        if not high or not wide:
            return False
        squares = difference[: high * side, : wide * side].reshape(high, side, wide, side)
        ratio = side**2 * float(squares.mean(axis=(1, 3)).var()) / variance
        if ratio > 1 + _SLACK + _CHANCE * np.sqrt(2 / (high * wide)):
            return False
    return True


def _details(image: Pixels) -> Images:
    """Return what is left of the middle without what is finer and coarser: float32 (h, w)."""
    grey = _grey_middle(image)
    fine, coarse = (ndimage.uniform_filter(grey, side) for side in (FINE, COARSE))
    details: Images = fine - coarse
    details -= details.mean()
    return details


def _grey_middle(image: Pixels) -> Images:
    """Return the part that is compared, the mean of its channels: float32 (h, w)."""
    middle = image[middle_of(image.shape, LOOKED_AT, LOOKED_AT).slices]
    grey: Images = with_depth(middle, np.float32).mean(axis=2)
    return grey


def _correlation(one: Images, other: Images) -> Images:
    """Return the correlation at every shift up to `FARTHEST`; that of no shift in the middle.

    Edges wrap around, which only lessens the correlation of images that are shifted.
    """
    height, width = one.shape
    rows, columns = min(FARTHEST, height // 4), min(FARTHEST, width // 4)
    spectrum = np.fft.rfft2(one) * np.conj(np.fft.rfft2(other))
    products = np.fft.irfft2(spectrum, one.shape)
    near = np.roll(products, (rows, columns), (0, 1))[: 2 * rows + 1, : 2 * columns + 1]
    norm = np.sqrt(np.square(one).sum() * np.square(other).sum())
    found: Images = (near / norm).astype(np.float32)
    return found
