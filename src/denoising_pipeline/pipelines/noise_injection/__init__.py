"""Clean to noisy images, for the splits that are scored."""

from denoising_pipeline.pipelines.noise_injection.pipeline import create_pipeline

__all__ = ["create_pipeline"]
