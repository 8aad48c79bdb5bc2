"""Whether what a denoiser cannot give back tells images unlike those of its training."""

from denoising_pipeline.pipelines.anomaly.pipeline import create_pipeline

__all__ = ["create_pipeline"]
