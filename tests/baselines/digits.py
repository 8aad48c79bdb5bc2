"""Slices of MNIST with noise, for baselines to learn from and to denoise."""

from functools import cache
from pathlib import Path

import numpy as np

from denoising_pipeline.baselines import Calibrated, Known, calibrate
from denoising_pipeline.degradations import draw_noisy
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.idx import read_idx

MNIST = Path(__file__).parents[2] / "data/01_raw/mnist"
NOISE = Gaussian(sigma=0.5)
Pair = tuple[Images, Images]


@cache
def digits(split: str) -> Images:
    """All images of a file, `"train"` or `"t10k"`, read-only."""
    with (MNIST / f"{split}-images-idx3-ubyte.gz").open("rb") as file:
        images: Images = read_idx(file)[..., np.newaxis].astype(np.float32) / np.float32(255)
    images.flags.writeable = False
    return images


@cache
def known(images: int = 3000) -> Known:
    """What baselines of these tests know: the first training images."""
    return Known(digits("train")[:images], NOISE, seed=0)


@cache
def pair(split: str, images: int = 25, sigma: float = 0.5) -> Pair:
    """(noisy, clean) images for validation (of the end of the training file) or test."""
    clean = digits("t10k")[:images] if split == "test" else digits("train")[-images:]
    return draw_noisy(clean, Gaussian(sigma=sigma), seed=0, split=split, epoch=0), clean


@cache
def calibrated(name: str) -> Calibrated:
    return calibrate(name, known(), *pair("val"))
