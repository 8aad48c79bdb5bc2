"""What can be known of denoised images without clean ones, and what it comes to."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from denoising_pipeline.evaluation.metrics import mean_intervals
from denoising_pipeline.images.arrays import Images, Values
from denoising_pipeline.images.sets import ImageSet


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
        and `start_risk_gain`, how much lower the risk is than that of this one, with bounds.
    """
    measured = [
        name for name in map(str, image_metrics) if name.endswith("risk") or "residual" in name
    ]
    scores = {name: image_metrics[name].to_numpy() for name in measured}
    if start:
        scores["start_risk_gain"] = scores["start_risk"] - scores["risk"]
    means = mean_intervals(scores, confidence)
    gain = means["noisy_risk"] - means["risk"]
    known = {"start": start} if start else {}
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
