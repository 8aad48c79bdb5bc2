"""Classifiers of digits, what they read in the test images, and what they no longer read."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from denoising_pipeline import figures
from denoising_pipeline.degradations import Degradation, NoiseInjectionParameters
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.evaluation.classifier import Classifier
from denoising_pipeline.evaluation.downstream import confusions, misled, shares
from denoising_pipeline.evaluation.options import EvaluationParameters
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.options import IngestionParameters
from denoising_pipeline.training import train_classifier
from denoising_pipeline.training.options import DownstreamParameters


def train_clean_classifier(
    train_clean: Images,
    val_clean: Images,
    splits: pd.DataFrame,
    ingestion: IngestionParameters,
    downstream: DownstreamParameters,
    seed: int,
) -> Classifier:
    """Train a classifier on clean images.

    Args:
        train_clean: float32 (N, H, W, C) in [0, 1].
        val_clean: float32 (M, H, W, C) in [0, 1].
        splits: `split` and `label` of every image.
        ingestion: `classes` is read.
        downstream: Epochs and so on.
        seed: Root seed.

    Returns:
        The classifier.
    """
    return _trained(
        train_clean, val_clean, splits, Gaussian(sigma=0.0), ingestion, downstream, seed
    )


def train_noisy_classifier(
    train_clean: Images,
    val_noisy: Images,
    splits: pd.DataFrame,
    ingestion: IngestionParameters,
    noise_injection: NoiseInjectionParameters,
    downstream: DownstreamParameters,
    seed: int,
) -> Classifier:
    """Train the same classifier on noisy images, the noise being drawn afresh every epoch.

    Denoising adds no information to an image, so this is what a denoised image is to be measured
    by. Arguments are those of `train_clean_classifier`.
    """
    return _trained(
        train_clean, val_noisy, splits, noise_injection.root, ingestion, downstream, seed
    )


def _trained(
    train_clean: Images,
    val_images: Images,
    splits: pd.DataFrame,
    noise: Degradation,
    ingestion: IngestionParameters,
    downstream: DownstreamParameters,
    seed: int,
) -> Classifier:
    labels = splits.groupby("split")["label"]
    return train_classifier(
        train_clean,
        labels.get_group("train").to_numpy(),
        noise,
        (val_images, labels.get_group("val").to_numpy()),
        downstream,
        ingestion.classes,
        seed,
    )


def classify_test_images(
    clean_classifier: Classifier,
    noisy_classifier: Classifier,
    test_clean: Images,
    test_noisy: Images,
    test_denoised: Images,
    splits: pd.DataFrame,
    downstream: DownstreamParameters,
) -> pd.DataFrame:
    """Read the test images before noise, with noise and after denoising.

    Args:
        clean_classifier: The classifier that was trained on clean images.
        noisy_classifier: The one that was trained on noisy images.
        test_clean: float32 (N, H, W, C) in [0, 1].
        test_noisy: The same images, noisy.
        test_denoised: The same images, denoised.
        splits: `split`, `index` and `label` of every image.
        downstream: `confident` is read.

    Returns:
        A row per image: `index`, `label`, for each of `downstream.VIEWS` `<view>_prediction` and
        `<view>_confidence`, and `hallucinated`: the classifier is right on the clean image and
        sees another digit in the denoised one, with a confidence of `confident` or more.
    """
    predictions = splits.loc[splits["split"] == "test", ["index", "label"]].reset_index(drop=True)
    read = {
        "clean": (clean_classifier, test_clean),
        "noisy": (clean_classifier, test_noisy),
        "denoised": (clean_classifier, test_denoised),
        "direct": (noisy_classifier, test_noisy),
    }
    for view, (classifier, images) in read.items():
        predictions[f"{view}_prediction"], predictions[f"{view}_confidence"] = classifier(images)
    predictions["hallucinated"] = misled(predictions, "denoised", downstream.confident)
    return predictions


def summarize_downstream(
    predictions: pd.DataFrame, evaluation: EvaluationParameters, downstream: DownstreamParameters
) -> dict[str, Any]:
    """Sum up what was read over all images.

    Args:
        predictions: The table of `classify_test_images`.
        evaluation: `confidence` is read.
        downstream: `confident` is read.

    Returns:
        `confidence`, of the intervals, and the numbers of `downstream.shares`.
    """
    return {
        "confidence": evaluation.confidence,
        **shares(predictions, downstream.confident, evaluation.confidence),
    }


def summarize_digits(
    predictions: pd.DataFrame, evaluation: EvaluationParameters, downstream: DownstreamParameters
) -> pd.DataFrame:
    """Sum up what was read of each class: `label`, and the numbers of `downstream.shares`."""
    rows = [
        {"label": label, **shares(group, downstream.confident, evaluation.confidence)}
        for label, group in predictions.groupby("label")
    ]
    return pd.DataFrame(rows)


def count_confusions(predictions: pd.DataFrame, downstream: DownstreamParameters) -> pd.DataFrame:
    """Count what the images that are read rightly when clean are taken for otherwise.

    Args:
        predictions: The table of `classify_test_images`.
        downstream: `confident` is read.

    Returns:
        The table of `downstream.confusions`: the confusion that denoising introduces is the rows of
        the view `denoised` whose label and prediction differ.
    """
    return confusions(predictions, downstream.confident)


def draw_worst_hallucinations(
    test_clean: Images,
    test_noisy: Images,
    test_denoised: Images,
    predictions: pd.DataFrame,
    downstream: DownstreamParameters,
) -> Figure:
    """Draw the hallucinations in which the classifier is most confident.

    Args:
        test_clean: float32 (N, H, W, C) in [0, 1].
        test_noisy: The same images, noisy.
        test_denoised: The same images, denoised.
        predictions: The table of `classify_test_images`.
        downstream: `worst` is read.

    Returns:
        Clean, noisy and denoised images; without any hallucination, a title that says so.
    """
    found = predictions[predictions["hallucinated"]]
    worst = found.sort_values("denoised_confidence", ascending=False, kind="stable")
    worst = worst.head(downstream.worst)
    share = f"{len(found):,} of {len(predictions):,} test images"
    if worst.empty:
        return figures.message(f"No hallucinations ({share})")
    positions = worst.index.to_numpy()
    stages = {"clean": test_clean, "noisy": test_noisy, "denoised": test_denoised}
    return figures.image_grid(
        {name: np.asarray(images[positions]) for name, images in stages.items()},
        f"Worst hallucinations ({share}): read rightly when clean, wrongly when denoised",
        headers=[f"#{index}" for index in worst["index"]],
        captions=[
            f"{row.label} → {row.denoised_prediction} ({row.denoised_confidence:.1%})"
            for row in worst.itertuples()
        ],
    )
