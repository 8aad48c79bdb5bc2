"""What a classifier makes of clean, noisy and denoised images: does denoising help?"""

from denoising_pipeline.pipelines.downstream.pipeline import create_pipeline

__all__ = ["create_pipeline"]
