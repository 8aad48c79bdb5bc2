"""Scores of images that are unlike those of the training, and whether the denoiser can tell."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from denoising_pipeline import figures
from denoising_pipeline.baselines import Known, calibrate
from denoising_pipeline.baselines.options import RobustnessParameters
from denoising_pipeline.degradations import NoiseInjectionParameters
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.evaluation.metrics import METRICS, mean_intervals
from denoising_pipeline.evaluation.ood import OodDetector, auc_interval, residual_features, roc
from denoising_pipeline.evaluation.options import EvaluationParameters
from denoising_pipeline.evaluation.shifts import Shift, Sources, every_shift, source_images
from denoising_pipeline.images.arrays import Images, Values

DENOISERS = {"trained": "", "classical": "classical_", "nothing": "noisy_"}
"""Prefix of its scores by denoiser."""

SCORES = ("psnr", "ssim")

PANELS = {
    "noise": "other noise",
    "corruption": "corruption in place of noise",
    "corruption and noise": "corruption under the noise of the training",
    "source": "other source under the noise of the training",
}
"""Title of each kind of shift."""

SHIFT = [*Shift._fields]
"""Columns that say how images differ from those of the training."""


def calibrate_ood(
    denoiser: Denoiser, val_noisy: Images, robustness: RobustnessParameters
) -> dict[str, Any]:
    """Learn what the denoiser takes away from noisy validation images.

    Args:
        denoiser: The trained denoiser.
        val_noisy: float32 (M, H, W, C) in [0, 1].
        robustness: `images` is read.

    Returns:
        The fields of `OodDetector`.
    """
    noisy = val_noisy[: robustness.images]
    return OodDetector.learn(residual_features(noisy, denoiser(noisy))).model_dump(mode="json")


def score_shifts(
    denoiser: Denoiser,
    ood_detector: dict[str, Any],
    train_clean: Images,
    val_noisy: Images,
    val_clean: Images,
    test_clean: Images,
    sources: Sources,
    noise_injection: NoiseInjectionParameters,
    robustness: RobustnessParameters,
    seed: int,
) -> pd.DataFrame:
    """Score the first test images under every noise model, corruption and source.

    The classical denoiser is calibrated on validation images with the noise of the training and
    then held, as the trained one is.

    Args:
        denoiser: The trained denoiser.
        ood_detector: The fields of `OodDetector`.
        train_clean: float32 (K, H, W, C) in [0, 1]; baselines may learn from it.
        val_noisy: float32 (M, H, W, C) in [0, 1].
        val_clean: The clean images of `val_noisy`.
        test_clean: float32 (N, H, W, C) in [0, 1].
        sources: Function that loads a raw file by its path in data/01_raw.
        noise_injection: The noise model of the training.
        robustness: All of it is read.
        seed: Root seed.

    Returns:
        A row per shift and image: `kind` (noise, corruption, corruption and noise, source),
        `name`, `level` and `trained` of the shift, that of the training included; `index` of the
        image; `psnr` and `ssim` of the trained denoiser, `classical_` and `noisy_` (doing nothing)
        before the same; `ood_score`, the score of `OodDetector`.

    Raises:
        ValueError: `robustness.other_source` is not there or its images do not fit.
    """
    first, noise = slice(robustness.images), noise_injection.root
    names = filter(None, [robustness.other_source])
    others = {name: source_images(sources, name)[first] for name in names}
    known = Known(train_clean, noise, seed)
    classical = calibrate(robustness.classical, known, val_noisy[first], val_clean[first])
    inside = OodDetector.model_validate(ood_detector)
    grid = robustness.levels, robustness.severities
    tables = []
    for shift, clean, noisy in every_shift(test_clean[first], others, noise, *grid, seed):
        denoised = denoiser(noisy)
        scores: dict[str, Any] = {**shift._asdict(), "index": np.arange(len(clean))}
        batches = (denoised, classical.denoise(noisy), noisy)
        for prefix, images in zip(DENOISERS.values(), batches, strict=True):
            scores |= {f"{prefix}{name}": METRICS[name](clean, images) for name in SCORES}
        scores["ood_score"] = inside.score(residual_features(noisy, denoised))
        tables.append(pd.DataFrame(scores))
    return pd.concat(tables, ignore_index=True)


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
    table = _summarize(rows, evaluation.confidence).drop(columns="kind")
    return table.rename(columns={"name": "noise"})


def summarize_corruptions(
    shift_scores: pd.DataFrame, evaluation: EvaluationParameters
) -> pd.DataFrame:
    """Sum up the scores under each corruption; see `summarize_noise_sweeps`.

    The columns are `corruption`, `severity` and `with_noise`, whether the noise of the training
    came on top, in place of `noise`, `level` and `trained`.
    """
    rows = shift_scores[shift_scores["kind"].isin(["corruption", "corruption and noise"])]
    table = _summarize(rows, evaluation.confidence).drop(columns="trained")
    table["kind"] = table["kind"] == "corruption and noise"
    columns = {"kind": "with_noise", "name": "corruption", "level": "severity"}
    return table.rename(columns=columns).sort_values("with_noise", kind="stable")


def summarize_sources(
    shift_scores: pd.DataFrame, source: str, evaluation: EvaluationParameters
) -> pd.DataFrame:
    """Sum up the scores on the source of the training and on the other one, if there is one.

    The columns are those of `summarize_noise_sweeps` with `source` in place of `noise` and `level`;
    the noise is that of the training.
    """
    own = shift_scores[shift_scores["trained"]].assign(name=source)
    rows = pd.concat([own, shift_scores[shift_scores["kind"] == "source"]])
    table = _summarize(rows, evaluation.confidence).drop(columns=["kind", "level"])
    return table.rename(columns={"name": "source"})


def _summarize(shift_scores: pd.DataFrame, confidence: float) -> pd.DataFrame:
    rows = []
    for shift, group in shift_scores.groupby(SHIFT, sort=False):
        for denoiser, prefix in DENOISERS.items():
            row = dict(zip(SHIFT, shift, strict=True))
            row |= {"denoiser": denoiser, "n_images": len(group)}
            scores = {name: group[f"{prefix}{name}"].to_numpy() for name in SCORES}
            rows.append(row | mean_intervals(scores, confidence))
    return pd.DataFrame(rows)


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
    inside = shift_scores.loc[shift_scores["trained"], "ood_score"].to_numpy()
    rows = []
    for shift, group in shift_scores.groupby(SHIFT, sort=False):
        scores = group["ood_score"].to_numpy()
        area = auc_interval(inside, scores, seed=seed, confidence=evaluation.confidence)
        row = dict(zip([*SHIFT, "auc", "auc_ci_low", "auc_ci_high"], [*shift, *area], strict=True))
        rows.append(row | {"flagged": np.mean(scores > threshold), "n_images": len(group)})
    return pd.DataFrame(rows)


def draw_corruption_examples(
    denoiser: Denoiser,
    test_clean: Images,
    noise_injection: NoiseInjectionParameters,
    robustness: RobustnessParameters,
    seed: int,
) -> Figure:
    """Draw what each corruption does to the first test image, and what the denoiser does then.

    The highest of `robustness.severities` is shown; arguments are those of `score_shifts`.
    """
    severity, noise = max(robustness.severities), noise_injection.root
    shifts = list(every_shift(test_clean[:1], {}, noise, [], [severity], seed))
    names = [shift.name for shift, *_ in shifts if shift.kind == "corruption"]
    corrupted, noisy = (
        np.concatenate([given for shift, _, given in shifts if shift.kind == kind])
        for kind in ("corruption", "corruption and noise")
    )
    clean, denoised = np.repeat(test_clean[:1], len(names), 0), denoiser(noisy)
    stages = {
        "clean": clean,
        "corrupted": corrupted,
        "denoised": denoiser(corrupted),
        "corrupted\nand noisy": noisy,
        "denoised\nfrom that": denoised,
    }
    psnr = zip(METRICS["psnr"](clean, noisy), METRICS["psnr"](clean, denoised), strict=True)
    title = f"Corruptions at severity {severity:g}, without noise and with {noise.describe()}"
    return figures.corruption_examples(stages, dict(zip(names, psnr, strict=True)), title)


def draw_ood_curves(shift_scores: pd.DataFrame) -> Figure:
    """Draw the ROC of each shift at its middle level, and of each level of the own noise."""
    own = shift_scores["trained"]
    inside = shift_scores.loc[own, "ood_score"].to_numpy()
    trained = shift_scores.loc[own, "name"].iloc[0]
    curves: dict[str, dict[str, tuple[Values, Values]]] = {}
    for key, shifts in shift_scores[~own].groupby(["kind", "name"], sort=False):
        kind, name = map(str, key)
        levels = sorted(shifts["level"].unique())
        panel = PANELS[kind]
        if (kind, name) == ("noise", trained):
            panel = f"{trained} noise at another level"
        else:
            levels = [levels[len(levels) // 2]]
        for level in levels:
            scores = shifts.loc[shifts["level"] == level, "ood_score"].to_numpy()
            label = f"{name} {level:g}".replace("_", " ")
            curves.setdefault(panel, {})[label] = roc(inside, scores)
    return figures.ood_curves(curves)
