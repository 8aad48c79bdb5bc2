"""Whether what the denoiser cannot give back tells images of another source."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from denoising_pipeline.evaluation.ood import roc
from denoising_pipeline.report.blocks import Block, Chart, Charts, Section, Text
from denoising_pipeline.report.side._shared import line
from denoising_pipeline.report.tables import Table, intervals, numbers, words

STEPS = 40
"""Places at which a curve is drawn."""

STYLES = {"denoiser": "strong", "pca": "weak", "ood": "faint"}
SHORT = {"denoiser": "this denoiser", "pca": "PCA", "ood": "OOD score"}


def anomaly(scores: pd.DataFrame, rows: pd.DataFrame, names: Mapping[str, str]) -> Section:
    """Return the section of anomalies.

    Args:
        scores: A row per kind of images and score.
        rows: A row per image.
        names: What each score is.
    """
    own, other = rows["source"].unique()
    verdict = _verdict(scores, str(other))
    first = scores.iloc[0]
    charts = [_chart(str(kind), table) for kind, table in rows.groupby("images", sort=False)]
    table = Table(
        f"{first['n_other']:,} images of {other} told from {first['n_known']:,} of {own}",
        [
            words("score", [names[score] for score in scores["score"]]),
            words("images", scores["images"]),
            numbers("AUC", scores["auc"], ".4f"),
            intervals("interval", scores.reset_index(drop=True), "auc", ".4f"),
            numbers("detected", scores["detected"], ".1%"),
            intervals("interval", scores.reset_index(drop=True), "detected", ".1%"),
        ],
    )
    blocks: list[Block] = [Text(verdict), Charts(charts), table]
    return Section("anomaly", "Images of another kind", blocks, verdict)


def _verdict(scores: pd.DataFrame, other: str) -> str:
    parts = []
    for kind, table in scores.groupby("images", sort=False):
        own, pca = table.set_index("score").loc[["denoiser", "pca"]].to_dict("records")
        within = ", within the intervals," if own["auc_ci_high"] >= pca["auc_ci_low"] else ""
        how = f"loses{within} to" if own["auc"] < pca["auc"] else "is not worse than"
        parts.append(
            f"on {kind} images it {how} that of PCA (AUC {own['auc']:.3f}, PCA {pca['auc']:.3f})"
        )
    return f"The reconstruction error tells {other}: {'; '.join(parts)}."


def _chart(kind: str, table: pd.DataFrame) -> Chart:
    at = np.linspace(0, 1, STEPS + 1)
    drawn = []
    for score, style in STYLES.items():
        known, others = (
            table.loc[table["known"] == side, score].to_numpy() for side in (True, False)
        )
        values = np.interp(at, *roc(known, others))
        drawn.append(line(SHORT[score], (100 * values).tolist(), style))
    percent = (100 * at).tolist()
    return Chart(f"{kind} images", "line", "false alarms [%]", "detected [%]", percent, drawn, 1)
