"""A denoiser to scores of every test image."""

from denoising_pipeline.pipelines.evaluation.pipeline import create_pipeline

__all__ = ["create_pipeline"]
