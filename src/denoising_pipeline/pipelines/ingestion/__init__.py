"""Raw files to validated bytes."""

from denoising_pipeline.pipelines.ingestion.pipeline import create_pipeline

__all__ = ["create_pipeline"]
