"""Baselines: other ways to denoise, each one function, found by name.

All of them become the same thing, a function from noisy to denoised images, as a trained denoiser
is one: `calibrate(name, known, val_noisy, val_clean).denoise(noisy)`.
"""

import sys
from collections.abc import Mapping
from types import MappingProxyType

from denoising_pipeline.baselines.base import (
    Baseline,
    Calibrated,
    Denoise,
    Hyperparameters,
    Known,
    NotApplicableError,
    calibrate,
    denoise_each,
    fit,
    registered,
)
from denoising_pipeline.core.components import import_modules

import_modules(sys.modules[__name__])

BASELINES: Mapping[str, Baseline] = MappingProxyType(registered())
"""Baseline by name."""

__all__ = [
    "BASELINES",
    "Baseline",
    "Calibrated",
    "Denoise",
    "Hyperparameters",
    "Known",
    "NotApplicableError",
    "calibrate",
    "denoise_each",
    "fit",
]
