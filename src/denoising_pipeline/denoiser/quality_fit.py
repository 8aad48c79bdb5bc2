"""How the prediction of a denoised image's PSNR is learnt."""

import logging
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from denoising_pipeline.core.seeding import generator
from denoising_pipeline.denoiser.denoiser import Denoiser
from denoising_pipeline.denoiser.picture import denoise_page
from denoising_pipeline.denoiser.quality import Image, Quality, features
from denoising_pipeline.evaluation.metrics import decibels
from denoising_pipeline.images.sets import ImageSet, Window

LEVELS = (2, 5, 10, 15, 20, 25, 35, 50, 75)
"""Standard deviations that are learnt from, of 255."""

SIDE = 160
"""Height and width of the crops that are learnt from."""

CROPS, CROPS_OF_ALL = 8, 48
"""Crops of each image, and of all together, at most."""

COVERAGE = 0.9
"""Share of images whose PSNR shall be within the interval."""

RIDGE = 1e-2

LEAST = 2
"""Images from which it can be learnt to predict a PSNR."""

logger = logging.getLogger(__name__)


def learn_quality(
    denoiser: Denoiser, clean: ImageSet, seed: int, crops: int = CROPS
) -> Quality | None:
    """Learn to predict the PSNR of what a denoiser gives.

    Args:
        denoiser: A denoiser that is told the noise level.
        clean: Images that it was not trained on.
        seed: Root seed of crops and noise.
        crops: Of each image, fewer where there are many images.

    Returns:
        What predicts it; None, with a warning, where there are fewer than `LEAST` images: the
        prediction for one is judged by what was learnt from others.
    """
    if len(clean) < LEAST:
        logger.warning(
            "No PSNR of denoised pictures will be predicted: that takes %d validation images or "
            "more (preprocessing.validation_images).",
            LEAST,
        )
        return None
    crops = max(1, min(crops, CROPS_OF_ALL // len(clean)))
    rows, scores, groups = [], [], []
    for index in range(len(clean)):
        for noisy, truth in _cases(
            clean, index, crops, generator(seed, "quality", "val", 0, index), denoiser.clipped
        ):
            denoised, page = denoise_page(noisy, denoiser)
            rows.append(features(noisy, denoised, page.sigma))
            scores.append(decibels(np.square(truth - denoised).mean(dtype=np.float64)))
            groups.append(index)
    inputs, targets, origins = np.array(rows), np.array(scores), np.array(groups)
    errors = np.concatenate(
        [
            targets[origins == i]
            - inputs[origins == i] @ _fitted(inputs[origins != i], targets[origins != i])
            for i in range(len(clean))
        ]
    )
    outside = (1 - COVERAGE) / 2
    low, high = np.quantile(errors, [outside, 1 - outside])
    weights = tuple(_fitted(inputs, targets).tolist())
    return Quality(weights=weights, below=max(-float(low), 0), above=max(float(high), 0))


def _fitted(
    inputs: npt.NDArray[np.float64], targets: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    count = inputs.shape[1]
    products = inputs.T @ inputs + RIDGE * np.diag([0] + [1] * (count - 1))
    return np.asarray(np.linalg.solve(products, inputs.T @ targets))


def _cases(
    clean: ImageSet, index: int, crops: int, draws: np.random.Generator, clipped: bool
) -> Iterator[tuple[Image, Image]]:
    """Yield crops of an image, some of them grey, with noise of every level, clipped or not."""
    for window in _windows(clean.shape(index)[:2], crops, draws):
        truth = clean.read(index, window)
        if truth.shape[2] > 1 and draws.integers(2):
            truth = truth.mean(axis=2, keepdims=True)
        for level in LEVELS:
            noise = draws.standard_normal(truth.shape, np.float32)
            noisy = truth + np.float32(level / 255) * noise
            if clipped or draws.integers(2):
                noisy = np.rint(np.clip(noisy, 0, 1) * 255).astype(np.float32) / np.float32(255)
            yield noisy, truth


def _windows(size: Sequence[int], crops: int, draws: np.random.Generator) -> Iterator[Window]:
    height, width = size
    high, wide = min(height, SIDE), min(width, SIDE)
    for row, column in draws.random((crops, 2)):
        top, left = int(row * (height - high + 1)), int(column * (width - wide + 1))
        yield Window(top, left, high, wide)
