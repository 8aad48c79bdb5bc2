"""Somebody's own array to denoised images."""

from denoising_pipeline.pipelines.inference.pipeline import create_pipeline

__all__ = ["create_pipeline"]
