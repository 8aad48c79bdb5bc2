"""Autoencoders and PCA project test images, and what is lost is measured and drawn."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from denoising_pipeline.core.markdown import markdown_table
from denoising_pipeline.evaluation.metrics import mean_intervals
from denoising_pipeline.evaluation.neighbourhoods import (
    by_distance,
    told_by_neighbours,
    trustworthiness,
)
from denoising_pipeline.evaluation.options import EvaluationParameters
from denoising_pipeline.evaluation.paired import paired_difference
from denoising_pipeline.evaluation.pca import as_rows
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet, of_one_size
from denoising_pipeline.report import side
from denoising_pipeline.report.blocks import Section
from denoising_pipeline.report.projection_map import Map, render_map
from denoising_pipeline.training.options import ProjectionsParameters
from denoising_pipeline.training.projections import AUTOENCODER, LINEAR, PCA, TSNE, projections

MEASURES = {
    "mse": ("reconstruction error (MSE)", ".5f"),
    "trustworthiness": ("trustworthiness", ".4f"),
    "continuity": ("continuity", ".4f"),
    "accuracy": ("accuracy of nearest neighbours", ".4f"),
}
"""What is measured of each image: its name, and how its mean is written."""


def project_images(
    train_clean: Images | ImageSet,
    val_clean: Images | ImageSet,
    test_clean: Images | ImageSet,
    splits: pd.DataFrame,
    options: ProjectionsParameters,
    seed: int,
) -> pd.DataFrame:
    """Train autoencoders, and measure what they, PCA and t-SNE make of each test image.

    Args:
        train_clean: Clean images that are learnt from.
        val_clean: Clean images that choose the weights that are kept.
        test_clean: Clean images that are projected.
        splits: `split` and `index` of every image, and its `label`, where it has one.
        options: How.
        seed: Root seed.

    Returns:
        A row per method, `latent_dim` and image: `index`, `label` (NaN: none), `mse` of the image
        that comes back, `trustworthiness`, `continuity`, `accuracy` (1: its nearest neighbours
        among the test images tell its label, else 0) and, in two dimensions, its place `x`, `y`.
    """
    test = of_one_size(test_clean, options.test_images)
    about = splits[splits["split"] == "test"].head(len(test)).reset_index(drop=True)
    labels = about["label"] if "label" in about else pd.Series(np.nan, about.index)
    original, k = by_distance(as_rows(test)), options.neighbours
    numbers = None if labels.isna().any() else np.asarray(labels, np.int64)
    train, val = of_one_size(train_clean, options.images), of_one_size(val_clean)
    tables = []
    for found in projections(train, val, test, options, seed):
        projected = by_distance(found.codes)
        told = np.nan if numbers is None else 1.0 * told_by_neighbours(projected, numbers, k)
        x, y = found.codes.T if found.latent_dim == 2 else (np.nan, np.nan)  # noqa: PLR2004
        rows = {
            "method": found.method,
            "latent_dim": found.latent_dim,
            "index": about["index"],
            "label": labels,
            "mse": found.mse,
            "trustworthiness": trustworthiness(original, projected, k),
            "continuity": trustworthiness(projected, original, k),
            "accuracy": told,
        }
        tables.append(pd.DataFrame(rows | {"x": x, "y": y}))
    return pd.concat(tables, ignore_index=True)


def summarize_projections(
    projection_rows: pd.DataFrame, evaluation: EvaluationParameters
) -> pd.DataFrame:
    """Sum up what was measured over all test images.

    Args:
        projection_rows: The table of `project_images`.
        evaluation: `confidence` is read.

    Returns:
        A row per `method` and `latent_dim`: `n_images`, and mean and interval bounds of each of
        `MEASURES`; NaN where it does not exist.
    """
    rows = []
    for (method, dim), table in projection_rows.groupby(["method", "latent_dim"], sort=False):
        scores = {name: table[name].to_numpy(np.float64) for name in MEASURES}
        row = {"method": method, "latent_dim": dim, "n_images": len(table)}
        rows.append(row | mean_intervals(scores, evaluation.confidence))
    return pd.DataFrame(rows)


def compare_projections(
    projection_rows: pd.DataFrame, evaluation: EvaluationParameters, seed: int
) -> dict[str, Any]:
    """Say by numbers whether the autoencoder's projections are better than those of PCA.

    Args:
        projection_rows: The table of `project_images`.
        evaluation: `confidence` is read.
        seed: Root seed of the bootstrap.

    Returns:
        For each `latent_dim` and measure `<measure>_<latent_dim>_over_pca`, the paired difference
        (autoencoder less PCA) with `_ci_low` and `_ci_high`; and `linear_mse_<latent_dim>_to_pca`,
        the error of the linear autoencoder divided by PCA's, of which 1 is the least there is on
        the training images.
    """
    found: dict[str, Any] = {"confidence": evaluation.confidence}
    for dim, table in projection_rows.groupby("latent_dim"):
        of_method = {name: rows for name, rows in table.groupby("method") if name != TSNE}
        if not {PCA, AUTOENCODER, LINEAR} <= of_method.keys():
            continue
        for name in (name for name in MEASURES if not of_method[PCA][name].isna().any()):
            deep, pca = (of_method[key][name].to_numpy() for key in (AUTOENCODER, PCA))
            between = paired_difference(deep, pca, seed=seed, confidence=evaluation.confidence)
            key = f"{name}_{dim}_over_pca"
            found |= {
                key: between.mean,
                f"{key}_ci_low": between.low,
                f"{key}_ci_high": between.high,
            }
        ratio = of_method[LINEAR]["mse"].mean() / of_method[PCA]["mse"].mean()
        found[f"linear_mse_{dim}_to_pca"] = float(ratio)
    return found


def write_projection_table(
    projection_scores: pd.DataFrame, projection_summary: dict[str, Any]
) -> str:
    """Write the scores in Markdown, and in a sentence what the autoencoder has over PCA.

    Args:
        projection_scores: The table of `summarize_projections`.
        projection_summary: What `compare_projections` found.
    """
    header = ["method", "values", *(label for label, _ in MEASURES.values())]
    rows = []
    for row in projection_scores.sort_values("latent_dim", kind="stable").to_dict("records"):
        cells = [_with_interval(row, name) for name in MEASURES]
        rows.append([row["method"], row["latent_dim"], *cells])
    return "\n".join(
        [
            f"Means over the first {projection_scores['n_images'].iloc[0]:,} test images, with "
            f"{projection_summary['confidence']:.0%} intervals. t-SNE has seen these images.",
            "",
            markdown_table(header, rows, right=range(1, len(header))),
            "",
            *(f"- {line}" for line in verdicts(projection_summary)),
            "",
        ]
    )


def _with_interval(row: Mapping[Any, Any], name: str) -> str:
    """Return a mean of `summarize_projections` with its interval; nothing where it has none."""
    form = MEASURES[name][1]
    value, low, high = (row[f"{name}{end}"] for end in ("", "_ci_low", "_ci_high"))
    return "" if np.isnan(value) else f"{value:{form}} ({low:{form}} to {high:{form}})"


def verdicts(projection_summary: dict[str, Any]) -> list[str]:
    """Say for each measure where the autoencoder is better than PCA, and where it is worse.

    A difference counts whose interval excludes 0.

    Args:
        projection_summary: What `compare_projections` found.
    """
    lines = []
    for name, (label, _) in MEASURES.items():
        dims: dict[str, list[str]] = {"better": [], "worse": [], "no different": []}
        start, end = f"{name}_", "_over_pca"
        for key in (k for k in projection_summary if k.startswith(start) and k.endswith(end)):
            low, high = (projection_summary[f"{key}{bound}"] for bound in ("_ci_low", "_ci_high"))
            if low <= 0 <= high:
                word = "no different"
            else:
                word = "better" if (low > 0) != (name == "mse") else "worse"
            dims[word].append(key.removeprefix(start).removesuffix(end))
        said = [f"{word} with {', '.join(found)} values" for word, found in dims.items() if found]
        if said:
            lines.append(f"By {label}, the autoencoder is, beside PCA, {'; '.join(said)}.")
    return lines


def draw_map(
    test_clean: Images | ImageSet,
    projection_rows: pd.DataFrame,
    projection_scores: pd.DataFrame,
    projection_summary: dict[str, Any],
) -> str:
    """Write the page with the maps of all methods that have two values.

    Args:
        test_clean: Clean test images.
        projection_rows: The table of `project_images`.
        projection_scores: The table of `summarize_projections`.
        projection_summary: What `compare_projections` found.

    Returns:
        An HTML document.
    """
    plane = projection_rows[projection_rows["latent_dim"] == 2]  # noqa: PLR2004
    scores = projection_scores[projection_scores["latent_dim"] == 2].set_index("method")  # noqa: PLR2004
    of_method = scores.to_dict("index")
    maps = []
    for method in (name for name in (AUTOENCODER, PCA, TSNE) if name in scores.index):
        row = of_method[method]
        facts = [
            f"{label}: {text}"
            for name, (label, _) in MEASURES.items()
            if (text := _with_interval(row, name))
        ]
        places = plane.loc[plane["method"] == method, ["x", "y"]].to_numpy()
        maps.append(Map(method, places, facts))
    first = plane[plane["method"] == TSNE]
    groups = ["images" if np.isnan(label) else f"{label:g}" for label in first["label"]]
    titles = [
        f"#{index}" if group == "images" else f"#{index}, label {group}"
        for index, group in zip(first["index"], groups, strict=True)
    ]
    images = of_one_size(test_clean, len(first))
    return render_map(maps, images, titles, groups, " ".join(verdicts(projection_summary)))


def write_section(
    projection_scores: pd.DataFrame,
    projection_rows: pd.DataFrame,
    projection_summary: dict[str, Any],
) -> Section:
    """Write what the report says of projections; see `report.side.projections`."""
    said = verdicts(projection_summary)
    return side.projections(projection_scores, projection_rows, said, "projection_map.html")
