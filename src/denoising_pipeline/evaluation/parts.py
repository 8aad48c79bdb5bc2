"""Scores of the pixels that a degradation covered, and of those that it left as they were."""

from collections.abc import Iterable

import numpy as np

from denoising_pipeline.evaluation.metrics import decibels
from denoising_pipeline.images.arrays import Images, Values
from denoising_pipeline.images.sets import ImageSet

PARTS = ("covered_psnr", "kept_psnr")
"""Names of the scores."""


def score_parts(
    clean: Images | ImageSet, noisy: Images | ImageSet, images: Images | ImageSet
) -> dict[str, Values]:
    """Measure the PSNR of both parts of every image.

    Args:
        clean: The clean images.
        noisy: The same images degraded; a pixel that differs in any channel is covered.
        images: The same images as they are to be scored.

    Returns:
        By the names of `PARTS` a value per image in dB, at most `PSNR_CAP`; NaN where an image has
        no pixel of that part.
    """
    sets = [ImageSet.of(each) for each in (clean, noisy, images)]
    found = {name: np.full(len(sets[0]), np.nan) for name in PARTS}
    for index in range(len(sets[0])):
        reference, degraded, image = (each.read(index) for each in sets)
        squares = np.square(reference - image, dtype=np.float64).mean(-1)
        covered = (reference != degraded).any(-1)
        for name, part in zip(PARTS, (covered, ~covered), strict=True):
            if part.any():
                found[name][index] = decibels(squares[part].mean())
    return found


def known_only(values: Iterable[float]) -> Values:
    """Return the values of the images that have the part."""
    found = np.asarray(values, np.float64)
    return found[~np.isnan(found)]
