"""Somebody's own images to denoised ones."""

from denoising_pipeline.pipelines.inference.pipeline import create_files_pipeline, create_pipeline

__all__ = ["create_files_pipeline", "create_pipeline"]
