"""Classifiers of digits, what they take the test images for, and where denoising misleads them."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from denoising_pipeline import figures
from denoising_pipeline.degradations import Degradation
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.evaluation.classifier import Classifier
from denoising_pipeline.evaluation.downstream import confusions, misled, shares
from denoising_pipeline.evaluation.options import EvaluationParameters
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.needs import check_one_size
from denoising_pipeline.images.options import IngestionParameters
from denoising_pipeline.images.sets import ImageSet, of_one_size
from denoising_pipeline.training import train_classifier
from denoising_pipeline.training.options import DownstreamParameters

NONE_CORRECT = "No test image is classified correctly when clean"


def check_images(source_manifest: dict[str, Any], image_table: pd.DataFrame) -> None:
    """Check, before any network is trained, that this pipeline can work on the images.

    Args:
        source_manifest: The record of the source.
        image_table: `label` of every image.

    Raises:
        ValueError: They have no labels, or differ in size.
    """
    _require_labels(image_table)
    check_one_size(source_manifest)


def train_clean_classifier(
    train_clean: Images | ImageSet,
    val_clean: Images | ImageSet,
    splits: pd.DataFrame,
    ingestion: IngestionParameters,
    downstream: DownstreamParameters,
    seed: int,
) -> Classifier:
    """Train a classifier on clean images.

    Args:
        train_clean: Clean images of one size.
        val_clean: Clean validation images.
        splits: `split` and `label` of every image.
        ingestion: `classes` is read.
        downstream: Epochs and so on.
        seed: Root seed.

    Returns:
        The classifier.

    Raises:
        ValueError: The images have no labels, or differ in size.
    """
    none = Gaussian(sigma=0.0)
    return _trained(train_clean, val_clean, splits, none, ingestion, downstream, seed)


def train_noisy_classifier(
    train_clean: Images | ImageSet,
    val_noisy: Images | ImageSet,
    splits: pd.DataFrame,
    ingestion: IngestionParameters,
    denoiser: Denoiser,
    downstream: DownstreamParameters,
    seed: int,
) -> Classifier:
    """Train the same classifier on noisy images, the noise being drawn afresh every epoch.

    Denoising adds no information to an image, so this is what a denoised image is to be measured
    by. Arguments are those of `train_clean_classifier`; the noise is that of the denoiser's card.
    """
    noise = denoiser.card.noise
    return _trained(train_clean, val_noisy, splits, noise, ingestion, downstream, seed)


def _trained(
    train_clean: Images | ImageSet,
    val_images: Images | ImageSet,
    splits: pd.DataFrame,
    noise: Degradation,
    ingestion: IngestionParameters,
    downstream: DownstreamParameters,
    seed: int,
) -> Classifier:
    _require_labels(splits)
    val = of_one_size(val_images)
    labels = splits.groupby("split")["label"]
    return train_classifier(
        train_clean,
        labels.get_group("train").to_numpy(),
        noise,
        (val, labels.get_group("val").to_numpy()),
        downstream,
        ingestion.classes,
        seed,
    )


def _require_labels(images: pd.DataFrame) -> None:
    if "label" not in images or images["label"].isna().any():
        raise ValueError(
            "The downstream pipeline trains classifiers, and these images have no labels. Use a "
            "source with labels (four IDX files), or leave the pipeline out."
        )


def classify_test_images(
    clean_classifier: Classifier,
    noisy_classifier: Classifier,
    test_clean: Images | ImageSet,
    test_noisy: Images | ImageSet,
    test_denoised: Images | ImageSet,
    splits: pd.DataFrame,
    downstream: DownstreamParameters,
) -> pd.DataFrame:
    """Classify the test images before noise, with noise and after denoising.

    Args:
        clean_classifier: The classifier that was trained on clean images.
        noisy_classifier: The one that was trained on noisy images.
        test_clean: Clean test images.
        test_noisy: The same images, noisy.
        test_denoised: The same images, denoised.
        splits: `split`, `index` and `label` of every image.
        downstream: `confident` is read.

    Returns:
        A row per image: `index`, `label`, for each of `downstream.VIEWS` `<view>_prediction` and
        `<view>_confidence`, and `hallucinated`: the classifier is correct on the clean image
        and sees another digit in the denoised one, with a confidence of `confident` or more.
    """
    predictions = splits.loc[splits["split"] == "test", ["index", "label"]].reset_index(drop=True)
    views = {
        "clean": (clean_classifier, test_clean),
        "noisy": (clean_classifier, test_noisy),
        "denoised": (clean_classifier, test_denoised),
        "direct": (noisy_classifier, test_noisy),
    }
    for view, (classifier, images) in views.items():
        found = classifier(of_one_size(images))
        predictions[f"{view}_prediction"], predictions[f"{view}_confidence"] = found
    predictions["hallucinated"] = misled(predictions, "denoised", downstream.confident)
    return predictions


def summarize_downstream(
    predictions: pd.DataFrame, evaluation: EvaluationParameters, downstream: DownstreamParameters
) -> dict[str, Any]:
    """Sum up the predictions over all images.

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
    """Sum up the predictions of each class: `label`, and the numbers of `downstream.shares`."""
    rows = [
        {"label": label, **shares(group, downstream.confident, evaluation.confidence)}
        for label, group in predictions.groupby("label")
    ]
    return pd.DataFrame(rows)


def count_confusions(predictions: pd.DataFrame, downstream: DownstreamParameters) -> pd.DataFrame:
    """Count what the images that are classified correctly when clean are taken for otherwise.

    Args:
        predictions: The table of `classify_test_images`.
        downstream: `confident` is read.

    Returns:
        The table of `downstream.confusions`: the confusion that denoising introduces is the rows of
        the view `denoised` whose label and prediction differ.
    """
    return confusions(predictions, downstream.confident)


def draw_confusions(confusions: pd.DataFrame) -> Figure:
    """Draw the confusions, or say that there are none to draw.

    Args:
        confusions: The table of `count_confusions`.
    """
    if confusions.empty:
        return figures.message(f"{NONE_CORRECT}: no confusions to be seen")
    return figures.confusion_matrices(confusions)


def draw_worst_hallucinations(
    test_clean: Images | ImageSet,
    test_noisy: Images | ImageSet,
    test_denoised: Images | ImageSet,
    predictions: pd.DataFrame,
    downstream: DownstreamParameters,
) -> Figure:
    """Draw the hallucinations in which the classifier is most confident.

    Args:
        test_clean: Clean test images.
        test_noisy: The same images, noisy.
        test_denoised: The same images, denoised.
        predictions: The table of `classify_test_images`.
        downstream: `worst` is read.

    Returns:
        Clean, noisy and denoised images; without any hallucination, or any image that is correct
        when clean, a title that says so.
    """
    if not (predictions["clean_prediction"] == predictions["label"]).any():
        return figures.message(f"{NONE_CORRECT}: no hallucinations to be seen")
    found = predictions[predictions["hallucinated"]]
    worst = found.sort_values("denoised_confidence", ascending=False, kind="stable")
    worst = worst.head(downstream.worst)
    share = f"{len(found):,} of {len(predictions):,} test images"
    if worst.empty:
        return figures.message(f"No hallucinations ({share})")
    positions = worst.index.to_numpy()
    stages = {"clean": test_clean, "noisy": test_noisy, "denoised": test_denoised}
    return figures.image_grid(
        {name: ImageSet.of(images).take(positions).as_array() for name, images in stages.items()},
        f"Worst hallucinations ({share}): correct when clean, wrong when denoised",
        headers=[f"#{index}" for index in worst["index"]],
        captions=[
            f"{row.label} → {row.denoised_prediction} ({row.denoised_confidence:.1%})"
            for row in worst.itertuples()
        ],
    )
