"""Figures of what happens to images that are unlike those of the training."""

import math
import textwrap
from collections.abc import Iterable, Mapping
from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from denoising_pipeline.figures._shared import (
    AFTER,
    BEFORE,
    GREEN,
    INK,
    SMALL,
    check_table,
    draw_intervals,
    new_figure,
)
from denoising_pipeline.images.arrays import Values

COLUMNS = 3
STYLES = {
    "trained": (AFTER, "-", "o"),
    "classical": (GREEN, "-.", "^"),
    "nothing": (BEFORE, "--", "s"),
}
"""Colour, line and marker of each denoiser."""

NOTHING = "doing nothing (without noise the PSNR is infinite, and not drawn)"

AREAS = {
    "noise": ("other noise", AFTER, "o-"),
    "degradation": ("without the noise of the training", GREEN, "^-."),
    "degradation and noise": ("under the noise of the training", BEFORE, "s--"),
    "source": ("another source, under that noise", INK, "D"),
}
"""Name, colour and line of each kind of shift."""

AREA_COLUMNS = 4
WORDS = 34
"""Characters of an axis title in a line."""

PALETTE = (AFTER, BEFORE, GREEN, INK, "#CC79A7")
LINES = ("-", "--", "-.", ":")


def noise_sweeps(noise_sweeps: pd.DataFrame, levels: Mapping[str, str], classical: str) -> Figure:
    """Draw PSNR over the noise level, a panel for each noise model.

    Args:
        noise_sweeps: A row per noise model, level and denoiser; columns noise, level, trained (is
            it what the denoiser was trained on), denoiser (trained, classical or nothing), psnr,
            psnr_ci_low and psnr_ci_high, in dB; others are ignored.
        levels: What the level of each noise model is, by its name.
        classical: Name of the classical denoiser.

    Returns:
        The figure; bands are the intervals, and the level of the training is marked. Doing
        nothing at level 0 has no finite PSNR and is left out, which the legend says; so do the
        panels of levels that others have.

    Raises:
        ValueError: If a column is missing or there is no row.
    """
    columns = ["noise", "level", "trained", "denoiser", "psnr", "psnr_ci_low", "psnr_ci_high"]
    check_table("noise_sweeps", noise_sweeps, columns)
    panels = [(str(noise), table) for noise, table in noise_sweeps.groupby("noise")]
    names = {"trained": "this denoiser", "classical": classical, "nothing": NOTHING}
    tried = {*noise_sweeps.loc[~noise_sweeps["trained"], "level"]}
    across = min(COLUMNS, len(panels))
    down = math.ceil(len(panels) / across)
    title = "PSNR over the noise level: trained once, calibrated once, and doing nothing"
    figure = new_figure(max(4.5, 3.3 * across), 3.0 * down + 0.9, title)
    axes = figure.subplots(down, across, squeeze=False, sharey=True).ravel()
    for ax, (noise, table) in zip(axes, panels, strict=False):
        _draw_sweep(ax, table, names)
        absent = ", ".join(f"{level:g}" for level in sorted(tried - {*table["level"]}))
        title = f"{noise}, which has no {absent}" if absent else noise
        xlabel = textwrap.fill(levels.get(noise, "level"), WORDS)
        ax.set(title=title.replace("_", " "), xlabel=xlabel, ylabel="mean PSNR (dB)")
    for ax in axes[len(panels) :]:
        ax.remove()
    _draw_legend(figure, axes[: len(panels)], min(2, across))
    return figure


def _draw_legend(figure: Figure, axes: Iterable[Axes], columns: int) -> None:
    """Name what is drawn in any of the panels, once."""
    found = {
        label: handle
        for ax in axes
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)
    }
    figure.legend(
        found.values(), found.keys(), loc="outside lower center", ncols=columns, fontsize=SMALL
    )


def _draw_sweep(ax: Axes, table: pd.DataFrame, names: Mapping[str, str]) -> None:
    for denoiser, (color, line, marker) in STYLES.items():
        rows = table[table["denoiser"] == denoiser].sort_values("level")
        level, psnr, low, high = (
            rows[name].to_numpy(np.float64)
            for name in ("level", "psnr", "psnr_ci_low", "psnr_ci_high")
        )
        if denoiser == "nothing":
            psnr, low, high = (np.where(level > 0, values, np.nan) for values in (psnr, low, high))
        ax.plot(level, psnr, line, color=color, marker=marker, ms=4, label=names[denoiser])
        ax.fill_between(level, low, high, color=color, alpha=0.25, linewidth=0)
    for level in table.loc[table["trained"], "level"].unique():
        ax.axvline(level, color=INK, linestyle=":", label="noise of the training")
    ax.grid(alpha=0.3)


def ood_areas(ood_roc: pd.DataFrame, levels: Mapping[str, str]) -> Figure:
    """Draw how well each shift is told from the noisy test images, over its level.

    Args:
        ood_roc: A row per shift; columns kind, name, level, trained, and auc with its interval
            (`_ci_low`, `_ci_high`).
        levels: What the level of each shift is, by its name.

    Returns:
        The figure, a panel for each noise model, degradation and source.

    Raises:
        ValueError: If a column is missing or there is no row.
    """
    ends = ["auc", "auc_ci_low", "auc_ci_high"]
    check_table("ood_roc", ood_roc, ["kind", "name", "level", "trained", *ends])
    panels = list(ood_roc.groupby("name", sort=False))
    across = min(AREA_COLUMNS, len(panels))
    down = math.ceil(len(panels) / across)
    title = (
        "Can the denoiser tell? Area under the ROC of its OOD score against noisy test images: "
        "1 always, 0.5 guessing"
    )
    figure = new_figure(max(5.5, 2.6 * across), 2.3 * down + 0.9, title)
    axes = figure.subplots(down, across, squeeze=False, sharey=True).ravel()
    for ax, (name, table) in zip(axes, panels, strict=False):
        for kind, rows in table.groupby("kind", sort=False):
            label, color, line = AREAS[str(kind)]
            look = {"fmt": line, "color": color, "ms": 4, "capsize": 2, "label": label}
            draw_intervals(ax, rows["level"].to_numpy(), rows, "auc", **look)
        ax.axhline(0.5, color=INK, linewidth=0.5)
        for level in table.loc[table["trained"], "level"]:
            ax.axvline(level, color=INK, linestyle=":", label="noise of the training")
        xlabel = levels.get(str(name), "level").partition(":")[0]
        title = str(name).replace("_", " ")
        ax.set(title=title, xlabel=xlabel, ylabel="area", ylim=(-0.03, 1.03))
        ax.grid(alpha=0.3)
    for ax in axes[len(panels) :]:
        ax.remove()
    _draw_legend(figure, axes[: len(panels)], min(3, across))
    return figure


def ood_curves(
    curves: Mapping[str, Mapping[str, tuple[Values, Values]]],
    title: str,
) -> Figure:
    """Draw how well other images are told from those like the training's, a panel for each kind.

    Args:
        curves: By title of the panel and name of the curve: false alarms and detections, float64
            (K,), rising from 0 to 1. The area under each curve stands in the legend.
        title: What is told from what.

    Raises:
        ValueError: If there is no panel, or one without a curve.
    """
    if not curves or not all(curves.values()):
        raise ValueError("curves: a panel is empty; there is nothing to draw")
    across = min(2, len(curves))
    down = math.ceil(len(curves) / across)
    figure = new_figure(5.8 * across, 3.5 * down + 0.3, title)
    axes = figure.subplots(down, across, squeeze=False).ravel()
    for ax, (name, panel) in zip(axes, curves.items(), strict=False):
        for (label, (false_alarms, detected)), color, line in zip(
            panel.items(), cycle(PALETTE), cycle(LINES), strict=False
        ):
            area = np.trapezoid(detected, false_alarms)
            ax.plot(false_alarms, detected, line, color=color, label=f"{label}: {area:.3f}")
        ax.plot([0, 1], [0, 1], color=INK, linewidth=0.5)
        ax.set(title=name, xlabel="false alarms (share)", ylabel="detected (share)")
        ax.legend(
            title="area under the curve",
            title_fontsize=SMALL,
            fontsize=SMALL,
            loc="center left",
            bbox_to_anchor=(1, 0.5),
        )
    for ax in axes[len(curves) :]:
        ax.remove()
    return figure
