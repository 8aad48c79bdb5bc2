"""A denoiser on noise and images unlike its own."""

from denoising_pipeline.pipelines.robustness.pipeline import create_pipeline

__all__ = ["create_pipeline"]
