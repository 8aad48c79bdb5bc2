"""Images and tables to figures and a report."""

from denoising_pipeline.pipelines.reporting.pipeline import create_pipeline

__all__ = ["create_pipeline"]
