"""Figures of how far a denoised image can be trusted: what is read in it, and how sure it is."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from denoising_pipeline.figures._shared import (
    AFTER,
    BEFORE,
    INK,
    SMALL,
    check_table,
    new_figure,
)

GREEN = "#009E73"  # of the same palette as BEFORE and AFTER

READINGS = {
    "clean": ("clean", INK, "D"),
    "noisy": ("noisy", BEFORE, "s"),
    "denoised": ("denoised", AFTER, "o"),
    "direct": ("noisy, by a classifier trained on noisy images", GREEN, "^"),
}
"""What is read: its name in a legend, colour and marker."""

MISLED = {
    "misled_rate_noisy": READINGS["noisy"],
    "hallucination_rate": READINGS["denoised"],
    "misled_rate_direct": READINGS["direct"],
}
"""The same for the rates of misled readings."""

MAX_NUMBERED = 20
"""Labels up to which the cells of a confusion matrix carry their numbers."""


def usefulness_by_label(usefulness_by_digit: pd.DataFrame) -> Figure:
    """Draw accuracies and rates of misled readings per label, with their intervals.

    Args:
        usefulness_by_digit: A row per label; columns label and, for accuracy_clean, _noisy,
            _denoised and _direct and for hallucination_rate, misled_rate_noisy and
            misled_rate_direct, the share and its interval (`_ci_low`, `_ci_high`).

    Returns:
        The figure, with two panels; the wider the more labels there are.

    Raises:
        ValueError: If a column is missing or there is no label.
    """
    accuracies = {f"accuracy_{view}": style for view, style in READINGS.items()}
    needed = [f"{key}{end}" for key in accuracies | MISLED for end in ("", "_ci_low", "_ci_high")]
    check_table("usefulness_by_digit", usefulness_by_digit, ["label", *needed])
    width = max(8, 1.5 + 0.4 * len(usefulness_by_digit))
    figure = new_figure(width, 6, "Does denoising help a classifier trained on clean images?")
    upper, lower = figure.subplots(2, 1, sharex=True)
    _draw_shares(upper, usefulness_by_digit, accuracies)
    upper.set(title="Read rightly", ylabel="share of images")
    _draw_shares(lower, usefulness_by_digit, MISLED)
    lower.set(
        title="Read wrongly and with confidence, where the clean image is read rightly",
        ylabel="share of images",
        xlabel="label",
    )
    upper.legend(fontsize=SMALL)
    return figure


def _draw_shares(ax: Axes, shares: pd.DataFrame, styles: dict[str, tuple[str, str, str]]) -> None:
    """Draw each kind of share per label, side by side."""
    positions = np.arange(len(shares))
    offsets = np.linspace(-0.24, 0.24, len(styles))
    for offset, (key, (name, color, marker)) in zip(offsets, styles.items(), strict=True):
        value, low, high = (shares[f"{key}{end}"].to_numpy() for end in ("", "_ci_low", "_ci_high"))
        spread = np.maximum([value - low, high - value], 0)
        ax.errorbar(
            positions + offset, value, spread, fmt=marker, color=color, ms=4, capsize=2, label=name
        )
    ax.set_xticks(positions, shares["label"].astype(str))
    ax.set_xlim(-0.7, len(shares) - 0.3)
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.grid(axis="y", alpha=0.3)


def confusion_matrices(confusions: pd.DataFrame) -> Figure:
    """Draw what images that are read rightly when clean are taken for otherwise.

    Args:
        confusions: A row per view, label and prediction that occur; columns view (`denoised` and
            `direct` are drawn), label, prediction and n_images.

    Returns:
        The figure, with a matrix for each view; numbers stand in the cells up to twenty labels.

    Raises:
        ValueError: If a column is missing or there is no row.
    """
    check_table("confusions", confusions, ["view", "label", "prediction", "n_images"])
    labels = np.union1d(confusions["label"], confusions["prediction"])
    side = max(4.5, 0.3 * len(labels) + 1)
    figure = new_figure(2 * side, side + 0.5, "Read rightly when clean, and otherwise ...")
    for ax, view in zip(figure.subplots(1, 2), ("denoised", "direct"), strict=True):
        found = confusions[confusions["view"] == view]
        counts = (
            found.pivot_table("n_images", "label", "prediction", aggfunc="sum")
            .reindex(index=labels, columns=labels)
            .fillna(0)
            .to_numpy()
        )
        _draw_confusion(ax, counts, labels.tolist())
        ax.set(title=READINGS[view][0], xlabel="read as", ylabel="label")
    return figure


def _draw_confusion(ax: Axes, counts: np.ndarray, labels: list[int]) -> None:
    """Draw the counts off the diagonal as shades; those on it are only written."""
    off = np.where(np.eye(len(labels), dtype=bool), 0, counts)
    most = max(off.max(), 1)
    ax.imshow(off, cmap="Blues", vmin=0, vmax=1.5 * most)
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
    for (kind, rows), color, marker in zip(
        coverage.groupby("pixels"), (AFTER, BEFORE), ("o", "s"), strict=False
    ):
        value, low, high = (rows[end].to_numpy() for end in ends)
        spread = np.maximum([value - low, high - value], 0)
        left.errorbar(
            rows["nominal"],
            value,
            spread,
            fmt=f"{marker}-",
            color=color,
            ms=5,
            capsize=3,
            label=f"{kind} pixels",
        )
    for row in coverage.drop_duplicates("sd").itertuples():
        left.annotate(
            f"{row.sd:g} sd", (row.nominal, 0.04), ha="center", fontsize=SMALL - 1, rotation=90
        )
    left.axline((0, 0), slope=1, color=INK, linestyle=":", label="as a normal distribution")
    left.set(
        title="Coverage",
        xlabel="share within, of a normal distribution",
        ylabel="share of pixels within",
        xlim=(0.3, 1.02),
        ylim=(0, 1.02),
    )
    for axis in (left.xaxis, left.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
    left.legend(fontsize=SMALL, loc="center right")
    right.loglog(
        reliability["predicted_rmse"],
        reliability["observed_rmse"],
        "o-",
        color=AFTER,
        label="tenths of the pixels",
    )
    right.axline((1e-3, 1e-3), (1, 1), color=INK, linestyle=":", label="predicted = observed")
    right.set(
        title="Reliability",
        xlabel="predicted root mean squared error",
        ylabel="observed root mean squared error",
    )
    right.grid(alpha=0.3)
    right.legend(fontsize=SMALL)
    for ax in (left,):
        ax.grid(alpha=0.3)
    return figure
