"""What a standard deviation per pixel is worth: coverage and reliability, block by block."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from denoising_pipeline.images.arrays import Images, Values
from denoising_pipeline.images.sets import ImageSet, at_once

MIN_SD = 1 / 255 / 12**0.5
"""Standard deviation of what rounding to 8 bits leaves unknown of a clean pixel."""

_BLOCK = 1000
"""Images that are measured at once, at most."""

_EDGE_PIXELS = 2_000_000
"""Pixels, about, that quantiles are taken of."""


def calibration_scale(
    clean: Images | ImageSet, denoised: Images | ImageSet, sd: Images | ImageSet
) -> float:
    """Return the factor on the standard deviation that fits a set of images best.

    It minimizes the mean of c sd + (clean - denoised)² / (c sd), the loss that the network was
    trained with: c² = sum((clean - denoised)² / sd) / sum(sd). One factor for all pixels as in
    M.-H. Laves et al., "Well-Calibrated Regression Uncertainty in Medical Imaging with Deep
    Learning" (2020).

    Args:
        clean: float32 (N, H, W, C) in [0, 1], images of validation.
        denoised: The same images, denoised.
        sd: The same shape, greater than 0.

    Returns:
        c, 0 or more.
    """
    weighted, total = 0.0, 0.0
    for pixels, estimate, spread in _blocks(clean, denoised, sd):
        error = pixels - estimate
        weighted += float(np.sum(np.square(error) / spread, dtype=np.float64))
        total += float(np.sum(spread, dtype=np.float64))
    return float((weighted / total) ** 0.5)


def shares_within(
    clean: Images | ImageSet,
    denoised: Images | ImageSet,
    sd: Images | ImageSet,
    factors: Sequence[float],
) -> tuple[list[Values], list[Values]]:
    """Count the pixels whose clean value lies within denoised ± factor * sd.

    Args:
        clean: float32 (N, H, W, C) in [0, 1].
        denoised: The same images, denoised.
        sd: The standard deviation of each pixel, the same shape.
        factors: How many standard deviations.

    Returns:
        Two lists with an entry for each factor: of each image the share of all of its pixels, and
        that of its pixels that are not black in the clean image (NaN where all are), each
        float64 (N,).
    """
    every: list[list[Values]] = [[] for _ in factors]
    lit: list[list[Values]] = [[] for _ in factors]
    for pixels, estimate, spread in _blocks(clean, denoised, sd):
        is_lit = pixels > 0
        count = is_lit.sum(axis=(1, 2, 3), dtype=np.float64)
        count[count == 0] = np.nan
        error = np.abs(pixels - estimate)
        for position, factor in enumerate(factors):
            within = error <= np.float32(factor) * spread
            every[position].append(within.mean(axis=(1, 2, 3), dtype=np.float64))
            lit[position].append((within & is_lit).sum(axis=(1, 2, 3)) / count)
    return [np.concatenate(parts) for parts in every], [np.concatenate(parts) for parts in lit]


def reliability(
    clean: Images | ImageSet, denoised: Images | ImageSet, sd: Images | ImageSet, bins: int = 10
) -> pd.DataFrame:
    """Compare predicted with observed errors, in bins of pixels of like predicted error.

    The reliability diagram of regression of D. Levi et al., "Evaluating and Calibrating
    Uncertainty Prediction in Regression Tasks" (2019). Unlike a selection by the clean image,
    these bins are known before it is.

    Args:
        clean: float32 (N, H, W, C) in [0, 1]; N is 1 or more.
        denoised: The same images, denoised.
        sd: The standard deviation of each pixel, the same shape.
        bins: Bins of about equally many pixels; equal values share one, and there may be fewer.

    Returns:
        A row per bin, from certain to uncertain: `n_pixels`; `predicted_rmse`, the root of the
        mean of sd²; `observed_rmse`, that of (clean - denoised)²; `share_within_2sd`.
    """
    images = ImageSet.of(sd)
    some = range(0, len(images), 1 + len(images.values) // _EDGE_PIXELS)
    sample = np.concatenate([images.read(i).ravel() for i in some])
    edges = np.unique(np.quantile(sample, np.linspace(0, 1, bins + 1)[1:-1]))
    sums = np.zeros((4, len(edges) + 1))
    for pixels, estimate, spread in _blocks(clean, denoised, sd):
        error = pixels - estimate
        place = np.searchsorted(edges, spread.ravel())
        within = np.abs(error) <= 2 * spread
        for row, values in enumerate((np.ones_like(spread), spread**2, error**2, within)):
            sums[row] += np.bincount(place, values.ravel(), len(edges) + 1)
    count, predicted, observed, covered = sums[:, sums[0] > 0]
    return pd.DataFrame(
        {
            "n_pixels": count.astype(np.int64),
            "predicted_rmse": np.sqrt(predicted / count),
            "observed_rmse": np.sqrt(observed / count),
            "share_within_2sd": covered / count,
        }
    )


def _blocks(*collections: Images | ImageSet) -> Iterator[tuple[Images, ...]]:
    """Yield the same images of all collections, some at a time."""
    sets = list(map(ImageSet.of, collections))
    largest = sets[0].shapes[sets[0].shapes.prod(1).argmax()]
    count = at_once(largest.tolist(), _BLOCK)
    for batches in zip(*(images.batches(count) for images in sets), strict=True):
        yield tuple(pixels for _, pixels in batches)
