"""Checked images to clean ones in train, val and test."""

from denoising_pipeline.pipelines.preprocessing.pipeline import create_pipeline

__all__ = ["create_pipeline"]
