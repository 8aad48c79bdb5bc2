"""A denoiser to the standard deviation of each of its pixels, and how far that can be trusted."""

from denoising_pipeline.pipelines.uncertainty.pipeline import create_pipeline

__all__ = ["create_pipeline"]
