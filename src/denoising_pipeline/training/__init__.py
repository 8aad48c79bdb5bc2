"""Training networks on noisy images, with noise drawn afresh every epoch."""

from denoising_pipeline.training.batches import noisy_batches
from denoising_pipeline.training.classifier import train_classifier
from denoising_pipeline.training.loop import EpochLogger, TrainingDivergedError, train
from denoising_pipeline.training.losses import mean_psnr
from denoising_pipeline.training.sd_estimator import train_sd_estimator

__all__ = [
    "EpochLogger",
    "TrainingDivergedError",
    "mean_psnr",
    "noisy_batches",
    "train",
    "train_classifier",
    "train_sd_estimator",
]
