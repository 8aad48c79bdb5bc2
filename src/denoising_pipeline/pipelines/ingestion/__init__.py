"""Raw files to checked images and a table of them."""

from denoising_pipeline.pipelines.ingestion.pipeline import create_pipeline

__all__ = ["create_pipeline"]
