"""A denoiser to the standard deviation of each pixel."""

from denoising_pipeline.pipelines.uncertainty.pipeline import create_pipeline

__all__ = ["create_pipeline"]
