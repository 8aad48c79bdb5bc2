"""Training networks on noisy images, with noise drawn afresh every epoch."""

from denoising_pipeline.training.batches import Batch
from denoising_pipeline.training.classifier import train_classifier
from denoising_pipeline.training.examples import Examples
from denoising_pipeline.training.history import EpochLogger, TrainingDivergedError
from denoising_pipeline.training.loop import train
from denoising_pipeline.training.losses import mean_psnr
from denoising_pipeline.training.objectives import Objective
from denoising_pipeline.training.sd_estimator import train_sd_estimator
from denoising_pipeline.training.sources import CleanExamples, NoisyExamples, PairExamples

__all__ = [
    "Batch",
    "CleanExamples",
    "EpochLogger",
    "Examples",
    "NoisyExamples",
    "Objective",
    "PairExamples",
    "TrainingDivergedError",
    "mean_psnr",
    "train",
    "train_classifier",
    "train_sd_estimator",
]
