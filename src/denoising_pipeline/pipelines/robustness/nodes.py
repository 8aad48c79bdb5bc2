"""Scores of images that are unlike those of the training, and whether the denoiser can tell."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from denoising_pipeline import figures
from denoising_pipeline.baselines import Known, NotApplicableError, calibrate, fit
from denoising_pipeline.baselines.options import RobustnessParameters
from denoising_pipeline.degradations import DEGRADATIONS, level_in_words
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.evaluation.metrics import METRICS
from denoising_pipeline.evaluation.ood import OodDetector, auc_interval, residual_features
from denoising_pipeline.evaluation.options import EvaluationParameters
from denoising_pipeline.evaluation.shifts import (
    DENOISERS,
    SHIFT,
    Shift,
    Sources,
    every_shift,
    source_images,
    summarize_shifts,
)
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.needs import check_drawn
from denoising_pipeline.images.sets import ImageSet, first_of, of_one_size

LEVELS = {name: level_in_words(name) for name in DEGRADATIONS}
"""What the level of each degradation is."""


def calibrate_ood(
    denoiser: Denoiser, val_noisy: Images | ImageSet, robustness: RobustnessParameters
) -> dict[str, Any]:
    """Learn what the denoiser takes away from noisy validation images.

    Args:
        denoiser: The trained denoiser.
        val_noisy: M noisy validation images.
        robustness: `images` is read.

    Returns:
        The fields of `OodDetector`.

    Raises:
        ValueError: There are too few images, or they differ in size.
    """
    noisy = of_one_size(val_noisy, robustness.images)
    return OodDetector.learn(residual_features(noisy, denoiser(noisy))).model_dump(mode="json")


def calibrate_classical(
    denoiser: Denoiser,
    train_clean: Images | ImageSet,
    val_noisy: Images | ImageSet,
    val_clean: Images | ImageSet,
    robustness: RobustnessParameters,
) -> dict[str, Any]:
    """Choose the hyperparameters of the classical denoiser on validation images.

    It is calibrated for the noise of the training and then held, as the trained one is.

    Args:
        denoiser: The trained denoiser: its card says which noise.
        train_clean: What baselines may learn from.
        val_noisy: M noisy validation images.
        val_clean: The clean images of `val_noisy`.
        robustness: `classical` and `images` are read.

    Returns:
        `denoiser`, its name, and `hyperparameters`, value by name.

    Raises:
        ValueError: There is no such denoiser for this noise, or it was recorded, or the images
            differ in size.
    """
    check_drawn(denoiser.card.images.source, denoiser.card.noise.drawn)
    known = Known(train_clean, denoiser.card.noise, denoiser.card.seed)
    noisy, clean = (of_one_size(images, robustness.images) for images in (val_noisy, val_clean))
    try:
        chosen = calibrate(robustness.classical, known, noisy, clean)
    except NotApplicableError as error:
        raise ValueError(
            f"robustness.classical: {robustness.classical!r}: {error}. Name another one, such as "
            "median filter + tone."
        ) from None
    return {"denoiser": chosen.name, "hyperparameters": dict(chosen.hyperparameters)}


def score_shifts(
    denoiser: Denoiser,
    ood_detector: dict[str, Any],
    classical_calibration: dict[str, Any],
    train_clean: Images | ImageSet,
    val_noisy: Images | ImageSet,
    val_clean: Images | ImageSet,
    test_clean: Images | ImageSet,
    sources: Sources,
    evaluation: EvaluationParameters,
    robustness: RobustnessParameters,
) -> pd.DataFrame:
    """Score the first test images under every noise model, degradation and source.

    Args:
        denoiser: The trained denoiser: its card says which noise is that of the training.
        ood_detector: The fields of `OodDetector`.
        classical_calibration: What `calibrate_classical` chose.
        train_clean: What the classical denoiser may learn from.
        val_noisy: M noisy validation images.
        val_clean: The clean images of `val_noisy`.
        test_clean: N clean test images.
        sources: Opens a source by its folder in data/01_raw.
        evaluation: `metrics` is read.
        robustness: All but `classical` is read.

    Returns:
        A row per shift and image: `kind` (noise, degradation, degradation and noise, source),
        `name`, `level` and `trained` of the shift, that of the training included; `index` of the
        image; each metric of the trained denoiser, with `classical_` and `noisy_` (doing nothing)
        before the same; `ood_score`, the score of `OodDetector`.

    Raises:
        ValueError: `robustness.other_source` is not there or its images do not fit.
    """
    card, first = denoiser.card, robustness.images
    clean_images = first_of(test_clean, first)
    names, shape = filter(None, [robustness.other_source]), ImageSet.of(clean_images).shape(0)
    others = {name: source_images(sources(name), shape, first) for name in names}
    classical = fit(
        classical_calibration["denoiser"],
        classical_calibration["hyperparameters"],
        Known(train_clean, card.noise, card.seed),
        of_one_size(val_noisy, first),
        of_one_size(val_clean, first),
    )
    detector = OodDetector.model_validate(ood_detector)
    tables = []
    for shift, clean, noisy in _shifts(denoiser, clean_images, robustness, others):
        denoised = denoiser(noisy)
        scores: dict[str, Any] = {**shift._asdict(), "index": np.arange(len(clean))}
        batches = (denoised, classical.denoise(noisy), noisy)
        for prefix, images in zip(DENOISERS.values(), batches, strict=True):
            scores |= {
                f"{prefix}{name}": METRICS[name](clean, images) for name in evaluation.metrics
            }
        scores["ood_score"] = detector.score(residual_features(noisy, denoised))
        tables.append(pd.DataFrame(scores))
    return pd.concat(tables, ignore_index=True)


def _shifts(
    denoiser: Denoiser,
    clean: Images | ImageSet,
    robustness: RobustnessParameters,
    others: Mapping[str, Images] = MappingProxyType({}),
) -> Iterator[tuple[Shift, Images, Images]]:
    options = robustness.model_dump(include={"noises", "levels", "degradations", "severities"})
    return every_shift(clean, others, denoiser.card.noise, denoiser.card.seed, **options)


def summarize_noise_sweeps(
    shift_scores: pd.DataFrame, evaluation: EvaluationParameters
) -> pd.DataFrame:
    """Sum up the scores under each noise model and level.

    Args:
        shift_scores: The table of `score_shifts`.
        evaluation: `confidence` is read.

    Returns:
        A row per `noise`, `level` and `denoiser` (trained, classical, nothing): `trained`, whether
        it is the noise of the training; `n_images`; mean and interval bounds of each score.
    """
    rows = shift_scores[shift_scores["kind"] == "noise"]
    table = summarize_shifts(rows, evaluation.confidence).drop(columns="kind")
    return table.rename(columns={"name": "noise"})


def summarize_degradations(
    shift_scores: pd.DataFrame, evaluation: EvaluationParameters
) -> pd.DataFrame:
    """Sum up the scores under each degradation; see `summarize_noise_sweeps`.

    The columns are `degradation`, `severity` and `with_noise`, whether the noise of the training
    came on top, in place of `noise`, `level` and `trained`.
    """
    kinds = shift_scores["kind"].isin(["degradation", "degradation and noise"])
    table = summarize_shifts(shift_scores[kinds], evaluation.confidence).drop(columns="trained")
    table["kind"] = table["kind"] == "degradation and noise"
    columns = {"kind": "with_noise", "name": "degradation", "level": "severity"}
    return table.rename(columns=columns).sort_values("with_noise", kind="stable")


def summarize_sources(
    shift_scores: pd.DataFrame, denoiser: Denoiser, evaluation: EvaluationParameters
) -> pd.DataFrame:
    """Sum up the scores on the source of the training and on the other one, if there is one.

    The columns are those of `summarize_noise_sweeps` with `source` in place of `noise` and `level`;
    the noise is that of the training.
    """
    own = shift_scores[shift_scores["trained"]].assign(name=denoiser.card.images.source)
    rows = pd.concat([own, shift_scores[shift_scores["kind"] == "source"]])
    table = summarize_shifts(rows, evaluation.confidence).drop(columns=["kind", "level"])
    return table.rename(columns={"name": "source"})


def measure_ood(
    shift_scores: pd.DataFrame,
    ood_detector: dict[str, Any],
    evaluation: EvaluationParameters,
    seed: int,
) -> pd.DataFrame:
    """Measure how well each shift is told from the noisy test images.

    Args:
        shift_scores: The table of `score_shifts`.
        ood_detector: The fields of `OodDetector`.
        evaluation: `confidence` is read.
        seed: Root seed of the bootstrap.

    Returns:
        A row per shift: `auc` with its interval; `flagged`, the share of images over the
        threshold, which is the rate of false alarms where `trained` is true; `n_images`.
    """
    threshold = ood_detector["threshold"]
    known = shift_scores.loc[shift_scores["trained"], "ood_score"].to_numpy()
    rows = []
    for shift, group in shift_scores.groupby(SHIFT, sort=False):
        scores = group["ood_score"].to_numpy()
        area = auc_interval(known, scores, seed=seed, confidence=evaluation.confidence)
        row = dict(zip([*SHIFT, "auc", "auc_ci_low", "auc_ci_high"], [*shift, *area], strict=True))
        rows.append(row | {"flagged": np.mean(scores > threshold), "n_images": len(group)})
    return pd.DataFrame(rows)


def draw_degradation_examples(
    denoiser: Denoiser, test_clean: Images | ImageSet, robustness: RobustnessParameters
) -> Figure:
    """Draw what each degradation does to the first test image, and what the denoiser does then.

    The highest of `robustness.severities` is shown; arguments are those of `score_shifts`.
    """
    severity, first = max(robustness.severities), first_of(test_clean, 1)
    shown = robustness.model_copy(update={"noises": [], "levels": [], "severities": [severity]})
    shifts = list(_shifts(denoiser, first, shown))
    names = [shift.name for shift, *_ in shifts if shift.kind == "degradation"]
    degraded, noisy = (
        np.concatenate([given for shift, _, given in shifts if shift.kind == kind])
        for kind in ("degradation", "degradation and noise")
    )
    clean, denoised = np.repeat(of_one_size(first), len(names), 0), denoiser(noisy)
    stages = {
        "clean": clean,
        "degraded": degraded,
        "denoised": denoiser(degraded),
        "degraded\nand noisy": noisy,
        "denoised\nfrom that": denoised,
    }
    psnr = zip(METRICS["psnr"](clean, noisy), METRICS["psnr"](clean, denoised), strict=True)
    noise = denoiser.card.noise.describe()
    title = f"Degradations at severity {severity:g}, without noise and with {noise}"
    return figures.degradation_examples(stages, dict(zip(names, psnr, strict=True)), title)


def draw_noise_sweeps(noise_sweeps: pd.DataFrame, classical_calibration: dict[str, Any]) -> Figure:
    """Draw PSNR over the noise level; of `classical_calibration` the name is read."""
    classical = f"{classical_calibration['denoiser']} (classical)"
    return figures.noise_sweeps(noise_sweeps, LEVELS, classical)


def draw_ood_curves(ood_roc: pd.DataFrame) -> Figure:
    """Draw how well each shift is told, over its level."""
    return figures.ood_areas(ood_roc, LEVELS)
