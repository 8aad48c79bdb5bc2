"""Raw files to checked images, a table of them and a manifest."""

from denoising_pipeline.pipelines.ingestion.pipeline import create_pipeline

__all__ = ["create_pipeline"]
