"""What the code of an autoencoder is good for: features of images, beside PCA and pixels."""

from denoising_pipeline.pipelines.features.pipeline import create_pipeline

__all__ = ["create_pipeline"]
