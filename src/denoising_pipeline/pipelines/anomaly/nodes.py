"""The reconstruction error as an anomaly score, beside PCA's and the OOD score."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from denoising_pipeline import figures
from denoising_pipeline.core.markdown import markdown_table
from denoising_pipeline.degradations import draw_noisy
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.codes import code_values
from denoising_pipeline.evaluation.metrics import METRICS, share_interval
from denoising_pipeline.evaluation.ood import OodDetector, auc_interval, residual_features, roc
from denoising_pipeline.evaluation.options import AnomalyParameters, EvaluationParameters
from denoising_pipeline.evaluation.pca import as_rows, fit_pca
from denoising_pipeline.evaluation.shifts import Sources, source_images
from denoising_pipeline.images.arrays import Images, Values
from denoising_pipeline.images.sets import ImageSet, of_one_size
from denoising_pipeline.report import side
from denoising_pipeline.report.blocks import Section

SCORES = {
    "denoiser": "reconstruction error of the denoiser",
    "pca": "reconstruction error of PCA",
    "ood": "OOD score of the denoiser",
}
"""What is measured of each image: its column, and its name."""

ENDS = ("", "_ci_low", "_ci_high")
"""What a number and the bounds of its interval end in."""


def score_images(
    denoiser: Denoiser,
    train_clean: Images | ImageSet,
    val_clean: Images | ImageSet,
    val_noisy: Images | ImageSet,
    test_clean: Images | ImageSet,
    test_noisy: Images | ImageSet,
    sources: Sources,
    anomaly: AnomalyParameters,
) -> pd.DataFrame:
    """Score test images and those of another source, clean and with the noise of the training.

    A reconstruction error is the mean squared difference of what comes out from what went in: the
    clean image is not known where the score is used.

    Args:
        denoiser: The trained denoiser: its card says which noise.
        train_clean: Clean images that principal components are learnt from.
        val_clean: Clean images like those of the training, which the OOD score is learnt from.
        val_noisy: The same images, noisy.
        test_clean: Clean test images.
        test_noisy: The same images, noisy.
        sources: Opens a source by its folder in data/01_raw.
        anomaly: Which other source, and so on.

    Returns:
        A row per image: `images` (clean, noisy), `source`, `known` (whether it is that of the
        training), `index`, and the scores, a column for each of `SCORES`.

    Raises:
        ValueError: The other source is not there, its images do not fit, or the denoiser has no
            code and `anomaly.components` does not say how many components there shall be.
    """
    card, first = denoiser.card, anomaly.images
    pca = fit_pca(as_rows(of_one_size(train_clean)), _components(denoiser, anomaly))
    known = {"clean": of_one_size(test_clean, first), "noisy": of_one_size(test_noisy, first)}
    shape = known["clean"].shape[1:]
    clean = source_images(sources(anomaly.other), shape, first, "anomaly.other")
    noisy = draw_noisy(clean, card.noise, seed=card.seed, split="test", epoch=0)
    others = {"clean": clean, "noisy": of_one_size(noisy)}
    learnt_from = {"clean": of_one_size(val_clean), "noisy": of_one_size(val_noisy)}
    tables = []
    for kind, val in learnt_from.items():
        detector = OodDetector.learn(residual_features(val, denoiser(val)))
        for source, images in ((card.images.source, known[kind]), (anomaly.other, others[kind])):
            denoised, rows = denoiser(images), as_rows(images)
            restored = pca.inverse_transform(pca.transform(rows)).astype(np.float32)
            about = {"images": kind, "source": source, "known": images is known[kind]}
            scores = {
                "denoiser": METRICS["mse"](images, denoised),
                "pca": METRICS["mse"](images, restored.reshape(images.shape)),
                "ood": detector.score(residual_features(images, denoised)),
            }
            tables.append(pd.DataFrame({**about, "index": np.arange(len(images)), **scores}))
    return pd.concat(tables, ignore_index=True)


def _components(denoiser: Denoiser, anomaly: AnomalyParameters) -> int:
    try:
        return anomaly.components or code_values(denoiser)
    except ValueError as error:
        raise ValueError(
            f"{error} Or compare it with any other principal components: set anomaly.components "
            "to their number."
        ) from None


def measure_anomalies(
    anomaly_rows: pd.DataFrame, denoiser: Denoiser, evaluation: EvaluationParameters
) -> pd.DataFrame:
    """Measure how well each score tells the images of the other source.

    Args:
        anomaly_rows: The table of `score_images`.
        denoiser: The same denoiser; its card has the seed of the bootstrap.
        evaluation: `confidence` is read.

    Returns:
        A row per kind of `images` and `score`: `auc` with its interval; `detected`, the share of
        the other images over the score that `confidence` of the known ones do not exceed, with
        its interval, given that score; `n_known` and `n_other` images.
    """
    rows = []
    for kind, table in anomaly_rows.groupby("images", sort=False):
        for score in SCORES:
            known, other = _sides(table, score)
            area = auc_interval(
                known,
                other,
                seed=denoiser.card.seed,
                confidence=evaluation.confidence,
            )
            over = int(np.sum(other > np.quantile(known, evaluation.confidence)))
            detected = share_interval(over, len(other), evaluation.confidence)
            named = {
                f"{name}{end}": value
                for name, values in (("auc", area), ("detected", detected))
                for end, value in zip(ENDS, values, strict=True)
            }
            counts = {"n_known": len(known), "n_other": len(other)}
            rows.append({"images": kind, "score": score, **named, **counts})
    return pd.DataFrame(rows)


def _sides(table: pd.DataFrame, score: str) -> tuple[Values, Values]:
    """Return the scores of known and of other images."""
    known, other = (table.loc[table["known"] == side, score].to_numpy() for side in (True, False))
    return known, other


def summarize_anomalies(
    anomaly_scores: pd.DataFrame, evaluation: EvaluationParameters
) -> dict[str, Any]:
    """Return `confidence`, and `auc_<score>_<images>` with its interval, and `detected` likewise.

    Args:
        anomaly_scores: The table of `measure_anomalies`.
        evaluation: `confidence` is read.
    """
    summary: dict[str, Any] = {"confidence": evaluation.confidence}
    for row in anomaly_scores.to_dict("records"):
        about = f"{row['score']}_{row['images']}"
        for name in ("auc", "detected"):
            summary |= {f"{name}_{about}{end}": row[f"{name}{end}"] for end in ENDS}
    return summary


def write_anomaly_table(
    anomaly_scores: pd.DataFrame, anomaly_rows: pd.DataFrame, evaluation: EvaluationParameters
) -> str:
    """Write the areas in Markdown.

    Args:
        anomaly_scores: The table of `measure_anomalies`.
        anomaly_rows: The table of `score_images`.
        evaluation: `confidence` is read.
    """
    own, other = anomaly_rows["source"].unique()
    first = anomaly_scores.iloc[0]
    header, rows = ["images", "score", "area under the ROC", "detected"], []
    for row in anomaly_scores.to_dict("records"):
        area = f"{row['auc']:.4f} ({row['auc_ci_low']:.4f} to {row['auc_ci_high']:.4f})"
        share, low, high = (f"{row[f'detected{end}']:.2%}" for end in ENDS)
        told = f"{share} ({low} to {high})"
        rows.append([row["images"], SCORES[row["score"]], area, told])
    return "\n".join(
        [
            f"{first['n_other']:,} images of {other} told from {first['n_known']:,} test images of "
            f"{own}. 0.5 is guessing; {evaluation.confidence:.0%} intervals over images. Detected: "
            f"at {1 - evaluation.confidence:.0%} false alarms.",
            "",
            markdown_table(header, rows, right=(2, 3)),
            "",
        ]
    )


def draw_anomaly_curves(anomaly_rows: pd.DataFrame) -> Figure:
    """Draw the ROC of each score, for clean and for noisy images.

    Args:
        anomaly_rows: The table of `score_images`.
    """
    own, other = anomaly_rows["source"].unique()
    curves = {
        f"{kind} images": {name: roc(*_sides(table, key)) for key, name in SCORES.items()}
        for kind, table in anomaly_rows.groupby("images", sort=False)
    }
    return figures.ood_curves(curves, f"Images of {other}, told from test images of {own}")


def write_section(anomaly_scores: pd.DataFrame, anomaly_rows: pd.DataFrame) -> Section:
    """Write what the report says of anomalies; see `report.side.anomaly`."""
    return side.anomaly(anomaly_scores, anomaly_rows, SCORES)
