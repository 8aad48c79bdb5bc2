"""Clean images and a degradation to a denoiser."""

from denoising_pipeline.pipelines.training.pipeline import create_pipeline

__all__ = ["create_pipeline"]
