"""What the code of the denoiser is good for, beside PCA and pixels."""

from typing import Any

import numpy as np
import pandas as pd

from denoising_pipeline.report.blocks import Block, Chart, Charts, Section, Text
from denoising_pipeline.report.side._shared import series, share
from denoising_pipeline.report.tables import Table, intervals, numbers, words

STYLES = {"code": "strong", "PCA": "weak", "pixels": "faint"}


def features(feature_scores: pd.DataFrame, feature_summary: dict[str, Any]) -> Section:
    """Return the section of the codes.

    Args:
        feature_scores: Of `pipelines.features`, without rows where the images have no labels.
        feature_summary: `code_values`, `n_encoded`.
    """
    scores, summary = feature_scores, feature_summary
    title = "What the code is good for"
    about = f"{summary['n_encoded']:,} images were encoded to {summary['code_values']} values each."
    if scores.empty:
        text = f"{about} They have no labels, so that no classifier was fitted."
        return Section("features", title, [Text(text)], text)
    verdict = _verdict(scores)
    percent = scores.assign(
        **{f"accuracy{end}": 100 * scores[f"accuracy{end}"] for end in ("", "_ci_low", "_ci_high")}
    ).reset_index(drop=True)
    counts = sorted(scores["labels"].unique().tolist())
    charts = [
        Chart(
            f"{probe}, {images} images",
            "points",
            "labelled training images",
            "correct [%]",
            list(range(len(counts))),
            [
                series(rows[rows["features"] == name], "accuracy", name, STYLES.get(name, "faint"))
                for name in rows["features"].unique()
            ],
            digits=1,
            names=[f"{count:,}" for count in counts],
        )
        for (probe, images), rows in percent.groupby(["probe", "images"], sort=False)
    ]
    table = Table(
        "Accuracy of simple classifiers on test images [%]",
        [
            words("told of an image", percent["features"]),
            numbers("values", percent["values"], "d"),
            words("classifier", percent["probe"]),
            numbers("labels", percent["labels"], "d"),
            words("images", percent["images"]),
            numbers("correct", percent["accuracy"], ".1f"),
            intervals("interval", percent, "accuracy", ".1f"),
        ],
        folded=True,
    )
    blocks: list[Block] = [Text(f"{about} {verdict}"), Charts(charts), table]
    return Section("features", title, blocks, verdict)


def _verdict(scores: pd.DataFrame) -> str:
    wide = scores.pivot_table("accuracy", ["probe", "labels", "images"], "features")
    parts = []
    for other in (name for name in ("PCA", "pixels") if name in wide):
        lost = int(np.sum(wide["code"] < wide[other]))
        parts.append(f"to {other} in {lost} of {len(wide)} comparisons")
    most = scores["labels"].max()
    last = scores.query("labels == @most and images == 'clean'").groupby("features")["accuracy"]
    best = ", ".join(f"{name} {share(value)}" for name, value in last.max().items())
    return f"The code loses {' and '.join(parts)}; on clean images with {most:,} labels: {best}."
