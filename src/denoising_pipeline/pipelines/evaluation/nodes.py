"""Scores of every test image, and what they come to."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pandas as pd

from denoising_pipeline.degradations import Degradation, NoiseInjectionParameters, draw_noisy
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.evaluation.metrics import METRICS, mean_intervals, pooled_psnr
from denoising_pipeline.evaluation.options import EvaluationParameters
from denoising_pipeline.images.arrays import Images

SCORES = [*METRICS, *(f"noisy_{name}" for name in METRICS)]
"""Columns of scores: each metric, and the same for the noisy image (the score of doing nothing)."""

SWEEP = [step / 5 for step in range(11)]
"""Noise levels that the denoiser is tried at, as multiples of the one it was trained for."""


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
    images = splits.loc[splits["split"] == "test", ["index", "label"]].reset_index(drop=True)
    return images.join(_scores(test_clean, test_noisy, test_denoised))


def summarize(
    image_metrics: pd.DataFrame,
    evaluation: EvaluationParameters,
    source: str,
    noise_injection: NoiseInjectionParameters,
) -> dict[str, Any]:
    """Sum up the scores over images.

    Args:
        image_metrics: The table of `score_test_images`.
        evaluation: `confidence` and `limit` are read.
        source: The raw folder that the images come from.
        noise_injection: The noise model.

    Returns:
        `n_images`, `confidence`; for each score its mean under its own name and the bounds of the
        interval over images under `<name>_ci_low` and `<name>_ci_high`; `psnr_pooled` and
        `noisy_psnr_pooled`, from the mean squared error; `psnr_gain`, mean PSNR over that of the
        noisy images; `psnr_digit_<label>`, mean PSNR of each class; where `limit` is that of this
        source and noise, `limit_psnr` and `limit_distance`, how far below it the score is in dB.
    """
    summary: dict[str, Any] = {
        "n_images": len(image_metrics),
        "confidence": evaluation.confidence,
        **_means(image_metrics, evaluation.confidence),
    }
    for prefix in ("", "noisy_"):
        summary[f"{prefix}psnr_pooled"] = pooled_psnr(image_metrics[f"{prefix}mse"].to_numpy())
    summary["psnr_gain"] = summary["psnr"] - summary["noisy_psnr"]
    limit = evaluation.limit
    if limit and (limit.source, limit.noise) == (source, noise_injection.root.describe()):
        summary |= {"limit_psnr": limit.psnr, "limit_distance": limit.psnr - summary["psnr"]}
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


def sweep_noise(
    test_clean: Images,
    denoiser: Denoiser,
    noise_injection: NoiseInjectionParameters,
    evaluation: EvaluationParameters,
    seed: int,
) -> pd.DataFrame:
    """Score the denoiser at other levels of the noise than the one it was trained for.

    All levels draw the same random numbers, those of `test_noisy`: what differs between them is
    the level, and at the trained one the scores are those of `score_test_images`.

    Args:
        test_clean: float32 (N, H, W, C) in [0, 1]; the first `sweep_images` are read.
        denoiser: What is scored.
        noise_injection: The noise model that it was trained for.
        evaluation: `sweep_images` and `confidence` are read.
        seed: Root seed.

    Returns:
        A row per level from 0 to twice the trained one, as far as the noise model has it: `level`,
        `trained` (whether it is the one trained for), `n_images`, and for each score its mean and
        interval bounds, named as in `summarize`.
    """
    clean, noise = test_clean[: evaluation.sweep_images], noise_injection.root
    trained = getattr(noise, noise.level)
    rows = []
    for noise_at_level in _levels(noise):
        noisy = draw_noisy(clean, noise_at_level, seed=seed, split="test", epoch=0)
        means = _means(_scores(clean, noisy, denoiser(noisy)), evaluation.confidence)
        level = getattr(noise_at_level, noise.level)
        rows.append({"level": level, "trained": level == trained, "n_images": len(clean), **means})
    return pd.DataFrame(rows)


def _levels(noise: Degradation) -> Iterator[Degradation]:
    trained = getattr(noise, noise.level)
    for level in sorted({trained * multiple for multiple in SWEEP}):
        with suppress(ValueError):  # A probability, for one, ends at 1.
            yield noise.at(level)


def _scores(clean: Images, noisy: Images, denoised: Images) -> pd.DataFrame:
    pairs = {"": denoised, "noisy_": noisy}
    return pd.DataFrame(
        {
            f"{prefix}{name}": metric(clean, images)
            for prefix, images in pairs.items()
            for name, metric in METRICS.items()
        }
    )


def _means(image_metrics: pd.DataFrame, confidence: float) -> dict[str, float]:
    return mean_intervals({name: image_metrics[name].to_numpy() for name in SCORES}, confidence)
