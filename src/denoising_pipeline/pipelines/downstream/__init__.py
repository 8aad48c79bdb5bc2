"""What a classifier makes of images before and after."""

from denoising_pipeline.pipelines.downstream.pipeline import create_pipeline

__all__ = ["create_pipeline"]
