"""A trained denoiser on noise, degradations and sources that it was not trained on."""

from denoising_pipeline.pipelines.robustness.pipeline import create_pipeline

__all__ = ["create_pipeline"]
