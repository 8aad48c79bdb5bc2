"""Many trainings with other hyperparameters, and what is learnt of them."""

from denoising_pipeline.pipelines.study.pipeline import create_pipeline

__all__ = ["create_pipeline"]
