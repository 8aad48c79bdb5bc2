"""What came of a run, in tables that the terminal and MLflow show alike."""

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from kedro.io import DataCatalog

from denoising_pipeline.core.markdown import markdown_table
from denoising_pipeline.datasets.metric_names import CONSTANTS
from denoising_pipeline.degradations import NoiseInjectionParameters
from denoising_pipeline.evaluation.scoring import RISK, SCORE_FORMATS
from denoising_pipeline.evaluation.without_clean import beside

NUMBERS = ("downstream_summary", "uncertainty_summary", "study_summary")
"""Summaries of pipelines that have no table in Markdown of their own."""

TABLES = ("comparison_markdown", "feature_markdown", "projection_markdown", "anomaly_markdown")
"""Tables in Markdown."""

SHARE = re.compile(r"(accuracy|coverage)_|\w+_rate(_|$)")
"""Numbers of summaries that are shares of 1."""

LABELS = {
    "_direct": " noisy, trained on noisy",
    "best_psnr": "best PSNR [dB]",
    "bce_over_mse": "cross-entropy less MSE [dB]",
}
"""Words for parts of the names of numbers that say too little by themselves."""

SHIFTS = ("noise_sweeps", "degradation_scores", "source_scores", "ood_roc")
"""Tables of robustness."""


class Table(NamedTuple):
    """A table of texts.

    Attributes:
        title: What it is about.
        header: A heading per column; the first is that of the names of rows.
        rows: A cell per column.
        caption: Said beneath.
    """

    title: str
    header: list[str]
    rows: list[list[str]]
    caption: str = ""

    def markdown(self) -> str:
        """Return it in Markdown."""
        table = markdown_table(self.header, self.rows, range(1, len(self.header)))
        return "\n\n".join(part for part in (self.title, table, self.caption) if part)


def tables(outputs: Collection[str], catalog: DataCatalog) -> list[Table]:
    """Return the tables of what a run wrote.

    Args:
        outputs: Names of the entries that it wrote.
        catalog: Has them.
    """
    found = []
    if "summary" in outputs:
        found.append(scores(catalog.load("summary")))
    if "benchmark_table" in outputs:
        found.append(benchmark(catalog.load("benchmark_table")))
    if {*SHIFTS} <= {*outputs}:
        classical = catalog.load("classical_calibration")["denoiser"]
        found.append(robustness(classical, *map(catalog.load, SHIFTS)))
    found += [
        numbers(name.removesuffix("_summary"), catalog.load(name))
        for name in NUMBERS
        if name in outputs
    ]
    if "denoised_files" in outputs:
        found.append(files(catalog.load("denoised_files")))
    return found


def scores(summary: Mapping[str, Any]) -> Table:
    """Return the scores of the test images before and after."""
    degradation = NoiseInjectionParameters.model_validate(summary["degradation"]).root
    of = f"{summary['denoiser']}, trained on {summary['source']} with {degradation.describe()}"
    columns = {"noisy": "noisy_", "denoised": ""}
    if "baseline" in summary:
        columns = {"noisy": "noisy_", "filter": "baseline_", "denoised": ""}
        of += f"\nfilter: {summary['baseline']}"
    between = [""] * (len(columns) - 1)
    rows = []
    for score in SCORE_FORMATS:
        if score.key in summary:
            bounds = [
                summary[key]
                for end in ("low", "high")
                if (key := f"{score.key}_ci_{end}") in summary
            ]
            keys = [f"{prefix}{score.key}" for prefix in columns.values()]
            values = [score.text(summary[key]) if key in summary else "" for key in keys]
            rows.append([score.label, *values, " to ".join(map(score.text, bounds))])
    gains = [
        (f"{key}_risk_gain", f"Risk below that of {name}", RISK.text)
        for key, name in beside(summary).items()
    ]
    if "start_gain" in summary:
        start = Path(summary["start"]).name
        gains.append(("start_gain", f"Gain over {start} [dB]", "{:+.2f}".format))
    for key, label, text in gains:
        values = [text(summary[f"{key}{end}"]) for end in ("", "_ci_low", "_ci_high")]
        rows.append([label, *between, values[0], " to ".join(values[1:])])
    of_start = f"PSNR of {Path(summary.get('start', '')).name}"
    for key, label in (("predicted", "PSNR"), ("start_predicted", of_start)):
        if key in summary:
            ends = " to ".join(f"{summary[f'{key}_{end}']:.2f}" for end in ("low", "high"))
            row = [f"Predicted {label}", *between, f"{summary[key]:.2f}", f"{ends} dB"]
            rows.append(row)
    if summary.get("start_not_predicted"):
        of += f"\nNo PSNR is predicted of images that have {summary['start_not_predicted']}."
    if "limit_psnr" in summary:
        limit = f"limit about {summary['limit_psnr']:.1f}"
        distance = f"{summary['limit_distance']:.2f}"
        rows.append(["To the limit [dB]", *between, distance, limit])
    header = ["", *columns, f"{summary['confidence']:.0%} interval"]
    return Table(f"{summary['n_images']:,} test images", header, rows, of)


def benchmark(table: pd.DataFrame) -> Table:
    """Return the most telling columns of the benchmark; its Markdown has all of them."""
    scored = table[table["note"] == ""].to_dict("records")
    interval = f"{scored[0]['confidence']:.0%} interval"
    rows = [
        [
            row["denoiser"],
            f"{row['psnr']:.2f}",
            f"{row['psnr_ci_low']:.2f} to {row['psnr_ci_high']:.2f}",
            f"{row['ssim']:.4f}" if "ssim" in row else "",
            f"{row['seconds_per_1000']:.2f}",
        ]
        for row in scored
    ]
    header = ["", "PSNR [dB]", interval, "SSIM", "s / 1,000"]
    return Table(f"{scored[0]['n_images']:,} test images", header, rows)


def robustness(
    classical: str,
    noise: pd.DataFrame,
    degradation: pd.DataFrame,
    source: pd.DataFrame,
    told: pd.DataFrame,
) -> Table:
    """Return the scores at the highest level of every shift; the files have all levels."""
    alone = degradation[~degradation["with_noise"].astype(bool)]
    parts = (
        noise.rename(columns={"noise": "name"}).assign(kind="noise"),
        alone.rename(columns={"degradation": "name", "severity": "level"}).assign(
            kind="degradation"
        ),
        source.rename(columns={"source": "name"}).assign(kind="source", level=1.0),
    )
    every = pd.concat(parts, ignore_index=True)
    areas = told.set_index(["kind", "name", "level"])["auc"].to_dict()
    rows = []
    for (kind, name), group in every.groupby(["kind", "name"], sort=False):
        worst = group[group["level"] == group["level"].max()]
        psnr = worst.set_index("denoiser")["psnr"]
        level = float(worst["level"].iloc[0])
        area = areas.get((kind, name, level))
        values = [f"{psnr[key]:.2f}" for key in ("nothing", "classical", "trained")]
        label = str(name) if kind == "source" else f"{name} {level:g}"
        rows.append([label, *values, "" if area is None else f"{area:.3f}"])
    title = f"PSNR [dB] of {every['n_images'].max():,} test images under what was not learnt"
    told_apart = "Told apart: area under the ROC of the out-of-distribution score; 0.5 is guessing."
    caption = f"Classical: {classical}.\n{told_apart}"
    return Table(title, ["", "noisy", "classical", "denoised", "told apart"], rows, caption)


def numbers(about: str, summary: Mapping[str, Any]) -> Table:
    """Return the numbers of a summary with their intervals."""
    rows = []
    for key, value in summary.items():
        plain = isinstance(value, int | float) and "_ci_" not in key
        if not plain or CONSTANTS.fullmatch(key):
            continue
        ends = (summary.get(f"{key}_ci_{end}") for end in ("low", "high"))
        text = "{:.2%}" if SHARE.match(key) else "{:.4g}"
        interval = " to ".join(text.format(end) for end in ends if end is not None)
        rows.append([_label(key), text.format(value), interval])
    counts = [f"{k.removeprefix('n_')} {v}" for k, v in summary.items() if k.startswith("n_")]
    caption = ", ".join(counts).replace("_", " ")
    interval = f"{summary.get('confidence', 0.95):.0%} interval"
    return Table(about, ["", "value", interval], rows, caption)


def _label(key: str) -> str:
    """Return what a number of a summary is called, in words."""
    for name, words in LABELS.items():
        key = key.replace(name, words)
    return key.replace("_", " ")


def files(table: pd.DataFrame) -> Table:
    """Return how many files became what."""
    rows = [[str(status), f"{count:,}"] for status, count in table["status"].value_counts().items()]
    return Table(f"{len(table):,} file{'s' * (len(table) != 1)}", ["", "files"], rows)
