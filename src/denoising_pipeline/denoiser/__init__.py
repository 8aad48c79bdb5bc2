"""The trained thing: images in, cleaner images out; its file and its exports."""

from denoising_pipeline.denoiser.denoiser import Denoiser

__all__ = ["Denoiser"]
