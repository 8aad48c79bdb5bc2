"""The denoiser on noise, degradations and sources that it was not trained on."""

from typing import Any

import pandas as pd

from denoising_pipeline.degradations import level_in_words
from denoising_pipeline.evaluation.metrics import PSNR_CAP
from denoising_pipeline.report.blocks import (
    Block,
    Chart,
    Charts,
    Section,
    Series,
    Text,
)
from denoising_pipeline.report.side._shared import listed, series
from denoising_pipeline.report.tables import Table, intervals, numbers, words

NAMES = {"trained": "this denoiser", "classical": "classical", "nothing": "noisy"}
STYLES = {"trained": "strong", "classical": "weak", "nothing": "faint"}


def robustness(
    noise_sweeps: pd.DataFrame,
    degradation_scores: pd.DataFrame,
    source_scores: pd.DataFrame,
    ood_roc: pd.DataFrame,
    classical_calibration: dict[str, Any],
) -> Section:
    """Return the section of shifts.

    Args:
        noise_sweeps: Of `pipelines.robustness`, as the others.
        degradation_scores: Under degradations.
        source_scores: On other sources.
        ood_roc: How well each shift is told.
        classical_calibration: `denoiser`, the name of the classical one, is read.
    """
    classical = classical_calibration["denoiser"]
    everywhere = pd.concat(
        [
            _cases(noise_sweeps[~noise_sweeps["trained"]], ["noise", "level"]),
            _cases(degradation_scores, ["degradation", "severity", "with_noise"]),
            _cases(source_scores.query("not trained"), ["source"]),
        ]
    )
    verdict = _verdict(everywhere, classical)
    blocks: list[Block] = [
        Text(
            f"{verdict} Classical is {classical}, calibrated for the noise of the training and "
            "then held, as this denoiser is. Noisy is doing nothing; images that are not changed "
            f"count as {PSNR_CAP:.0f} dB and are not drawn."
        ),
        Charts([_chart(str(noise), rows) for noise, rows in noise_sweeps.groupby("noise")]),
        _table("Mean PSNR by noise and level", noise_sweeps, ["noise", "level"], folded=True),
        _table(
            "Mean PSNR by degradation and severity",
            degradation_scores.assign(
                with_noise=degradation_scores["with_noise"].map({True: "yes", False: "no"})
            ),
            ["degradation", "severity", "with_noise"],
            folded=True,
        ),
    ]
    if not source_scores["trained"].all():
        blocks.append(_table("Mean PSNR by source", source_scores, ["source"]))
    blocks.append(_told(ood_roc))
    return Section("shifts", "Other noise, degradations and sources", blocks, verdict)


def _cases(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return a row for each shift, and the PSNR of each denoiser in a column."""
    if table.empty:
        return pd.DataFrame(columns=["what", *NAMES])
    wide = table.pivot_table("psnr", keys, "denoiser", sort=False)
    what = [_named(key if isinstance(key, tuple) else (key,)) for key in wide.index]
    return wide.reset_index(drop=True).assign(what=what)


def _named(key: tuple[object, ...]) -> str:
    parts = [f"{part:g}" if isinstance(part, float) else str(part) for part in key[:2]]
    if len(key) == 3 and key[2]:  # noqa: PLR2004
        parts.append("under noise")
    return " ".join(parts).replace("_", " ")


def _verdict(cases: pd.DataFrame, classical: str) -> str:
    if cases.empty:
        return "Nothing but the noise of the training was tried."
    worse = cases.loc[cases["trained"] < cases["nothing"], "what"].tolist()
    behind = cases.loc[cases["trained"] < cases["classical"], "what"].tolist()
    parts = [f"Of {len(cases)} other conditions"]
    if worse:
        parts.append(f"it does harm in {len(worse)} ({listed(worse)})")
    if behind:
        parts.append(f"it loses to {classical} in {len(behind)} ({listed(behind)})")
    if not (worse or behind):
        parts.append(f"it is above the noisy images and {classical} in all")
    return f"{parts[0]} {' and '.join(parts[1:])}."


def _chart(noise: str, rows: pd.DataFrame) -> Chart:
    wide = rows.sort_values("level")
    at = sorted(set(wide["level"]))
    drawn: list[Series] = []
    for denoiser, name in NAMES.items():
        of_one = wide[wide["denoiser"] == denoiser]
        if denoiser == "nothing":
            of_one = of_one.mask(of_one["psnr"] >= PSNR_CAP)
        drawn.append(series(of_one, "psnr", name, STYLES[denoiser]))
    trained = wide.loc[wide["trained"], "level"].unique().tolist()
    name, _, meaning = level_in_words(noise).partition(": ")
    title = noise.replace("_", " ")
    return Chart(
        f"{title}; {name} is the {meaning}" if meaning else title,
        "line",
        name,
        "PSNR [dB]",
        at,
        drawn,
        marks=[(level, "trained for") for level in trained],
    )


def _table(title: str, table: pd.DataFrame, keys: list[str], *, folded: bool = False) -> Table:
    first = table[table["denoiser"] == "trained"].reset_index(drop=True)
    columns = [
        numbers(key, first[key], "g") if first[key].dtype == float else words(key, first[key])
        for key in keys
    ]
    for denoiser, name in NAMES.items():
        rows = table[table["denoiser"] == denoiser].reset_index(drop=True)
        columns.append(numbers(name, rows["psnr"], ".2f"))
        if denoiser == "trained":
            columns.append(intervals("interval", rows, "psnr", ".2f"))
    return Table(title, columns, folded)


def _told(ood: pd.DataFrame) -> Table:
    rows = ood.reset_index(drop=True)
    what = [f"{row['kind']}: {row['name']}".replace("_", " ") for _, row in rows.iterrows()]
    return Table(
        "Whether the denoiser can tell: AUC of its OOD score",
        [
            words("images", what),
            numbers("level", rows["level"].astype(float), "g"),
            numbers("AUC", rows["auc"], ".3f"),
            intervals("interval", rows, "auc", ".3f"),
            numbers("flagged", rows["flagged"], ".1%"),
        ],
        folded=True,
    )
