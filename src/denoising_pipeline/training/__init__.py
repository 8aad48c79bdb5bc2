"""Training a denoiser on pairs of noisy and clean images, with noise drawn afresh every epoch."""

from denoising_pipeline.training.batches import noisy_batches
from denoising_pipeline.training.loop import EpochLogger, TrainingDivergedError, train
from denoising_pipeline.training.losses import mean_psnr

__all__ = ["EpochLogger", "TrainingDivergedError", "mean_psnr", "noisy_batches", "train"]
