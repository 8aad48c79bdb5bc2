"""Figures of a study: what quality hyperparameters give, and which of them matter."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from denoising_pipeline.figures._shared import (
    AFTER,
    BEFORE,
    GREEN,
    INK,
    SMALL,
    check_table,
    draw_intervals,
    message,
    new_figure,
)

PREFIX = "training."
LOSS, LATENT, MODEL = f"{PREFIX}loss", f"{PREFIX}model.latent_dim", f"{PREFIX}model.name"
STYLES = ((AFTER, "o", "-"), (BEFORE, "s", "--"), (GREEN, "^", "-."), ("#CC79A7", "D", ":"))
STATES = {"complete": ("o", AFTER), "pruned": ("x", BEFORE)}
COLUMNS = 3
MANY = 8
"""Different numbers up to which each has a place of its own on an axis."""
WIDE = 10
"""Times that the largest number is the smallest one, from which an axis is logarithmic."""


def study_quality(study_trials: pd.DataFrame) -> Figure:
    """Draw quality over the values in the bottleneck, for each loss and architecture.

    Args:
        study_trials: A row per trial; columns trial, state, psnr (dB, with interval) and
            training.<parameter>. The best trial of each value has its interval and a line to the
            next; the others are dots.

    Returns:
        The figure; it says so where no finished trial has a bottleneck, or all the same one.

    Raises:
        ValueError: A column is missing or there is no trial.
    """
    check_table("study_trials", study_trials, _SCORED)
    done = study_trials[study_trials["state"] == "complete"]
    if LATENT not in done or not _differs(done[LATENT].dropna()):
        return message("Quality over latent_dim: the study did not try several of them.")
    done = done.dropna(subset=[LATENT])
    figure = new_figure(8, 4.5, "Smaller code, more compression: what it costs")
    ax = figure.subplots()
    keys = [key for key in (LOSS, MODEL) if key in done and _differs(done[key])]
    groups = done.groupby(keys) if keys else [(("",), done)]
    for (names, trials), (color, marker, line) in zip(groups, _styles(), strict=False):
        label = ", ".join(map(str, names)) or None
        ax.plot(trials[LATENT], trials["psnr"], marker, color=color, ms=4, alpha=0.35)
        best = trials.sort_values("psnr").groupby(LATENT).tail(1).sort_values(LATENT)
        style = {"fmt": marker + line, "color": color, "ms": 5, "capsize": 3, "label": label}
        draw_intervals(ax, best[LATENT], best, "psnr", **style)
    ax.set_xscale("log", base=2)
    ticks = np.unique(done[LATENT].to_numpy())
    if len(ticks) <= 2 * MANY:
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.set(xlabel="latent_dim (values in the bottleneck)", ylabel="PSNR on validation images (dB)")
    ax.grid(alpha=0.3)
    if keys:
        ax.legend(fontsize=SMALL)
    return figure


def study_importance(study_importance: pd.DataFrame) -> Figure:
    """Draw how much of the differences in quality each parameter explains.

    Args:
        study_importance: A row per group of trials and parameter; columns group, parameter,
            importance (of a group they sum to 1) and n_trials.

    Returns:
        The figure, a panel per group; it says so where there are too few trials.

    Raises:
        ValueError: A column is missing.
    """
    if study_importance.empty:
        return message("Importance: there are too few finished trials that differ.")
    columns = ["group", "parameter", "importance", "n_trials"]
    check_table("study_importance", study_importance, columns)
    groups = list(study_importance.fillna({"group": ""}).groupby("group", sort=False))
    height = 1.2 + 0.9 * len(groups) + 0.3 * len(study_importance)
    figure = new_figure(7.5, height, "Which parameters decide (fANOVA)")
    ratios = [len(rows) + 1 for _, rows in groups]
    panels = figure.subplots(len(groups), 1, squeeze=False, height_ratios=ratios)[:, 0]
    for ax, (name, rows) in zip(panels, groups, strict=True):
        values = rows["importance"].to_numpy()
        bars = ax.barh(np.arange(len(rows)), values, color=AFTER, hatch="//", edgecolor="white")
        ax.bar_label(bars, [f"{value:.2f}" for value in values], padding=3, fontsize=SMALL)
        ax.set_yticks(np.arange(len(rows)), [_short(key) for key in rows["parameter"]])
        ax.set(xlim=(0, 1.1), ylim=(len(rows) - 0.4, -0.6))
        trials = f"{rows['n_trials'].iloc[0]} finished trials"
        ax.set_title(", ".join(filter(None, [str(name), trials])), fontsize=SMALL)
    panels[-1].set_xlabel("share of the differences in PSNR that it explains")
    return figure


def study_parallel(study_trials: pd.DataFrame) -> Figure:
    """Draw every finished trial as a line through its parameters, coloured by quality.

    Args:
        study_trials: As for `study_quality`.

    Returns:
        The figure, an axis per parameter that differs and one for PSNR.

    Raises:
        ValueError: A column is missing or there is no trial.
    """
    check_table("study_trials", study_trials, _SCORED)
    done = study_trials[study_trials["state"] == "complete"].sort_values("psnr")
    keys = [key for key in _parameters(done) if _differs(done[key])]
    if not keys or len(done) < 2:  # noqa: PLR2004
        return message("Parallel coordinates: there are no two finished trials that differ.")
    figure = new_figure(max(6, 2 + 1.5 * len(keys)), 4.5, "Trials, from parameters to quality")
    ax = figure.subplots()
    scale = Normalize(done["psnr"].min(), done["psnr"].max())
    places = [_places(done[key]) for key in keys]
    heights = np.column_stack([*(place for place, _ in places), scale(done["psnr"].to_numpy())])
    colors = colormaps["viridis"]
    for line, psnr in zip(heights, done["psnr"], strict=True):
        ax.plot(line, color=colors(scale(psnr)), alpha=0.8, linewidth=1.5)
    for position, (_, labels) in enumerate(places):
        ax.axvline(position, color=INK, linewidth=0.8)
        for height, text in labels:
            ax.annotate(
                text,
                (position, height),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=SMALL,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.5},
            )
    ax.axvline(len(keys), color=INK, linewidth=0.8)
    ax.set_xticks(range(len(keys) + 1), [*map(_short, keys), "PSNR"])
    ax.set(yticks=[], xlim=(-0.1, len(keys) + 0.1), ylim=(-0.08, 1.08))
    ax.spines[:].set_visible(False)
    bar = figure.colorbar(ScalarMappable(scale, colors), ax=ax, pad=0.02)
    bar.set_label("PSNR on validation images (dB)")
    return figure


def study_slices(study_trials: pd.DataFrame) -> Figure:
    """Draw quality over each parameter by itself.

    Args:
        study_trials: As for `study_quality`; trials that were pruned are drawn where they ended.

    Returns:
        The figure, a panel per parameter that differs.

    Raises:
        ValueError: A column is missing or there is no trial.
    """
    check_table("study_trials", study_trials, _SCORED)
    shown = study_trials[study_trials["state"].isin(STATES)].dropna(subset=["psnr"])
    keys = [key for key in _parameters(shown) if _differs(shown[key].dropna())]
    if not keys:
        return message("Slices: there are no two trials that differ.")
    rows = -(-len(keys) // COLUMNS)
    columns = min(COLUMNS, len(keys))
    figure = new_figure(1 + 3.2 * columns, 1 + 2.6 * rows, "Quality over each parameter")
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    for ax, key in zip(panels, keys, strict=False):
        _draw_slice(ax, shown.dropna(subset=[key]), key)
    for ax in panels[len(keys) :]:
        ax.remove()
    for ax in panels[: len(keys) : columns]:
        ax.set_ylabel("PSNR (dB)")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=SMALL)
    return figure


_SCORED = ["trial", "state", "psnr", "psnr_ci_low", "psnr_ci_high"]


def _differs(values: "pd.Series[Any]") -> bool:
    return len(values.drop_duplicates()) > 1


def _styles() -> list[tuple[str, str, str]]:
    return [(color, marker, line) for _, _, line in STYLES for color, marker, _ in STYLES]


def _parameters(table: pd.DataFrame) -> list[str]:
    return [key for key in table.columns if str(key).startswith(PREFIX)]


def _short(key: str) -> str:
    """Return a name as there is room for it; names of components are what they name."""
    parts = key.removeprefix(PREFIX).split(".")
    return parts[0] if parts[-1] == "name" else parts[-1]


def _places(values: "pd.Series[Any]") -> tuple[npt.NDArray[np.float64], list[tuple[float, str]]]:
    """Return where values lie between 0 and 1, and what stands at the axis; none lies below."""
    known = values.dropna()
    distinct = _ordered(known)
    if _continuous(distinct):
        numbers = values.to_numpy(dtype=np.float64)
        scaled = np.log(numbers) if _wide(distinct) else numbers
        low, high = np.nanmin(scaled), np.nanmax(scaled)
        heights = (scaled - low) / (high - low)
        ends = [(0.0, _text(distinct[0])), (1.0, _text(distinct[-1]))]
        return np.nan_to_num(heights, nan=-0.06), ends
    share = {value: (i + 0.5) / len(distinct) for i, value in enumerate(distinct)}
    places = np.array([share.get(value, -0.06) for value in values])
    labels = [(height, _text(value)) for value, height in share.items()]
    return places, labels + ([(-0.06, "none")] if len(known) < len(values) else [])


def _ordered(values: "pd.Series[Any]") -> Sequence[Any]:
    """Return the distinct values, numbers in their order."""
    distinct = list(values.unique())
    try:
        return sorted(distinct)
    except TypeError:
        return sorted(distinct, key=str)


def _continuous(distinct: Sequence[Any]) -> bool:
    """Whether these are so many numbers that they are drawn to scale."""
    return len(distinct) > MANY and all(isinstance(v, int | float | np.number) for v in distinct)


def _wide(distinct: Sequence[Any]) -> bool:
    """Whether numbers in their order are drawn on a logarithmic scale."""
    return bool(distinct[0] > 0 and distinct[-1] >= WIDE * distinct[0])


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, int | float | np.number) else str(value)


def _draw_slice(ax: Axes, trials: pd.DataFrame, key: str) -> None:
    distinct = _ordered(trials[key])
    if _continuous(distinct):
        place = trials[key].astype(float)
        ax.set_xscale("log" if _wide(distinct) else "linear")
    else:
        order = {value: i for i, value in enumerate(distinct)}
        place = trials[key].map(order).astype(float)
        turned = max(len(_text(value)) for value in distinct) > 8  # noqa: PLR2004
        names = [_text(value) for value in distinct]
        ax.set_xticks(range(len(distinct)), names, fontsize=SMALL, rotation=20 * turned)
        ax.set_xlim(-0.5, len(distinct) - 0.5)
    for state, (marker, color) in STATES.items():
        chosen = trials["state"] == state
        ax.plot(
            place[chosen], trials["psnr"][chosen], marker, color=color, alpha=0.6, ms=5, label=state
        )
    ax.set_xlabel(_short(key))
    ax.grid(alpha=0.3)
