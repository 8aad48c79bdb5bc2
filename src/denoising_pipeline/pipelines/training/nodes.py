"""The node that trains."""

import pandas as pd

from denoising_pipeline.degradations import NoiseInjectionParameters
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.training import EpochLogger, train
from denoising_pipeline.training.checkpoints import Checkpoints
from denoising_pipeline.training.options import TrainingParameters


def train_denoiser(
    train_clean: Images,
    val_noisy: Images,
    val_clean: Images,
    noise_injection: NoiseInjectionParameters,
    training: TrainingParameters,
    seed: int,
    epoch_logger: EpochLogger,
    training_checkpoints: Checkpoints,
) -> tuple[Denoiser, pd.DataFrame]:
    """Train a denoiser on noise of its own, judged on the validation images.

    Args:
        train_clean: float32 (N, H, W, C) in [0, 1].
        val_noisy: float32 (M, H, W, C) in [0, 1].
        val_clean: The clean images of `val_noisy`.
        noise_injection: The noise model.
        training: Architecture, loss, epochs and so on.
        seed: Root seed.
        epoch_logger: Called with (epoch, metrics) after every epoch.
        training_checkpoints: Where the state of each epoch is kept until training is done.

    Returns:
        The denoiser and its history, a row per epoch.
    """
    return train(
        train_clean,
        noise_injection.root,
        (val_noisy, val_clean),
        training,
        seed,
        epoch_logger,
        training_checkpoints,
    )
