"""What a report is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from denoising_pipeline.denoiser.card import Card
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.report.blocks import Section


@dataclass(frozen=True)
class RunFacts:
    """What a run knows of itself before it starts.

    Attributes:
        command: The command line that repeats it, with the versions of what it reads.
        version: What the files of the run are filed under.
        commit: The git commit of the code, if it is a checkout.
        dirty: Whether files differed from that commit.
        mlflow_run: Identity of the tracked run, if it is tracked.
        mlflow_address: Where a browser finds that run, if its store has such an address.
        mlflow_serves: The command that makes the address answer; None: a server does.
        parameters: Every parameter by its full key.
        libraries: Version by name.
    """

    command: str
    version: str
    commit: str | None = None
    dirty: bool = False
    mlflow_run: str | None = None
    mlflow_address: str | None = None
    mlflow_serves: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    libraries: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Results:
    """What a run found. Only the pixels that the report shows are read.

    Attributes:
        clean: Test images; none, where the source has noisy ones alone.
        noisy: The same images, noisy.
        denoised: The same images, denoised.
        image_metrics: A row per test image: `index`, `psnr`, `noisy_psnr`; `label`, `name`, `ssim`
            and `noisy_ssim` where they are known. Without clean images `risk` and `noisy_risk`.
        digit_metrics: A row per label, none without labels: `label`, `n_images`; mean and interval
            of each score.
        summary: `n_images`, `confidence`; mean and interval of each score (`psnr`,
            `psnr_ci_low`, `psnr_ci_high`, `noisy_psnr`), `psnr_pooled`, `psnr_gain`,
            `worse_than_noisy`; without clean images the risks and the residual in place of the
            scores; if it is known, `limit_psnr`, the PSNR in dB that no denoiser is
            expected to surpass.
        history: A row per epoch: `epoch`, `loss`, `val_loss`, `psnr`, `val_psnr`, `seconds`.
        noise_sweep: A row per noise level, none if the degradation has no level: `level`,
            `trained`, `n_images`; mean and interval of each score.
        source_manifest: `source` and `files`: `sha256` of each and, where it is known, `shape`;
            `kind`, `"idx"` unless these are image files; `left_out`, why files were not read.
        card: What the denoiser was made from.
        architecture: Name and options of the network.
        weight_count: How many weights it has.
        has_code: Whether it has a code of fixed size.
        has_sd: Whether its architecture has a bounded form, which gives standard deviations.
        has_classical: Whether the baseline of robustness takes images of this size.
        facts: What the run knows of itself.
        examples: How many images the picture shows.
        extremes: How many images are shown at either end.
        sides: What other pipelines found of the same, by name; None where they have not run.
    """

    clean: Images | ImageSet
    noisy: Images | ImageSet
    denoised: Images | ImageSet
    image_metrics: pd.DataFrame
    digit_metrics: pd.DataFrame
    summary: Mapping[str, Any]
    history: pd.DataFrame
    noise_sweep: pd.DataFrame
    source_manifest: Mapping[str, Any]
    card: Card
    architecture: Mapping[str, Any]
    weight_count: int
    facts: RunFacts
    examples: int = 10
    extremes: int = 5
    sides: Mapping[str, Section | None] = field(default_factory=dict)
    has_code: bool = True
    has_sd: bool = True
    has_classical: bool = True

    @property
    def has_clean(self) -> bool:
        """Whether there are clean images to compare with."""
        return len(self.clean) > 0
