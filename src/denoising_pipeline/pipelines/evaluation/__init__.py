"""A denoiser to one row of metrics per test image, and their summary."""

from denoising_pipeline.pipelines.evaluation.pipeline import create_pipeline

__all__ = ["create_pipeline"]
