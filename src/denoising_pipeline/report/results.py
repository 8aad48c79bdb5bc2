"""What a report is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from denoising_pipeline.images.arrays import Images


@dataclass(frozen=True)
class RunFacts:
    """What a run knows of itself before it starts.

    Attributes:
        command: The command line that repeats it.
        version: What the files of the run are filed under.
        commit: The git commit of the code, if it is a checkout.
        dirty: Whether files differed from that commit.
        mlflow_run: Identity of the tracked run, if it is tracked.
        parameters: Every parameter by its full key.
        libraries: Version by name.
    """

    command: str
    version: str
    commit: str | None = None
    dirty: bool = False
    mlflow_run: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    libraries: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Results:
    """What a run found. Only the pixels that the report shows are read.

    Attributes:
        clean: Test images, float32 (N, H, W, C) in [0, 1].
        noisy: The same images, noisy.
        denoised: The same images, denoised.
        image_metrics: A row per test image: `index`, `label`, `psnr`, `ssim`, `noisy_psnr`,
            `noisy_ssim`.
        digit_metrics: A row per label: `label`, `n_images`; mean and interval of each score.
        summary: `n_images`, `confidence`; mean and interval of each score (`psnr`,
            `psnr_ci_low`, `psnr_ci_high`, `noisy_psnr`), `psnr_pooled`, `psnr_gain`; if it is
            known, `limit_psnr`, the PSNR in dB that no denoiser is expected to surpass.
        history: A row per epoch: `epoch`, `loss`, `val_loss`, `psnr`, `val_psnr`, `seconds`.
        noise_sweep: A row per noise level: `level`, `trained`, `n_images`; mean and interval of
            each score.
        source_manifest: `source` and `files`: `sha256` of each.
        noise: The noise in words, such as `"gaussian 0.5"`.
        level: What the noise model calls its noise level, such as `"sigma"`.
        architecture: Name and options of the network.
        weight_count: How many weights it has.
        facts: What the run knows of itself.
        examples: How many images the picture shows.
        extremes: How many images are shown at either end.
    """

    clean: Images
    noisy: Images
    denoised: Images
    image_metrics: pd.DataFrame
    digit_metrics: pd.DataFrame
    summary: Mapping[str, Any]
    history: pd.DataFrame
    noise_sweep: pd.DataFrame
    source_manifest: Mapping[str, Any]
    noise: str
    level: str
    architecture: Mapping[str, Any]
    weight_count: int
    facts: RunFacts
    examples: int = 10
    extremes: int = 5
