"""A trained denoiser beside every baseline, in one table."""

from denoising_pipeline.pipelines.benchmark.pipeline import create_pipeline

__all__ = ["create_pipeline"]
