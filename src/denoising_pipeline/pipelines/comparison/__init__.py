"""Tracked runs to one table, a text and figures."""

from denoising_pipeline.pipelines.comparison.pipeline import create_pipeline

__all__ = ["create_pipeline"]
