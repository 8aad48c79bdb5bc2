"""Architectures that tests go through."""

from denoising_pipeline.models import ARCHITECTURES

FOR_PICTURES = [
    name for name, kind in ARCHITECTURES.items() if kind.model_validate({}).sample_rate is None
]
"""Names of those that take pictures; that of recordings has tests of its own, test_spectral."""
