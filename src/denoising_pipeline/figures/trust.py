"""Figures of how far a denoised image can be trusted: its downstream accuracy, its error."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

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

Counts: TypeAlias = npt.NDArray[Any]

STYLES = {
    "clean": ("clean", INK, "D"),
    "noisy": ("noisy", BEFORE, "s"),
    "denoised": ("denoised", AFTER, "o"),
    "direct": ("noisy, by a classifier trained on noisy images", GREEN, "^"),
}
"""What is classified: its name in a legend, colour and marker."""

MISLED = {
    "misled_rate_noisy": STYLES["noisy"],
    "hallucination_rate": STYLES["denoised"],
    "misled_rate_direct": STYLES["direct"],
}
"""The same for the rates of misled classifications."""

MAX_NUMBERED = 20
"""Labels up to which the cells of a confusion matrix carry their numbers."""


def downstream_by_label(downstream_by_digit: pd.DataFrame) -> Figure:
    """Draw accuracies and rates of misled classifications per label, with their intervals.

    Args:
        downstream_by_digit: A row per label; columns label and, for accuracy_clean, _noisy,
            _denoised and _direct and for hallucination_rate, misled_rate_noisy and
            misled_rate_direct, the share and its interval (`_ci_low`, `_ci_high`).

    Returns:
        The figure, with two panels; the wider the more labels there are.

    Raises:
        ValueError: If a column is missing or there is no label.
    """
    accuracies = {f"accuracy_{view}": style for view, style in STYLES.items()}
    needed = [f"{key}{end}" for key in accuracies | MISLED for end in ("", "_ci_low", "_ci_high")]
    check_table("downstream_by_digit", downstream_by_digit, ["label", *needed])
    width = max(8, 1.5 + 0.4 * len(downstream_by_digit))
    figure = new_figure(width, 6, "Does denoising help a classifier trained on clean images?")
    upper, lower = figure.subplots(2, 1, sharex=True)
    _draw_shares(upper, downstream_by_digit, accuracies)
    upper.set(title="Accuracy", ylabel="share of images")
    _draw_shares(lower, downstream_by_digit, MISLED)
    lower.set(
        title="Wrong with confidence, where the clean image is classified correctly",
        ylabel="share of images",
        xlabel="label",
    )
    figure.legend(
        *upper.get_legend_handles_labels(), fontsize=SMALL, loc="outside lower center", ncols=4
    )
    return figure


def _draw_shares(ax: Axes, shares: pd.DataFrame, styles: dict[str, tuple[str, str, str]]) -> None:
    """Draw each kind of share per label, side by side."""
    positions = np.arange(len(shares))
    offsets = np.linspace(-0.24, 0.24, len(styles))
    for offset, (key, (name, color, marker)) in zip(offsets, styles.items(), strict=True):
        style = {"fmt": marker, "color": color, "ms": 4, "capsize": 2}
        draw_intervals(ax, positions + offset, shares, key, label=name, **style)
    ax.set_xticks(positions, shares["label"].astype(str))
    ax.set_xlim(-0.7, len(shares) - 0.3)
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    ax.grid(axis="y", alpha=0.3)


def confusion_matrices(confusions: pd.DataFrame) -> Figure:
    """Draw what images that are classified correctly when clean are taken for otherwise.

    Args:
        confusions: A row per view, label and prediction that occur; columns view (`denoised` and
            `direct` are drawn), label, prediction and n_images.

    Returns:
        The figure, with a matrix for each view; numbers stand in the cells up to twenty labels, a
        bar beside the matrices of more.

    Raises:
        ValueError: If a column is missing or there is no row.
    """
    check_table("confusions", confusions, ["view", "label", "prediction", "n_images"])
    labels = np.union1d(confusions["label"], confusions["prediction"])
    side = max(4.5, 0.3 * len(labels) + 1)
    figure = new_figure(
        2 * side, side + 0.5, "What images that are classified correctly when clean are taken for"
    )
    counts = {
        view: confusions[confusions["view"] == view]
        .pivot_table("n_images", "label", "prediction", aggfunc="sum")
        .reindex(index=labels, columns=labels)
        .fillna(0)
        .to_numpy()
        for view in ("denoised", "direct")
    }
    wrong = ~np.eye(len(labels), dtype=bool)
    most = max(1, *(found[wrong].max(initial=0) for found in counts.values()))
    axes = figure.subplots(1, 2)
    for ax, (view, found) in zip(axes, counts.items(), strict=True):
        shades = ax.imshow(np.where(wrong, found, 0), cmap="Blues", vmin=0, vmax=1.5 * most)
        _draw_labels(ax, found, labels.tolist())
        ax.set(title=STYLES[view][0], xlabel="predicted label", ylabel="label")
    if len(labels) > MAX_NUMBERED:
        bar = figure.colorbar(shades, ax=axes, label="images taken for another label", shrink=0.8)
        bar.ax.set_ylim(0, most)
        bar.ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def _draw_labels(ax: Axes, counts: Counts, labels: list[int]) -> None:
    """Write labels beside the cells and, if there are few, the counts in them: grey if correct."""
    ax.set_xticks(range(len(labels)), map(str, labels))
    ax.set_yticks(range(len(labels)), map(str, labels))
    if len(labels) <= MAX_NUMBERED:
        for row, column in zip(*np.nonzero(counts), strict=True):
            number, color = f"{counts[row, column]:.0f}", "gray" if row == column else "black"
            ax.text(column, row, number, ha="center", va="center", fontsize=SMALL - 1, color=color)


def coverage_and_reliability(coverage: pd.DataFrame, reliability: pd.DataFrame) -> Figure:
    """Draw how often clean pixels lie within so many sd, and predicted against observed errors.

    Args:
        coverage: A row per kind of pixels and number of standard deviations; columns pixels, sd,
            nominal, observed, observed_ci_low and observed_ci_high.
        reliability: A row per bin of pixels; columns predicted_rmse and observed_rmse.

    Returns:
        The figure, with two panels.

    Raises:
        ValueError: If a column is missing or a table has no row.
    """
    ends = ["observed", "observed_ci_low", "observed_ci_high"]
    check_table("coverage", coverage, ["pixels", "sd", "nominal", *ends])
    check_table("reliability", reliability, ["predicted_rmse", "observed_rmse"])
    figure = new_figure(9.5, 4.4, "Can the standard deviation be trusted?")
    left, right = figure.subplots(1, 2)
    _draw_coverage(left, coverage)
    _draw_reliability(right, reliability)
    return figure


def _draw_coverage(ax: Axes, coverage: pd.DataFrame) -> None:
    """Draw the observed shares of each kind of pixels, and those of a normal distribution."""
    for (kind, rows), color, line in zip(
        coverage.groupby("pixels"), (AFTER, BEFORE), ("o-", "s-"), strict=False
    ):
        style = {"fmt": line, "color": color, "ms": 5, "capsize": 3}
        label = "all pixels" if kind == "all" else f"pixels that are {kind}"
        draw_intervals(ax, rows["sd"], rows, "observed", label=label, **style)
    normal = coverage.drop_duplicates("sd")
    ax.plot(normal["sd"], normal["nominal"], ":", color=INK, label="a normal distribution")
    ax.set(
        title="Coverage",
        xlabel="standard deviations to each side",
        ylabel="share of pixels within",
        ylim=(0, 1.02),
    )
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    ax.grid(alpha=0.3)
    ax.legend(fontsize=SMALL, loc="lower right")


def _draw_reliability(ax: Axes, reliability: pd.DataFrame) -> None:
    """Draw observed against predicted errors, on logarithmic axes."""
    predicted, observed = reliability["predicted_rmse"], reliability["observed_rmse"]
    ax.loglog(predicted, observed, "o-", color=AFTER, label="tenths of the pixels")
    ax.axline((1e-3, 1e-3), (1, 1), color=INK, linestyle=":", label="predicted = observed")
    ax.set(
        title="Reliability",
        xlabel="predicted root mean squared error",
        ylabel="observed root mean squared error",
    )
    ax.grid(alpha=0.3)
    ax.legend(fontsize=SMALL)
