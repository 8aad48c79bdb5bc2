"""Figures made of numbers: the course of training and the scores on the test split."""

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
    draw_intervals,
    message,
    new_figure,
)

BINS = 60
OWN = "denoiser ("
"""What the name of the trained denoiser begins with in a benchmark."""
PALE = "#A9C7DB"
MARKERS_PER_CURVE = 20


def _draw_curves(ax: Axes, history: pd.DataFrame, key: str, best: int | None) -> None:
    """Draw one quantity for training and validation over epochs, with the best epoch marked."""
    every = -(-len(history) // MARKERS_PER_CURVE)
    epochs = history["epoch"].to_numpy()
    for name, column, color, style, marker in (
        ("train", key, BEFORE, "--", "s"),
        ("validation", f"val_{key}", AFTER, "-", "o"),
    ):
        values = history[column].to_numpy()
        ax.plot(
            epochs, values, style, color=color, marker=marker, ms=4, markevery=every, label=name
        )
    if best is not None:
        epoch, value = epochs[best], history[f"val_{key}"].to_numpy()[best]
        ax.axvline(epoch, color=INK, linestyle=":", linewidth=1)
        label = f"best epoch {epoch:g}: {value:.4g}"
        ax.plot(epoch, value, "*", color=INK, ms=15, mfc="white", label=label, zorder=1)
    ax.set_xlim(epochs.min() - 0.5, epochs.max() + 0.5)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.grid(alpha=0.3)
    ax.legend(fontsize=SMALL)


def training_curves(history: pd.DataFrame) -> Figure:
    """Draw loss and PSNR over the epochs, training against validation; without clean images, risk.

    The best epoch is the one with the lowest validation loss, the first of equals.

    Args:
        history: One row per epoch; columns epoch (from 1), loss, val_loss and either psnr and
            val_psnr (dB) or risk and val_risk, the mean squared difference from noisy targets;
            others are ignored.

    Returns:
        The figure, with two panels.

    Raises:
        ValueError: If a column is missing or there is no epoch.
    """
    key, title, label = "psnr", "PSNR", "PSNR (dB)"
    if "risk" in history:
        key, title, label = "risk", "Risk", "MSE of noisy targets (lower is better)"
    check_table("history", history, ["epoch", "loss", "val_loss", key, f"val_{key}"])
    val_loss = history["val_loss"].to_numpy(dtype=np.float64)
    best = None if np.isnan(val_loss).all() else int(np.nanargmin(val_loss))
    figure = new_figure(9, 3.8, "Training curves")
    left, right = figure.subplots(1, 2)
    _draw_curves(left, history, "loss", best)
    left.set(title="Loss", xlabel="epoch", ylabel="loss (lower is better)")
    _draw_curves(right, history, key, best)
    right.set(title=title, xlabel="epoch", ylabel=label)
    return figure


def psnr_distribution(image_metrics: pd.DataFrame) -> Figure:
    """Draw the histograms of PSNR per image before and after denoising.

    Args:
        image_metrics: One row per image; columns psnr and noisy_psnr, in dB.

    Returns:
        The figure; the means are marked and their values written down.

    Raises:
        ValueError: If a column is missing or there is no image.
    """
    check_table("image_metrics", image_metrics, ["noisy_psnr", "psnr"])
    figure = new_figure(8, 4, f"PSNR before and after (n = {len(image_metrics):,})")
    ax = figure.subplots()
    both = image_metrics[["noisy_psnr", "psnr"]].to_numpy(dtype=np.float64)
    edges = np.histogram_bin_edges(both[np.isfinite(both)], BINS).tolist()
    for name, values, color, hatch, style in (
        ("noisy", both[:, 0], BEFORE, "////", "--"),
        ("denoised", both[:, 1], AFTER, "", "-"),
    ):
        mean = values.mean()
        ax.hist(
            values[np.isfinite(values)],
            edges,
            color=color,
            alpha=0.6,
            hatch=hatch,
            edgecolor=INK,
            linewidth=0.3,
            label=name,
        )
        ax.axvline(mean, color=INK, linestyle=style, label=f"mean {name}: {mean:.2f} dB")
    ax.set(xlabel="PSNR per image (dB)", ylabel="number of images")
    ax.yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.legend(fontsize=SMALL)
    return figure


def _draw_scores(ax: Axes, scores: pd.DataFrame, key: str) -> None:
    """Draw one metric per label with its interval, and the score of doing nothing."""
    positions = np.arange(len(scores))
    style = {"fmt": "o", "color": AFTER, "ms": 4, "capsize": 4}
    draw_intervals(ax, positions, scores, key, label="denoised, with interval", **style)
    ax.plot(
        positions, scores[f"noisy_{key}"].to_numpy(), "s", color=BEFORE, mfc="none", label="noisy"
    )
    ax.set_xticks(positions, scores["label"].astype(str))
    ax.set_xlim(-0.7, len(scores) - 0.3)
    ax.grid(axis="y", alpha=0.3)


SCORES = {"psnr": ("PSNR", "mean PSNR (dB)"), "ssim": ("SSIM", "mean SSIM (at most 1)")}
"""Title and axis of each score that is drawn by label."""


def digit_scores(digit_metrics: pd.DataFrame) -> Figure:
    """Draw PSNR and SSIM per label with their confidence intervals.

    Args:
        digit_metrics: One row per label; columns label, n_images and, for psnr (dB) and, if it was
            measured, ssim, the mean (`psnr`), its interval (`psnr_ci_low`, `psnr_ci_high`) and the
            mean of the noisy images (`noisy_psnr`).

    Returns:
        The figure, with a panel for each score; the wider the more labels there are. Without
        labels, it says so.

    Raises:
        ValueError: If a column is missing.
    """
    if digit_metrics.empty:
        return message("No scores by label: the images have no labels")
    keys = [key for key in SCORES if key in digit_metrics or key == "psnr"]
    ends = ("{}", "{}_ci_low", "{}_ci_high", "noisy_{}")
    scores = [end.format(key) for key in keys for end in ends]
    check_table("digit_metrics", digit_metrics, ["label", "n_images", *scores])
    size = (max(7, 1.5 + 0.28 * len(digit_metrics)), 0.5 + 2.5 * len(keys))
    figure = new_figure(*size, "Scores by label")
    panels = figure.subplots(len(keys), 1, sharex=True, squeeze=False)[:, 0]
    for ax, key in zip(panels, keys, strict=True):
        _draw_scores(ax, digit_metrics, key)
        title, unit = SCORES[key]
        ax.set(title=title, ylabel=unit)
    handles = panels[0].get_legend_handles_labels()
    figure.legend(*handles, fontsize=SMALL, loc="outside lower center", ncols=2)
    fewest, most = digit_metrics["n_images"].min(), digit_metrics["n_images"].max()
    images = f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
    panels[-1].set_xlabel(f"label ({images} images each)")
    return figure


def benchmark_scores(benchmark_table: pd.DataFrame) -> Figure:
    """Draw the mean PSNR of each denoiser as a bar, with its confidence interval.

    Args:
        benchmark_table: One row per denoiser, from the top down; columns denoiser (its name), psnr,
            psnr_ci_low, psnr_ci_high (dB) and n_images. Rows without scores are left out.

    Returns:
        The figure; the values are written beside the bars, and the trained denoiser's is dark.

    Raises:
        ValueError: If a column is missing or there is no row.
    """
    columns = ["denoiser", "psnr", "psnr_ci_low", "psnr_ci_high", "n_images"]
    check_table("benchmark_table", benchmark_table, columns)
    table = benchmark_table.dropna(subset="psnr")
    title = f"Mean PSNR and its interval (n = {table['n_images'].max():,} test images)"
    figure = new_figure(7.5, 1.2 + 0.24 * len(table), title)
    ax = figure.subplots()
    value, low, high = (table[f"psnr{end}"].to_numpy() for end in ("", "_ci_low", "_ci_high"))
    spread = np.maximum([value - low, high - value], 0)
    own = table["denoiser"].str.startswith(OWN).to_numpy()
    colors = [AFTER if mine else PALE for mine in own]
    bars = ax.barh(table["denoiser"], value, xerr=spread, color=colors, ecolor=INK, capsize=2)
    for label, is_own in zip(ax.get_yticklabels(), own, strict=True):
        label.set_fontweight("bold" if is_own else "normal")
    ax.bar_label(bars, [f"{psnr:.2f}" for psnr in value], padding=4, fontsize=SMALL)
    ax.margins(y=0.01)
    ax.invert_yaxis()
    ax.set(xlabel="mean PSNR (dB)", ylabel="denoiser", xlim=(0, 1.1 * high.max()))
    ax.tick_params(axis="y", labelsize=SMALL)
    ax.grid(axis="x", alpha=0.3)
    return figure
