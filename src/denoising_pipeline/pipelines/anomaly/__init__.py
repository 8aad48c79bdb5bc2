"""How well the error of denoising tells unlike images apart."""

from denoising_pipeline.pipelines.anomaly.pipeline import create_pipeline

__all__ = ["create_pipeline"]
