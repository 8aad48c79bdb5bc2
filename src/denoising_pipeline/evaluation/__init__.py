"""Scores of images, their intervals and differences, and what they say of a denoiser."""
