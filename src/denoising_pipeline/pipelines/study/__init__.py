"""Many trainings by other hyperparameters."""

from denoising_pipeline.pipelines.study.pipeline import create_pipeline

__all__ = ["create_pipeline"]
