"""Figures that need their arguments picked, and the report; other figures are nodes as they are."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from denoising_pipeline import figures, report
from denoising_pipeline.degradations import NoiseInjectionParameters
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.report.options import ReportingParameters


def draw_denoising_examples(
    test_clean: Images,
    test_noisy: Images,
    test_denoised: Images,
    image_metrics: pd.DataFrame,
    reporting: ReportingParameters,
) -> Figure:
    """Draw the first test images clean, noisy and denoised.

    Args:
        test_clean: float32 (N, H, W, C) in [0, 1].
        test_noisy: The same images, noisy.
        test_denoised: The same images, denoised.
        image_metrics: A row per image, with `label`, `psnr` and `noisy_psnr`.
        reporting: `examples` is read.

    Returns:
        The article's picture.
    """
    first = slice(reporting.examples)
    shown = image_metrics[first]
    return figures.denoising_examples(
        test_clean[first],
        test_noisy[first],
        test_denoised[first],
        shown["label"].to_numpy(),
        noisy_psnr=shown["noisy_psnr"].to_numpy(),
        psnr=shown["psnr"].to_numpy(),
        title="The first test images",
    )


def draw_noisy_digits(
    test_clean: Images,
    test_noisy: Images,
    noise_injection: NoiseInjectionParameters,
    reporting: ReportingParameters,
) -> Figure:
    """Draw what the noise model does to the first test images.

    Args:
        test_clean: float32 (N, H, W, C) in [0, 1].
        test_noisy: The same images, noisy.
        noise_injection: The noise model, for the title.
        reporting: `examples` is read.

    Returns:
        Two rows of images.
    """
    first = slice(reporting.examples)
    title = f"Test images with noise: {noise_injection.root.describe()}"
    return figures.noisy_digits(test_clean[first], test_noisy[first], title)


def draw_best_and_worst(
    test_clean: Images,
    test_noisy: Images,
    test_denoised: Images,
    image_metrics: pd.DataFrame,
    reporting: ReportingParameters,
) -> Figure:
    """Draw the test images that were denoised best and worst, by PSNR.

    Args:
        test_clean: float32 (N, H, W, C) in [0, 1].
        test_noisy: The same images, noisy.
        test_denoised: The same images, denoised.
        image_metrics: A row per image.
        reporting: `best_and_worst` is read.

    Returns:
        The figure.
    """
    return figures.best_and_worst(
        test_clean, test_noisy, test_denoised, image_metrics, reporting.best_and_worst
    )


def write_report(
    test_clean: Images,
    test_noisy: Images,
    test_denoised: Images,
    image_metrics: pd.DataFrame,
    digit_metrics: pd.DataFrame,
    summary: dict[str, Any],
    history: pd.DataFrame,
    noise_sweep: pd.DataFrame,
    source_manifest: dict[str, Any],
    denoiser: Denoiser,
    noise_injection: NoiseInjectionParameters,
    reporting: ReportingParameters,
    run_facts: report.RunFacts,
) -> str:
    """Write the report of the run.

    Args:
        test_clean: float32 (N, H, W, C) in [0, 1].
        test_noisy: The same images, noisy.
        test_denoised: The same images, denoised.
        image_metrics: A row per image.
        digit_metrics: A row per label.
        summary: Means over images.
        history: A row per epoch.
        noise_sweep: A row per noise level.
        source_manifest: The source's name and checksums.
        denoiser: For its architecture and the number of its weights.
        noise_injection: The noise model.
        reporting: `examples` and `best_and_worst` are read.
        run_facts: What the run knows of itself.

    Returns:
        One self-contained page of HTML.
    """
    noise = noise_injection.root
    return report.render(
        report.Results(
            clean=test_clean,
            noisy=test_noisy,
            denoised=test_denoised,
            image_metrics=image_metrics,
            digit_metrics=digit_metrics,
            summary=summary,
            history=history,
            noise_sweep=noise_sweep,
            source_manifest=source_manifest,
            noise=noise.describe(),
            level=noise.level,
            architecture=denoiser.architecture.model_dump(mode="json"),
            weight_count=denoiser.weight_count,
            facts=run_facts,
            examples=reporting.examples,
            extremes=reporting.best_and_worst,
        )
    )
