"""What denoising does to what a classifier recognizes: accuracies, hallucinations, confusions.

A table of predictions has a row per image: `label`, and for each of `VIEWS` `<view>_prediction` and
`<view>_confidence`.
"""

from typing import Any

import pandas as pd

from denoising_pipeline.evaluation.metrics import share_interval

VIEWS = ("clean", "noisy", "denoised", "direct")
"""What is classified: clean, noisy and denoised images by the classifier that was trained on clean
ones, and, as `direct`, the noisy images by the one that was trained on noisy ones."""


def misled(predictions: pd.DataFrame, view: str, confident: float) -> pd.Series:
    """Tell where a classifier is correct on the clean image, and confident of another digit here.

    Args:
        predictions: The table of predictions.
        view: One of `VIEWS`; where it is `denoised`, the image is hallucinated.
        confident: The least confidence that counts.

    Returns:
        bool, a value per row.
    """
    return (
        (predictions["clean_prediction"] == predictions["label"])
        & (predictions[f"{view}_prediction"] != predictions["label"])
        & (predictions[f"{view}_confidence"] >= confident)
    )


def shares(predictions: pd.DataFrame, confident: float, confidence: float) -> dict[str, Any]:
    """Return accuracies and the shares of misled predictions, with Wilson's intervals.

    Args:
        predictions: The table of predictions, one row or more.
        confident: The least confidence of a misled prediction.
        confidence: Of the intervals, in (0, 1).

    Returns:
        `n_images`; `n_correct_on_clean`, the images that are classified correctly when clean;
        `accuracy_<view>` of each of `VIEWS`; and, as shares of `n_correct_on_clean`,
        `hallucination_rate` and, where the noisy image is classified instead of the denoised one,
        `misled_rate_noisy` and `misled_rate_direct`. Each share has its interval under `_ci_low`
        and `_ci_high`. Of no images nothing is known: NaN, from 0 to 1.
    """
    correct = {
        view: int((predictions[f"{view}_prediction"] == predictions["label"]).sum())
        for view in VIEWS
    }
    counts = {f"accuracy_{view}": (correct[view], len(predictions)) for view in VIEWS}
    for name, view in (
        ("hallucination_rate", "denoised"),
        ("misled_rate_noisy", "noisy"),
        ("misled_rate_direct", "direct"),
    ):
        counts[name] = (int(misled(predictions, view, confident).sum()), correct["clean"])
    found: dict[str, Any] = {"n_images": len(predictions), "n_correct_on_clean": correct["clean"]}
    for name, (count, total) in counts.items():
        share, low, high = share_interval(count, total, confidence)
        found |= {name: share, f"{name}_ci_low": low, f"{name}_ci_high": high}
    return found


def confusions(predictions: pd.DataFrame, confident: float) -> pd.DataFrame:
    """Count what the images that are classified correctly when clean are taken for otherwise.

    Args:
        predictions: The table of predictions.
        confident: The least confidence that is counted in `n_confident`.

    Returns:
        A row for each `view` (but `clean`), `label` and `prediction` that occur: `n_images`, and
        how many of them are classified with confidence, `n_confident`. No row if there is no such
        image.
    """
    correct = predictions[predictions["clean_prediction"] == predictions["label"]]
    views = [
        pd.DataFrame(
            {
                "view": view,
                "label": correct["label"].astype("int64"),
                "prediction": correct[f"{view}_prediction"],
                "confident": correct[f"{view}_confidence"] >= confident,
            }
        )
        for view in VIEWS[1:]
    ]
    found = pd.concat(views).groupby(["view", "label", "prediction"])["confident"]
    return found.agg(n_images="size", n_confident="sum").reset_index()
