"""The nodes that train and denoise hand over what they are given, in the right places."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from denoising_pipeline.config import validate_parameters
from denoising_pipeline.datasets import CheckpointsDataset
from denoising_pipeline.degradations import NoiseInjectionParameters
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.pipelines.inference.nodes import denoise_images
from denoising_pipeline.pipelines.training.nodes import train_denoiser
from denoising_pipeline.training import train

MODEL = {"name": "dense", "latent_dim": 3, "layers": 0}
TRAINING = validate_parameters(
    {"training": {"epochs": 1, "batch_size": 8, "model": MODEL}}
).training


def grey(count: int, value: float) -> Images:
    return np.full((count, 4, 5, 1), value, np.float32)


def test_the_node_trains_on_its_images_and_validates_on_the_noisy_ones(tmp_path: Path) -> None:
    """The same as `train`, called by hand; a swap of any two arguments would show."""
    epochs: list[int] = []

    def log_epoch(epoch: int, metrics: Mapping[str, float]) -> None:
        epochs.append(epoch)

    clean, noisy_val, clean_val, noise = grey(16, 0.3), grey(7, 0.8), grey(7, 0.6), Gaussian()
    checkpoints = CheckpointsDataset(filepath=str(tmp_path)).load()
    parameters = NoiseInjectionParameters(noise), TRAINING, 5
    denoiser, history = train_denoiser(
        clean, noisy_val, clean_val, *parameters, log_epoch, checkpoints
    )
    assert epochs == [1]
    _, expected = train(clean, noise, (noisy_val, clean_val), TRAINING, 5, log_epoch)
    pd.testing.assert_frame_equal(
        history.drop(columns="seconds"), expected.drop(columns="seconds"), check_exact=True
    )
    denoised = denoise_images(denoiser, noisy_val)
    np.testing.assert_array_equal(denoised, denoiser(noisy_val))
    assert denoised.shape == noisy_val.shape
