"""What an autoencoder's code is good for, beside PCA."""

from denoising_pipeline.pipelines.features.pipeline import create_pipeline

__all__ = ["create_pipeline"]
