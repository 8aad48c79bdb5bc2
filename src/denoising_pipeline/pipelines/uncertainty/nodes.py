"""The standard deviation of each pixel, and how often the clean image lies within it."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.special import erf

from denoising_pipeline import figures
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.evaluation.calibration import (
    MIN_SD,
    calibration_scale,
    reliability,
    shares_within,
)
from denoising_pipeline.evaluation.metrics import mean_interval
from denoising_pipeline.evaluation.options import EvaluationParameters
from denoising_pipeline.images.arrays import Images, Values
from denoising_pipeline.images.sets import ImageSet, apply_to, of_one_size
from denoising_pipeline.images.shown import excerpt
from denoising_pipeline.training import train_sd_estimator as train_estimator
from denoising_pipeline.training.options import UncertaintyParameters

FACTORS = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
"""Standard deviations to each side whose coverage is measured."""


def train_sd_estimator(
    denoiser: Denoiser,
    train_clean: Images | ImageSet,
    val_noisy: Images | ImageSet,
    val_clean: Images | ImageSet,
    uncertainty: UncertaintyParameters,
    seed: int,
) -> Denoiser:
    """Train a network that tells how far off the denoiser is at each pixel.

    Args:
        denoiser: The trained denoiser; the noise is that of its card.
        train_clean: Clean images of one size; the first `images` are used.
        val_noisy: Noisy validation images.
        val_clean: The clean images of `val_noisy`.
        uncertainty: Images, epochs and so on.
        seed: Root seed.

    Returns:
        A network of the denoiser's architecture, from noisy images to standard deviations.

    Raises:
        ValueError: The images differ in size, or the output of the architecture is not bounded.
    """
    validation = of_one_size(val_noisy), of_one_size(val_clean)
    images = ImageSet.of(train_clean).first(uncertainty.images)
    return train_estimator(denoiser, images, denoiser.card.noise, validation, uncertainty, seed)


def calibrate_sd(
    denoiser: Denoiser,
    sd_estimator: Denoiser,
    val_noisy: Images | ImageSet,
    val_clean: Images | ImageSet,
) -> dict[str, Any]:
    """Fit the one factor on all standard deviations that suits the validation images.

    Args:
        denoiser: The trained denoiser.
        sd_estimator: The network of `train_sd_estimator`.
        val_noisy: Noisy validation images.
        val_clean: The clean images of `val_noisy`.

    Returns:
        `scale` and `n_images`, the number of images that it was fitted to.
    """
    scale = calibration_scale(val_clean, denoiser(val_noisy), _unscaled_sd(sd_estimator, val_noisy))
    return {"scale": scale, "n_images": len(val_noisy)}


def estimate_test_sd(
    sd_estimator: Denoiser, sd_calibration: dict[str, Any], test_noisy: Images | ImageSet
) -> Images | ImageSet:
    """Return the standard deviation of each pixel of the denoised test images.

    Args:
        sd_estimator: The network of `train_sd_estimator`.
        sd_calibration: `scale` is read.
        test_noisy: Noisy test images.

    Returns:
        float32 of the same sizes, 0 or more, on the scale of the images.
    """
    scale = np.float32(sd_calibration["scale"])
    return apply_to(_unscaled_sd(sd_estimator, test_noisy), lambda place, sd: sd * scale)


def _unscaled_sd(sd_estimator: Denoiser, noisy: Images | ImageSet) -> Images | ImageSet:
    return apply_to(sd_estimator(noisy), lambda place, sd: sd + np.float32(MIN_SD))


def measure_coverage(
    test_clean: Images | ImageSet,
    test_denoised: Images | ImageSet,
    test_sd: Images | ImageSet,
    evaluation: EvaluationParameters,
) -> pd.DataFrame:
    """Measure how often the clean pixel lies within so many standard deviations.

    Most pixels are black and trivially so; of those that are not black in the clean image the
    share is given as well. They are chosen by what nobody knows beforehand, so that even a perfect
    standard deviation need not cover the nominal share of them.

    Args:
        test_clean: Clean test images.
        test_denoised: The same images, denoised.
        test_sd: The standard deviation of each pixel of them.
        evaluation: `confidence` is read.

    Returns:
        A row for each number of standard deviations: `pixels` (`all` or `not black`), `sd`,
        `nominal` (the share of a normal distribution), `observed` (the mean over images of the
        share of pixels) with the interval over images under `observed_ci_low` and
        `observed_ci_high`, and `n_images`.
    """
    every, lit = shares_within(test_clean, test_denoised, test_sd, FACTORS)
    rows = [
        _coverage_row(pixels, factor, shares, evaluation.confidence)
        for pixels, measured in (("all", every), ("not black", lit))
        for factor, shares in zip(FACTORS, measured, strict=True)
    ]
    return pd.DataFrame(rows)


def _coverage_row(pixels: str, factor: float, shares: Values, confidence: float) -> dict[str, Any]:
    known = shares[~np.isnan(shares)]
    observed, low, high = mean_interval(known, confidence) if len(known) else (np.nan, 0.0, 1.0)
    return {
        "pixels": pixels,
        "sd": factor,
        "nominal": float(erf(factor / np.sqrt(2))),
        "observed": observed,
        "observed_ci_low": low,
        "observed_ci_high": high,
        "n_images": len(known),
    }


def measure_reliability(
    test_clean: Images | ImageSet, test_denoised: Images | ImageSet, test_sd: Images | ImageSet
) -> pd.DataFrame:
    """Compare predicted with observed errors by tenths of the pixels; see `reliability`."""
    return reliability(test_clean, test_denoised, test_sd)


def summarize_uncertainty(
    coverage: pd.DataFrame, sd_calibration: dict[str, Any], evaluation: EvaluationParameters
) -> dict[str, Any]:
    """Put into single numbers how far the standard deviation can be trusted.

    Args:
        coverage: The table of `measure_coverage`.
        sd_calibration: `scale` is read.
        evaluation: `confidence` is read.

    Returns:
        `n_images`, `confidence`, `sd_scale`, and for 1, 2 and 3 standard deviations
        `coverage_<n>sd` of all pixels and `coverage_not_black_<n>sd`, with their intervals under
        `_ci_low` and `_ci_high`.
    """
    summary: dict[str, Any] = {
        "n_images": int(coverage["n_images"].max()),
        "confidence": evaluation.confidence,
        "sd_scale": sd_calibration["scale"],
    }
    whole = coverage[coverage["sd"] % 1 == 0]
    for row in whole.to_dict("records"):
        kind = "" if row["pixels"] == "all" else "not_black_"
        name = f"coverage_{kind}{row['sd']:.0f}sd"
        summary |= {f"{name}{end}": row[f"observed{end}"] for end in ("", "_ci_low", "_ci_high")}
    return summary


def draw_uncertainty_examples(
    test_clean: Images | ImageSet,
    test_noisy: Images | ImageSet,
    test_denoised: Images | ImageSet,
    test_sd: Images | ImageSet,
    uncertainty: UncertaintyParameters,
) -> Figure:
    """Draw what the denoiser says, how sure it is, and how far off it is.

    Args:
        test_clean: Clean test images.
        test_noisy: The same images, noisy.
        test_denoised: The same images, denoised.
        test_sd: The standard deviation of each pixel of them.
        uncertainty: `examples` is read.

    Returns:
        Three rows of images, and two of values on one scale, with a bar.
    """
    clean, noisy, denoised, sd = (
        excerpt(images, uncertainty.examples)
        for images in (test_clean, test_noisy, test_denoised, test_sd)
    )
    values = {"2 sd": np.minimum(2 * sd, 1), "|error|": np.abs(clean - denoised)}
    most = max(float(each.max()) for each in values.values()) or 1.0
    return figures.image_grid(
        {"clean": clean, "noisy": noisy, "denoised": denoised, **values},
        "What the denoiser says, how sure it is, and how far off it is",
        most=dict.fromkeys(values, most),
    )
