"""What can be known of denoised images without clean ones, and what it comes to."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from denoising_pipeline.evaluation.metrics import mean_intervals
from denoising_pipeline.images.arrays import Images, Values
from denoising_pipeline.images.sets import ImageSet

FILTERS = {
    "non_local_means": "non-local means",
    "wavelet": "wavelet",
    "total_variation": "total variation",
}
"""Filters that networks stand beside without clean images: in columns, and in words."""

LEAST = 16
"""Pixels to each side of images that these filters can take."""


def beside(summary: Mapping[str, Any]) -> dict[str, str]:
    """Return what the risk of a denoiser is compared with, by the prefix of its keys, in words.

    Args:
        summary: What `summary_without_clean` returns.
    """
    names = {"start": Path(summary["start"]).name} if "start" in summary else {}
    names |= FILTERS
    return {key: name for key, name in names.items() if f"{key}_risk_gain" in summary}


def residuals(noisy: Images | ImageSet, denoised: Images | ImageSet) -> dict[str, Values]:
    """Measure what was taken away from every image: it should look like noise, and nothing else.

    Args:
        noisy: Noisy images, in [0, 1].
        denoised: The same images denoised.

    Returns:
        A value per image: `residual_mean`, 0 if brightness was kept; `residual_level`, its standard
        deviation, that of the noise if all of it was taken away and nothing else; and
        `residual_correlation`, the mean correlation of a residual pixel with those to the right of
        it and below, 0 if it is white, and above where structure of the image was taken along. The
        first two are on the scale of [0, 1].
    """
    before, after = ImageSet.of(noisy), ImageSet.of(denoised)
    found = {
        name: np.empty(len(before))
        for name in ("residual_mean", "residual_level", "residual_correlation")
    }
    for index in range(len(before)):
        residual = (before.read(index) - after.read(index)).astype(np.float64)
        found["residual_mean"][index] = residual.mean()
        found["residual_level"][index] = residual.std()
        found["residual_correlation"][index] = _correlation(residual - residual.mean())
    return found


def summary_without_clean(
    image_metrics: pd.DataFrame, start: str | None, confidence: float
) -> Mapping[str, Any]:
    """Sum up what `score_without_clean` measured.

    Args:
        image_metrics: Its columns, a row per image.
        start: Name of the denoiser that was trained on, if any.
        confidence: Of the intervals.

    Returns:
        For each column its mean and the bounds of the interval over images, named as in
        `summarize`; `risk_gain`, how much lower the risk is than that of doing nothing, and
        `worse_than_noisy`, whether it is not; if it was trained on from another denoiser, `start`
        and `start_risk_gain`, how much lower the risk is than that of this one, with bounds, and
        likewise for each of `FILTERS`. Where PSNRs are predicted of images (`predictions`), the
        mean of them and of the bounds of each, `[start_]predicted`, `_low` and `_high`, and of how
        many, `n_[start_]predicted`; and `[start_]not_predicted`, what images have of which none
        is, in words.
    """
    measured = [
        name for name in map(str, image_metrics) if name.endswith("risk") or "residual" in name
    ]
    scores = {name: image_metrics[name].to_numpy() for name in measured}
    for other in ("start", *FILTERS):
        if f"{other}_risk" in scores:
            scores[f"{other}_risk_gain"] = scores[f"{other}_risk"] - scores["risk"]
    means = mean_intervals(scores, confidence)
    gain = means["noisy_risk"] - means["risk"]
    known: dict[str, Any] = {"start": start} if start else {}
    for name in ("predicted", "start_predicted"):
        if name in image_metrics and image_metrics[name].notna().any():
            ends = [name, f"{name}_low", f"{name}_high"]
            known |= {end: float(image_metrics[end].mean()) for end in ends}
            known[f"n_{name}"] = int(image_metrics[name].notna().sum())
        if (why := name.replace("predicted", "not_predicted")) in image_metrics:
            known[why] = ", or ".join(sorted(set(image_metrics[why]) - {""}))
    return {**means, **known, "risk_gain": gain, "worse_than_noisy": gain <= 0}


def _correlation(residual: Values) -> float:
    """Return how a pixel correlates with the next one in its row and in its column."""
    variance = float(np.square(residual).mean())
    if not variance:
        return 0.0
    products = [
        (residual[:, 1:] * residual[:, :-1]),
        (residual[1:] * residual[:-1]),
    ]
    return float(np.mean([product.mean() for product in products if product.size])) / variance
