"""Scores of every test image, and what they come to."""

from typing import Any

import pandas as pd

from denoising_pipeline.arrays import Images
from denoising_pipeline.config import EvaluationParameters
from denoising_pipeline.metrics import METRICS, mean_intervals, pooled_psnr

SCORES = [*METRICS, *(f"noisy_{name}" for name in METRICS)]
"""Columns of scores: each metric, and the same for the noisy image (the score of doing nothing)."""


def score_test_images(
    test_clean: Images, test_noisy: Images, test_denoised: Images, splits: pd.DataFrame
) -> pd.DataFrame:
    """Score every test image with every registered metric.

    Args:
        test_clean: float32 (N, H, W, C) in [0, 1].
        test_noisy: The same images, noisy.
        test_denoised: The same images, denoised.
        splits: `split`, `index` and `label` of every image.

    Returns:
        A row per image: `index`, `label`, each metric of the denoised image under its own name
        and of the noisy image under `noisy_<name>`.
    """
    scores = splits.loc[splits["split"] == "test", ["index", "label"]].reset_index(drop=True)
    for prefix, images in (("", test_denoised), ("noisy_", test_noisy)):
        for name, metric in METRICS.items():
            scores[f"{prefix}{name}"] = metric(test_clean, images)
    return scores


def summarize(image_metrics: pd.DataFrame, evaluation: EvaluationParameters) -> dict[str, Any]:
    """Sum up the scores over images.

    Args:
        image_metrics: The table of `score_test_images`.
        evaluation: `confidence` is read.

    Returns:
        `n_images`, `confidence`; for each score its mean under its own name and the bounds of the
        interval over images under `<name>_ci_low` and `<name>_ci_high`; `psnr_pooled` and
        `noisy_psnr_pooled`, from the mean squared error; `psnr_gain`, mean PSNR over that of the
        noisy images; `psnr_digit_<label>`, mean PSNR of each class.
    """
    summary: dict[str, Any] = {
        "n_images": len(image_metrics),
        "confidence": evaluation.confidence,
        **_means(image_metrics, evaluation.confidence),
    }
    for prefix in ("", "noisy_"):
        summary[f"{prefix}psnr_pooled"] = pooled_psnr(image_metrics[f"{prefix}mse"].to_numpy())
    summary["psnr_gain"] = summary["psnr"] - summary["noisy_psnr"]
    by_label = image_metrics.groupby("label")["psnr"].mean()
    return summary | {f"psnr_digit_{label}": float(mean) for label, mean in by_label.items()}


def summarize_digits(image_metrics: pd.DataFrame, evaluation: EvaluationParameters) -> pd.DataFrame:
    """Sum up the scores of each class.

    Args:
        image_metrics: The table of `score_test_images`.
        evaluation: `confidence` is read.

    Returns:
        A row per label: `label`, `n_images`, and for each score its mean and interval bounds,
        named as in `summarize`.
    """
    rows = [
        {"label": label, "n_images": len(group), **_means(group, evaluation.confidence)}
        for label, group in image_metrics.groupby("label")
    ]
    return pd.DataFrame(rows)


def _means(image_metrics: pd.DataFrame, confidence: float) -> dict[str, float]:
    return mean_intervals({name: image_metrics[name].to_numpy() for name in SCORES}, confidence)
