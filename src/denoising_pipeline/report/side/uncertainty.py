"""How far the standard deviations of the denoised pixels can be trusted."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.images.shown import excerpt
from denoising_pipeline.report.blocks import Block, Chart, Gallery, Section, Text
from denoising_pipeline.report.side._shared import ends, line, pictures, share
from denoising_pipeline.report.tables import Table, numbers, words

SHOWN = 4
"""Test images that are shown."""


def uncertainty(
    uncertainty_summary: dict[str, Any],
    coverage: pd.DataFrame,
    reliability: pd.DataFrame,
    test_clean: Images | ImageSet,
    test_noisy: Images | ImageSet,
    test_denoised: Images | ImageSet,
    test_sd: Images | ImageSet,
) -> Section:
    """Return the section of standard deviations.

    Args:
        uncertainty_summary: Of `pipelines.uncertainty`, as the two tables.
        coverage: A row per kind of pixels and number of standard deviations.
        reliability: A row per bin of pixels.
        test_clean: Clean test images.
        test_noisy: The same images, noisy.
        test_denoised: The same images, denoised.
        test_sd: The standard deviation of each pixel of them.
    """
    summary = uncertainty_summary
    clean, noisy, denoised, sd = (
        excerpt(images, SHOWN) for images in (test_clean, test_noisy, test_denoised, test_sd)
    )
    most = float(max(np.abs(clean - denoised).max(), 2 * sd.max(), 1e-6))
    stages = {
        "clean": clean,
        "noisy": noisy,
        "denoised": denoised,
        "2 sd": 2 * sd / most,
        "|error|": np.abs(clean - denoised) / most,
    }
    titles = [f"#{place}" for place in range(len(clean))]
    verdict = _verdict(summary)
    every = coverage[coverage["pixels"] == "all"].reset_index(drop=True)
    lit = coverage[coverage["pixels"] != "all"].reset_index(drop=True)
    drawn = [
        line(name, (100 * rows[key]).tolist(), style)
        for name, rows, key, style in (
            ("all pixels", every, "observed", "strong"),
            ("not black", lit, "observed", "weak"),
            ("normal", every, "nominal", "faint"),
        )
    ]
    chart = Chart(
        "Clean values within so many standard deviations of the denoised ones",
        "line",
        "standard deviations",
        "share of pixels [%]",
        every["sd"].tolist(),
        drawn,
        digits=1,
    )
    table = Table(
        "The same in numbers; normal: if errors were normal and the standard deviations right",
        [
            numbers("standard deviations", every["sd"], "g"),
            numbers("normal", 100 * every["nominal"], ".1f"),
            numbers("all pixels", 100 * every["observed"], ".1f"),
            words("interval", [ends(row, "observed") for row in every.to_dict("records")]),
            numbers("not black", 100 * lit["observed"], ".1f"),
        ],
    )
    errors = Table(
        "Predicted and observed root mean squared error, by tenths of the pixels",
        [
            numbers("predicted", reliability["predicted_rmse"], ".4f"),
            numbers("observed", reliability["observed_rmse"], ".4f"),
        ],
        folded=True,
    )
    title = f"How sure it is, and how far off: of the last two, white is {most:.2f}"
    gallery = Gallery(title, pictures(stages, titles, {}))
    blocks: list[Block] = [Text(verdict), chart, table, gallery, errors]
    return Section("uncertainty", "How sure it is", blocks, verdict)


def _verdict(summary: Mapping[str, Any]) -> str:
    found, low, high = (summary[f"coverage_1sd{end}"] for end in ("", "_ci_low", "_ci_high"))
    normal = 0.6827
    if low <= normal <= high:
        how = "as a normal distribution would have it"
    else:
        how = f"where a normal distribution has {share(normal)}: " + (
            "it is surer than it should be"
            if found < normal
            else "it is less sure than it could be"
        )
    return (
        f"{share(found)} of the clean values lie within one standard deviation of the denoised "
        f"ones, {how}."
    )
