"""Figures that need their arguments picked, and the report; other figures are nodes as they are."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from denoising_pipeline import figures, report
from denoising_pipeline.baselines.linear import takes
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.codes import has_code
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.images.shown import image_titles
from denoising_pipeline.report.blocks import Section
from denoising_pipeline.report.options import ReportingParameters

WITHOUT_CLEAN = "No PSNR of images: there are no clean ones to compare with"


def draw_denoising_examples(
    test_clean: Images | ImageSet,
    test_noisy: Images | ImageSet,
    test_denoised: Images | ImageSet,
    image_metrics: pd.DataFrame,
    reporting: ReportingParameters,
) -> Figure:
    """Draw the first test images clean, noisy and denoised.

    Args:
        test_clean: The clean images.
        test_noisy: The same images, noisy.
        test_denoised: The same images, denoised.
        image_metrics: A row per image.
        reporting: `examples` is read.

    Returns:
        The article's picture.
    """
    shown = image_metrics[: reporting.examples]
    if not len(test_clean):
        stages = {"noisy": test_noisy, "denoised": test_denoised}
        rows = {name: ImageSet.of(images).first(len(shown)) for name, images in stages.items()}
        return figures.image_grid(rows, "The first test images", image_titles(shown))
    return figures.denoising_examples(
        ImageSet.of(test_clean).first(len(shown)),
        ImageSet.of(test_noisy).first(len(shown)),
        ImageSet.of(test_denoised).first(len(shown)),
        image_titles(shown),
        noisy_psnr=shown["noisy_psnr"].to_numpy(),
        psnr=shown["psnr"].to_numpy(),
        title="The first test images",
    )


def draw_noisy_examples(
    test_clean: Images | ImageSet,
    test_noisy: Images | ImageSet,
    denoiser: Denoiser,
    reporting: ReportingParameters,
) -> Figure:
    """Draw what the degradation does to the first test images.

    Args:
        test_clean: The clean images.
        test_noisy: The same images, noisy.
        denoiser: Its card says which degradation it is.
        reporting: `examples` is read.

    Returns:
        Two rows of images.
    """
    clean, noisy = (ImageSet.of(x).first(reporting.examples) for x in (test_clean, test_noisy))
    title = f"Noisy test images: {denoiser.card.noise.describe()}"
    if not len(clean):
        return figures.image_grid({"noisy": noisy}, title)
    return figures.noisy_examples(clean, noisy, title)


def draw_best_and_worst(
    test_clean: Images | ImageSet,
    test_noisy: Images | ImageSet,
    test_denoised: Images | ImageSet,
    image_metrics: pd.DataFrame,
    reporting: ReportingParameters,
) -> Figure:
    """Draw the test images that were denoised best and worst, by PSNR.

    Args:
        test_clean: The clean images.
        test_noisy: The same images, noisy.
        test_denoised: The same images, denoised.
        image_metrics: A row per image.
        reporting: `best_and_worst` is read.

    Returns:
        The figure.
    """
    if not len(test_clean):
        return figures.message(WITHOUT_CLEAN)
    return figures.best_and_worst(
        test_clean, test_noisy, test_denoised, image_metrics, reporting.best_and_worst
    )


def draw_psnr_distribution(image_metrics: pd.DataFrame) -> Figure:
    """Draw how PSNR is spread over the test images; without clean images, say that it is not known.

    Args:
        image_metrics: A row per image.

    Returns:
        The figure.
    """
    if "psnr" not in image_metrics:
        return figures.message(WITHOUT_CLEAN)
    return figures.psnr_distribution(image_metrics)


def write_report(
    test_clean: Images | ImageSet,
    test_noisy: Images | ImageSet,
    test_denoised: Images | ImageSet,
    image_metrics: pd.DataFrame,
    digit_metrics: pd.DataFrame,
    summary: dict[str, Any],
    history: pd.DataFrame,
    noise_sweep: pd.DataFrame,
    source_manifest: dict[str, Any],
    denoiser: Denoiser,
    reporting: ReportingParameters,
    run_facts: report.RunFacts,
    benchmark_section: Section | None = None,
    robustness_section: Section | None = None,
    downstream_section: Section | None = None,
    uncertainty_section: Section | None = None,
    anomaly_section: Section | None = None,
    features_section: Section | None = None,
    projections_section: Section | None = None,
    study_section: Section | None = None,
) -> str:
    """Write the report of the run.

    Args:
        test_clean: The clean images.
        test_noisy: The same images, noisy.
        test_denoised: The same images, denoised.
        image_metrics: A row per image.
        digit_metrics: A row per label.
        summary: Means over images.
        history: A row per epoch.
        noise_sweep: A row per noise level.
        source_manifest: The source's name and checksums.
        denoiser: Its card says what it is.
        reporting: `examples` and `best_and_worst` are read.
        run_facts: What the run knows of itself.
        benchmark_section: What --pipelines benchmark found, if it has run on the same.
        robustness_section: What --pipelines robustness found, if it has run on the same.
        downstream_section: What --pipelines downstream found, if it has run on the same.
        uncertainty_section: What --pipelines uncertainty found, if it has run on the same.
        anomaly_section: What --pipelines anomaly found, if it has run on the same.
        features_section: What --pipelines features found, if it has run on the same.
        projections_section: What --pipelines projections found, if it has run on the same.
        study_section: What --pipelines study found, if it has run on the same.

    Returns:
        One self-contained page of HTML.
    """
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
            card=denoiser.card,
            architecture=denoiser.architecture.model_dump(mode="json"),
            weight_count=denoiser.weight_count,
            has_code=has_code(denoiser),
            has_sd=denoiser.architecture.as_bounded is not None,
            has_classical=takes(
                run_facts.parameters.get("robustness.classical", ""),
                int(ImageSet.of(test_noisy).shapes.prod(1).max(initial=0)),
            ),
            facts=run_facts,
            examples=reporting.examples,
            extremes=reporting.best_and_worst,
            sides={
                "benchmark": benchmark_section,
                "robustness": robustness_section,
                "downstream": downstream_section,
                "uncertainty": uncertainty_section,
                "anomaly": anomaly_section,
                "features": features_section,
                "projections": projections_section,
                "study": study_section,
            },
        )
    )
