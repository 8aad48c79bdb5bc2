"""Baselines: other ways to denoise, each one function, found by name.

All of them become the same thing, a function from noisy to denoised images, as a trained denoiser
is one: `calibrate(name, known, val_noisy, val_clean).denoise(noisy)`.
"""

import importlib
import pkgutil
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

for _module in pkgutil.iter_modules(__path__, prefix=f"{__name__}."):
    importlib.import_module(_module.name)

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
