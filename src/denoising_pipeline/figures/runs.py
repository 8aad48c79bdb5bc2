"""Figures that put runs side by side."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from denoising_pipeline.figures._shared import (
    AFTER,
    BEFORE,
    INK,
    SMALL,
    check_table,
    new_figure,
)

NAME = 50
"""Characters of a run's name that are shown."""

PART = " · "
"""What stands between the parts of a run's name."""

LINE = 0.28
"""Inches, from one run to the next."""

LEGEND_LINE = 0.19
"""Inches, from one run to the next in a legend."""

COLORS = (AFTER, BEFORE, "#009E73", "#CC79A7", "#56B4E9")
STYLES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
MARKERS_PER_CURVE = 10
END_COLUMNS = 4
"""Numbers at the ends of curves stand in so many columns, so that they seldom cover each other."""

KINDS: dict[str, dict[str, Any]] = {
    "reference": {"fmt": "D", "color": INK},
    "paired": {"fmt": "o", "color": AFTER},
    "not paired": {"fmt": "s", "color": BEFORE, "mfc": "white"},
}
"""How a run is drawn that is the reference, has the same noisy images as it, or has not."""


def run_scores(comparison_table: pd.DataFrame, metrics: Sequence[str]) -> Figure:
    """Draw the scores of runs with their intervals.

    Args:
        comparison_table: One row per run; columns run, name, reference (bool, one of them true),
            pairing (`"reference"`, `"paired"` or `"not paired: <why>"`) and for each metric
            `metrics.<metric>`, where there is an interval with `_ci_low` and `_ci_high`.
        metrics: The metrics that are drawn, one or more.

    Returns:
        The figure: a panel per metric, a row per run. The reference is marked, and runs that did
        not have its noisy images are told apart.

    Raises:
        ValueError: If a column is missing or there is no run.
    """
    columns = ["run", "name", "reference", "pairing", *(f"metrics.{key}" for key in metrics)]
    check_table("comparison_table", comparison_table, columns)
    count = len(comparison_table)
    title = f"Scores of {count} run{'s' * (count != 1)}"
    figure = new_figure(4 + 2.8 * len(metrics), 1.6 + LINE * count, title)
    panels = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
    for ax, metric in zip(panels, metrics, strict=True):
        _draw_runs(ax, comparison_table, metric)
    telling = _telling(comparison_table["name"].tolist())
    names = zip(comparison_table["run"], telling, strict=True)
    panels[0].set_yticks(np.arange(count), [_label(*run) for run in names], fontsize=SMALL)
    panels[0].set(ylim=(count - 0.5, -0.5), ylabel="run")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=SMALL)
    return figure


def learning_curves(comparison_history: pd.DataFrame) -> Figure:
    """Draw the PSNR on validation images over the epochs of several runs.

    Args:
        comparison_history: One row per run and epoch; columns run, name, reference (bool), epoch
            (from 1) and val_psnr (dB). Without any epochs, the figure says so.

    Returns:
        The figure. Each curve has its run's number at its end, and a line style and marker of its
        own, so that it is found without colours.
    """
    known = comparison_history.reindex(columns=["run", "name", "reference", "epoch", "val_psnr"])
    known = known.dropna(subset=["val_psnr"])
    curves = [curve for _, curve in known.groupby("run")]
    figure = new_figure(10, 5 + LEGEND_LINE * len(curves) / 2, "PSNR on validation images")
    ax = figure.subplots()
    ax.set(xlabel="epoch", ylabel="PSNR (dB)")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.grid(alpha=0.3)
    if not curves:
        ax.text(0.5, 0.5, "No run has epochs.", ha="center", transform=ax.transAxes)
        return figure
    names = _telling([curve["name"].iloc[0] for curve in curves])
    for position, (curve, name) in enumerate(zip(curves, names, strict=True)):
        _draw_curve(ax, curve, position, name)
    first, last = known["epoch"].min(), known["epoch"].max()
    ax.set_xlim(first - 0.5, last + 0.5 + 0.12 * (last - first + 1))
    figure.legend(loc="outside lower center", ncols=2, fontsize=SMALL, handlelength=5)
    return figure


def _label(run: int, name: str) -> str:
    """Return number and name; of a long name both ends, which differ more than its middle."""
    half = (NAME - 1) // 2
    return f"{run}  {name if len(name) <= NAME else f'{name[:half]}…{name[-half:]}'}"


def _telling(names: Sequence[str]) -> list[str]:
    """Return names without the parts that all of them have: what differs is left."""
    parts = [name.split(PART) for name in names]
    common = set.intersection(*map(set, parts)) if len(set(names)) > 1 else set()
    kept = [[part for part in each if part not in common] for each in parts]
    return [PART.join(each) or name for each, name in zip(kept, names, strict=True)]


def _draw_runs(ax: Axes, table: pd.DataFrame, metric: str) -> None:
    key = f"metrics.{metric}"
    ends = [f"{key}_ci_low", f"{key}_ci_high"]
    value, low, high = table.reindex(columns=[key, *ends]).to_numpy(dtype=np.float64).T
    spread = np.maximum(np.nan_to_num([value - low, high - value]), 0)
    positions = np.arange(len(table))
    kinds = table["pairing"].str.partition(":")[0]
    for kind, style in KINDS.items():
        of_kind = (kinds == kind).to_numpy()
        if of_kind.any():
            ax.errorbar(
                value[of_kind],
                positions[of_kind],
                xerr=spread[:, of_kind],
                ms=5,
                capsize=3,
                label=kind,
                **style,
            )
    ax.axvline(value[table["reference"].to_numpy()][0], color=INK, linestyle=":", linewidth=1)
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.set_xlabel(f"{metric.upper()} (dB)" if "psnr" in metric else metric.upper())
    ax.grid(alpha=0.3)


def _draw_curve(ax: Axes, curve: pd.DataFrame, position: int, name: str) -> None:
    epochs, values = curve["epoch"].to_numpy(), curve["val_psnr"].to_numpy()
    run, reference = curve[["run", "reference"]].iloc[0]
    color = INK if reference else COLORS[position % len(COLORS)]
    ax.plot(
        epochs,
        values,
        color=color,
        linestyle=STYLES[position % len(STYLES)],
        linewidth=3 if reference else 1.2,
        marker=MARKERS[position % len(MARKERS)],
        markevery=-(-len(curve) // MARKERS_PER_CURVE),
        ms=5,
        label=_label(run, name) + (" (reference)" if reference else ""),
    )
    ax.annotate(
        str(run),
        (epochs[-1], values[-1]),
        xytext=(10 + 16 * (position % END_COLUMNS), 0),
        textcoords="offset points",
        va="center",
        fontsize=SMALL,
        color=color,
        arrowprops={"arrowstyle": "-", "color": color, "linewidth": 0.5},
    )
