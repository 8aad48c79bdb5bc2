"""Autoencoders, PCA and t-SNE, by numbers and on a map."""

from denoising_pipeline.pipelines.projections.pipeline import create_pipeline

__all__ = ["create_pipeline"]
