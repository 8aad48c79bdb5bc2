"""Codes of images, and what simple classifiers find in them, in PCA and in pixels."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from denoising_pipeline import figures
from denoising_pipeline.core.markdown import markdown_table
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.codes import encode
from denoising_pipeline.evaluation.options import EvaluationParameters, FeaturesParameters
from denoising_pipeline.evaluation.pca import as_rows, fit_pca
from denoising_pipeline.evaluation.probes import COLUMNS, Features, probe
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet, first_of, of_one_size

CODE = r"^code_\d+$"
"""Columns of the code."""

NO_LABELS = "The images have no labels: they are encoded, and no probe is fitted."

NOTE = (
    "The probes learn from clean training images, so many of which are labelled, and classify "
    "{images:,} test images; {confidence:.0%} intervals over test images. The regularization of "
    "the linear probe is chosen on validation images, with all of their labels. Bold: no other "
    "features are better on these images with so many labels and this probe."
)


def encode_images(
    denoiser: Denoiser,
    train_clean: Images | ImageSet,
    test_clean: Images | ImageSet,
    splits: pd.DataFrame,
    features: FeaturesParameters,
) -> pd.DataFrame:
    """Encode clean training and test images.

    Args:
        denoiser: One with a code of fixed size; see `codes.encode`.
        train_clean: Clean training images.
        test_clean: Clean test images.
        splits: `split` and `index` of every image, and its `label` and `name`, where it has any.
        features: `images` is read.

    Returns:
        A row per image: the columns of `splits`, and `code_0` and so on, float32.

    Raises:
        ValueError: The denoiser has no code of fixed size, or does not take clean images.
    """
    tables = []
    for split, images in (("train", first_of(train_clean, features.images)), ("test", test_clean)):
        codes = encode(denoiser, images)
        about = splits[splits["split"] == split].head(len(codes)).reset_index(drop=True)
        names = [f"code_{number}" for number in range(codes.shape[1])]
        tables.append(pd.concat([about, pd.DataFrame(codes, columns=names)], axis=1))
    return pd.concat(tables, ignore_index=True)


def probe_features(
    features: pd.DataFrame,
    denoiser: Denoiser,
    train_clean: Images | ImageSet,
    val_clean: Images | ImageSet,
    test_clean: Images | ImageSet,
    test_noisy: Images | ImageSet,
    test_denoised: Images | ImageSet,
    splits: pd.DataFrame,
    options: FeaturesParameters,
    evaluation: EvaluationParameters,
) -> pd.DataFrame:
    """Classify test images by codes, by as many principal components, and by pixels.

    Args:
        features: The table of `encode_images`.
        denoiser: The same denoiser; its card has the seed.
        train_clean: Clean training images, which principal components and probes learn from.
        val_clean: Clean validation images, which choose the regularization of the linear probe.
        test_clean: Clean test images.
        test_noisy: The same images, noisy.
        test_denoised: The same images, denoised.
        splits: `split` and `label` of every image.
        options: How it is done.
        evaluation: `confidence` is read.

    Returns:
        The table of `probes.probe`; without a row, where the images have no labels.

    Raises:
        ValueError: Noisy images have other channels than clean ones.
    """
    if "label" not in splits or splits["label"].isna().any():
        return pd.DataFrame(columns=COLUMNS)
    train = of_one_size(train_clean, options.images)
    stages = {"clean": test_clean, "noisy": test_noisy, "denoised": test_denoised}
    val, test = of_one_size(val_clean), {name: of_one_size(given) for name, given in stages.items()}
    found = features.filter(regex=CODE).to_numpy(np.float32)
    pca = fit_pca(as_rows(train), found.shape[1])
    ways = {
        "code": Features(
            found[: len(train)],
            encode(denoiser, val),
            {name: encode(denoiser, images) for name, images in test.items()},
        ),
        "PCA": _features(lambda images: pca.transform(as_rows(images)), train, val, test),
        "pixels": _features(as_rows, train, val, test),
    }
    of_split = splits.groupby("split")["label"]
    labels = {name: of_split.get_group(name).to_numpy() for name in ("train", "val", "test")}
    labels["train"] = labels["train"][: len(train)]
    return probe(
        ways,
        labels,
        options.labels,
        options.neighbours,
        options.regularization,
        evaluation.confidence,
        denoiser.card.seed,
    )


def _features(way: Any, train: Images, val: Images, test: dict[str, Images]) -> Features:
    return Features(way(train), way(val), {name: way(images) for name, images in test.items()})


def summarize_features(
    features: pd.DataFrame, feature_scores: pd.DataFrame, evaluation: EvaluationParameters
) -> dict[str, Any]:
    """Sum up the codes, and the accuracies with the most labels.

    Args:
        features: The table of `encode_images`.
        feature_scores: The table of `probe_features`.
        evaluation: `confidence` is read.

    Returns:
        `code_values`, of each image; `n_encoded` images; and, of images with labels, `confidence`
        of the intervals, `n_labels` and `accuracy_<features>_<probe>_<images>` with `_ci_low` and
        `_ci_high`; else `note`.
    """
    values = features.filter(regex=CODE).shape[1]
    summary: dict[str, Any] = {"code_values": values, "n_encoded": len(features)}
    if feature_scores.empty:
        return summary | {"note": NO_LABELS}
    most = int(feature_scores["labels"].max())
    summary |= {"confidence": evaluation.confidence, "n_labels": most}
    for row in feature_scores[feature_scores["labels"] == most].to_dict("records"):
        about = f"{row['features']}_{row['probe']}_{row['images']}".replace("-", "").lower()
        for end in ("", "_ci_low", "_ci_high"):
            summary[f"accuracy_{about}{end}"] = row[f"accuracy{end}"]
    return summary


def write_feature_table(feature_scores: pd.DataFrame, evaluation: EvaluationParameters) -> str:
    """Write the accuracies in Markdown: a column for each way of describing images.

    Args:
        feature_scores: The table of `probe_features`.
        evaluation: `confidence` is read.
    """
    if feature_scores.empty:
        return f"{NO_LABELS}\n"
    values = feature_scores.groupby("features", sort=False)["values"].first()
    head = ["probe", "labels", "images", *(f"{name} ({count})" for name, count in values.items())]
    lines = []
    for key, rows in feature_scores.groupby(["probe", "labels", "images"], sort=False):
        best = rows["accuracy"].max()
        cells = []
        for row in rows.itertuples():
            text = f"{row.accuracy:.2%}"
            shown = f"**{text}**" if row.accuracy == best else text
            cells.append(f"{shown} ({row.accuracy_ci_low:.2%} to {row.accuracy_ci_high:.2%})")
        kind, labels, images = key
        lines.append([kind, f"{labels:,}", images, *cells])
    note = NOTE.format(images=feature_scores["n_images"].iloc[0], confidence=evaluation.confidence)
    table = markdown_table(head, lines, right=(1, *range(3, len(head))))
    return f"{note}\n\n{table}\n"


def draw_features(feature_scores: pd.DataFrame) -> Figure:
    """Draw the accuracies over the number of labels, or say that there are none.

    Args:
        feature_scores: The table of `probe_features`.
    """
    if feature_scores.empty:
        return figures.message(NO_LABELS)
    return figures.feature_accuracies(feature_scores)
