"""Finished runs side by side, and each against a reference."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from denoising_pipeline import figures
from denoising_pipeline.core.markdown import markdown_table
from denoising_pipeline.evaluation.options import ComparisonParameters, EvaluationParameters
from denoising_pipeline.evaluation.paired import paired_difference
from denoising_pipeline.evaluation.runs import (
    SearchRuns,
    Selection,
    obstacle_to_pairing,
    runs_table,
    select,
)


def compare_runs(
    tracked_runs: SearchRuns,
    comparison: ComparisonParameters,
    evaluation: EvaluationParameters,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Compare the newest finished runs with one of them.

    Args:
        tracked_runs: Finds runs by a filter.
        comparison: Which runs, which reference, which metrics.
        evaluation: `confidence` is read, for the intervals of the differences.
        seed: Root seed of the bootstrap.

    Returns:
        The table of `runs_table`, the oldest run first, with `reference` (bool), `pairing`
        (`"reference"`, `"paired"` or `"not paired: <why>"`) and for each metric
        `difference.<metric>`, its bounds `_ci_low` and `_ci_high`, and `p_value.<metric>`, missing
        where runs cannot be paired or the metric has no score of each image; then the epochs of
        these runs (`run`, `name`, `reference`, `epoch`, `train_*`, `val_*`); then the runs that
        are left out, with the reason.
    """
    selection = select(
        tracked_runs(comparison.filter or ""), comparison.reference, comparison.newest
    )
    table = runs_table(selection.runs, comparison.metrics)
    table["reference"] = [run is selection.reference for run in selection.runs]
    differences = _differences(selection, comparison, evaluation.confidence, seed)
    return table.join(differences), _history(selection), selection.left_out


def write_markdown(
    comparison_table: pd.DataFrame,
    comparison_left_out: pd.DataFrame,
    comparison: ComparisonParameters,
    evaluation: EvaluationParameters,
) -> str:
    """Write the comparison for people: numbers are rounded, the table has them in full.

    Args:
        comparison_table: The table of `compare_runs`.
        comparison_left_out: The runs that are left out, with the `reason`.
        comparison: `metrics` is read.
        evaluation: `confidence` is read.

    Returns:
        Markdown: the runs with the parameters that differ, a table per metric, and how many runs
        were left out and why.
    """
    number = comparison_table["run"].astype(str)
    reference = number[comparison_table["reference"]].item()
    runs = number.where(~comparison_table["reference"], number + " (reference)")
    about = zip(
        runs,
        comparison_table["name"],
        comparison_table["run_id"].str[:8],
        comparison_table["started"].dt.strftime("%Y-%m-%d %H:%M"),
        strict=True,
    )
    parts = ["# Runs compared", markdown_table(["run", "name", "id", "started (UTC)"], about)]
    differing = zip(runs, _parameters(comparison_table), strict=True)
    parts += ["## Parameters that differ", markdown_table(["run", "parameters"], differing)]
    header = ["run", "score", "interval", f"difference to run {reference}", "interval", "p"]
    for metric in comparison.metrics:
        scores = zip(runs, _scores(comparison_table, metric), strict=True)
        rows = ((run, *cells) for run, cells in scores)
        parts += [f"## {metric}", markdown_table(header, rows)]
    parts.append(
        "Differences are those of the same test images, one by one, with the "
        f"{evaluation.confidence:.0%} interval and two-sided p-value of a paired bootstrap. They "
        "speak of images like these, not of other seeds or training runs."
    )
    if not comparison_left_out.empty:
        reasons = comparison_left_out["reason"].value_counts()
        listed = ", ".join(f"{reason} ({count})" for reason, count in reasons.items())
        parts.append(f"Left out: {listed}.")
    return "\n\n".join(parts) + "\n"


def draw_scores(comparison_table: pd.DataFrame, comparison: ComparisonParameters) -> Figure:
    """Draw the scores of the runs.

    Args:
        comparison_table: The table of `compare_runs`.
        comparison: `metrics` is read.

    Returns:
        A panel per metric, a row per run.
    """
    return figures.run_scores(comparison_table, comparison.metrics)


def _differences(
    selection: Selection, comparison: ComparisonParameters, confidence: float, seed: int
) -> pd.DataFrame:
    reference = selection.reference.image_metrics()
    rows: list[dict[str, Any]] = []
    for run in selection.runs:
        if run is selection.reference:
            rows.append({"pairing": "reference"})
            continue
        scores = run.image_metrics()
        obstacle = obstacle_to_pairing(run, scores, selection.reference, reference)
        if obstacle or scores is None or reference is None:
            rows.append({"pairing": f"not paired: {obstacle}"})
            continue
        row: dict[str, Any] = {"pairing": "paired"}
        for metric in comparison.metrics:
            if metric in scores and metric in reference:
                found = paired_difference(
                    scores[metric].to_numpy(),
                    reference[metric].to_numpy(),
                    seed=seed,
                    confidence=confidence,
                    resamples=comparison.resamples,
                )
                numbers = (found.mean, found.low, found.high, found.p_value)
                row |= dict(zip(_difference_columns(metric), numbers, strict=True))
        rows.append(row)
    columns = [name for metric in comparison.metrics for name in _difference_columns(metric)]
    return pd.DataFrame(rows, columns=["pairing", *columns]).astype(dict.fromkeys(columns, float))


def _difference_columns(metric: str) -> list[str]:
    mean = f"difference.{metric}"
    return [mean, f"{mean}_ci_low", f"{mean}_ci_high", f"p_value.{metric}"]


def _history(selection: Selection) -> pd.DataFrame:
    parts = []
    for number, run in enumerate(selection.runs, start=1):
        is_reference = run is selection.reference
        history = run.history().reset_index()
        parts.append(history.assign(run=number, name=run.name, reference=is_reference))
    together = pd.concat(parts, ignore_index=True)
    first = ["run", "name", "reference", "epoch"]
    return together[[*first, *sorted(together.columns.difference(first))]]


def _parameters(table: pd.DataFrame) -> Iterator[str]:
    """Yield for each run the parameters that differ, in one line."""
    params = table.filter(regex=r"^params\.")
    for _, values in params.iterrows():
        given = values.dropna()
        yield ", ".join(f"{key.removeprefix('params.')}={given[key]}" for key in given.index)


def _scores(table: pd.DataFrame, metric: str) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield for each run the cells of a metric: score, interval, difference, interval, p."""
    mean = f"metrics.{metric}"
    for _, row in table.iterrows():
        value, low, high = row[mean], row.get(f"{mean}_ci_low"), row.get(f"{mean}_ci_high")
        interval = "" if pd.isna(low) else f"{low:.5g} to {high:.5g}"
        change, from_, to, p_value = row[_difference_columns(metric)]
        if pd.isna(change):
            difference = ("" if row["pairing"] == "paired" else row["pairing"], "", "")
        else:
            difference = (f"{change:+.3g}", f"{from_:+.3g} to {to:+.3g}", f"{p_value:.2g}")
        yield ("" if pd.isna(value) else f"{value:.5g}", interval, *difference)
