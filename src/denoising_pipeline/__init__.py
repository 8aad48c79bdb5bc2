"""Train, measure and compare image denoisers with Kedro, Keras and MLflow.

What a notebook needs is imported from here, such as `from denoising_pipeline import Denoiser`. Each
name is loaded when it is first used; none of them needs Kedro or MLflow.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from denoising_pipeline.baselines import BASELINES, calibrate
    from denoising_pipeline.degradations import DEGRADATIONS
    from denoising_pipeline.denoiser import Denoiser
    from denoising_pipeline.denoiser.card import Card
    from denoising_pipeline.denoiser.file import load_denoiser
    from denoising_pipeline.evaluation.metrics import METRICS, psnr, ssim
    from denoising_pipeline.images.arrays import Images
    from denoising_pipeline.images.sets import ImageSet
    from denoising_pipeline.models import ARCHITECTURES
    from denoising_pipeline.training import train
    from denoising_pipeline.training.transformer import AutoencoderTransformer

__version__ = "0.1.0"

_HOMES = {
    "ARCHITECTURES": "models",
    "AutoencoderTransformer": "training.transformer",
    "BASELINES": "baselines",
    "Card": "denoiser.card",
    "DEGRADATIONS": "degradations",
    "Denoiser": "denoiser",
    "ImageSet": "images.sets",
    "Images": "images.arrays",
    "METRICS": "evaluation.metrics",
    "calibrate": "baselines",
    "load_denoiser": "denoiser.file",
    "psnr": "evaluation.metrics",
    "ssim": "evaluation.metrics",
    "train": "training",
}
"""Module of each public name."""

__all__ = [
    "ARCHITECTURES",
    "BASELINES",
    "DEGRADATIONS",
    "METRICS",
    "AutoencoderTransformer",
    "Card",
    "Denoiser",
    "ImageSet",
    "Images",
    "__version__",
    "calibrate",
    "load_denoiser",
    "psnr",
    "ssim",
    "train",
]


if not TYPE_CHECKING:  # A type checker knows the names, and reports others.

    def __getattr__(name: str) -> Any:
        """Import a public name on first use (PEP 562)."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
