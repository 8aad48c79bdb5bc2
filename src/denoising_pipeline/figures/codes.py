"""Figures of what the codes of an autoencoder are good for."""

import math

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter, ScalarFormatter

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

FEATURES = {"code": ("-o", AFTER), "PCA": ("--s", BEFORE), "pixels": (":^", GREEN)}
"""Line and colour of each way of describing images."""

OTHER = ("-.D", INK)

METHODS = {
    "autoencoder": ("-o", AFTER),
    "PCA": ("--s", BEFORE),
    "linear autoencoder": (":^", GREEN),
    "t-SNE": ("D", INK),
}
"""Line and colour of each method of projection."""

COLORS = [f"C{place}" for place in range(10)]
MARKERS = "o^sDvPX*<>"
"""Of labels: the colours of the first ten, then of the next ten with another marker."""

LEGEND_ROWS = 20

MEASURES = {
    "mse": "reconstruction error (MSE)",
    "trustworthiness": "trustworthiness",
    "continuity": "continuity",
    "accuracy": "accuracy of nearest neighbours",
}


def feature_accuracies(feature_scores: pd.DataFrame) -> Figure:
    """Draw the accuracy of each probe over the number of labels, by features and kind of images.

    Args:
        feature_scores: Columns features, values, probe, labels, images and accuracy with its
            interval (`_ci_low`, `_ci_high`).

    Raises:
        ValueError: If a column is missing or there is no row.
    """
    ends = [f"accuracy{end}" for end in ("", "_ci_low", "_ci_high")]
    needed = ["features", "values", "probe", "labels", "images", *ends]
    check_table("feature_scores", feature_scores, needed)
    probes, kinds = (feature_scores[name].unique() for name in ("probe", "images"))
    counts = sorted(feature_scores["labels"].unique())
    figure = new_figure(
        max(4.5, 3.2 * len(kinds)),
        2.8 * len(probes) + 0.9,
        "Accuracy of simple classifiers on test images, by what they are told of an image",
    )
    axes = figure.subplots(len(probes), len(kinds), sharex=True, sharey=True, squeeze=False)
    for row, kind in zip(axes, probes, strict=True):
        for ax, images in zip(row, kinds, strict=True):
            shown = feature_scores.query("probe == @kind and images == @images")
            for (name, values), table in shown.groupby(["features", "values"], sort=False):
                line, color = FEATURES.get(str(name), OTHER)
                positions = [counts.index(count) for count in table["labels"]]
                style = {"fmt": line, "color": color, "ms": 4, "capsize": 2}
                draw_intervals(
                    ax, positions, table, "accuracy", label=f"{name}, {values} values", **style
                )
            ax.set_title(f"{kind}, {images}", fontsize=SMALL + 1)
            ax.set_xticks(range(len(counts)), [f"{count:,}" for count in counts])
            ax.set_xlim(-0.5, len(counts) - 0.5)
            ax.yaxis.set_major_formatter(PercentFormatter(1))
            ax.grid(alpha=0.3)
        row[0].set_ylabel("accuracy")
    for ax in axes[-1]:
        ax.set_xlabel("labelled training images")
    handles = axes[0, 0].get_legend_handles_labels()
    figure.legend(*handles, fontsize=SMALL, loc="outside lower center", ncols=3)
    return figure


def projection_scores(projection_scores: pd.DataFrame) -> Figure:
    """Draw what is kept of images in few values, by method and number of values.

    Args:
        projection_scores: Columns method, latent_dim and, for mse, trustworthiness, continuity and
            accuracy, the mean with its interval (`_ci_low`, `_ci_high`); NaN where there is none.

    Raises:
        ValueError: If a column is missing or there is no row.
    """
    ends = [f"{name}{end}" for name in MEASURES for end in ("", "_ci_low", "_ci_high")]
    check_table("projection_scores", projection_scores, ["method", "latent_dim", *ends])
    figure = new_figure(9.5, 7, "What projections to few values keep of test images")
    axes = figure.subplots(2, 2, sharex=True).ravel()
    for ax, (key, label) in zip(axes, MEASURES.items(), strict=True):
        for name, table in projection_scores.groupby("method", sort=False):
            rows = table[table[key].notna()].sort_values("latent_dim")
            line, color = METHODS.get(str(name), OTHER)
            style = {"fmt": line, "color": color, "ms": 4, "capsize": 2, "label": name}
            draw_intervals(ax, rows["latent_dim"].to_numpy(), rows, key, **style)
        ax.set_xscale("log", base=2)
        ax.xaxis.set_major_formatter(ScalarFormatter())
        ax.set(title=label, ylabel="less is better" if key == "mse" else "more is better")
        ax.grid(alpha=0.3)
        missing = projection_scores.groupby("method", sort=False)[key].count().eq(0)
        if names := ", ".join(map(str, missing[missing].index)):
            why = "gives no images back" if key == "mse" else "not measured"
            place = {"xycoords": "axes fraction", "ha": "right", "va": "top", "fontsize": SMALL}
            ax.annotate(f"{names}: {why}", (0.98, 0.96), **place)
    for ax in axes[2:]:
        ax.set_xlabel("values of an image")
    handles = axes[1].get_legend_handles_labels()
    figure.legend(*handles, fontsize=SMALL, loc="outside lower center", ncols=4)
    return figure


def projection_maps(projection_rows: pd.DataFrame) -> Figure:
    """Draw test images as dots in two values, a panel for each method, coloured by label.

    Args:
        projection_rows: Columns method, latent_dim, label (NaN: none), x and y; rows of other
            numbers of values are left out.

    Raises:
        ValueError: If a column is missing or nothing has two values.
    """
    check_table("projection_rows", projection_rows, ["method", "latent_dim", "label", "x", "y"])
    plane = projection_rows.query("latent_dim == 2")
    check_table("projection_rows with two values", plane, [])
    methods = list(plane.groupby("method", sort=False))
    figure = new_figure(3.2 * len(methods) + 0.6, 3.9, "Test images in two values")
    panels = figure.subplots(1, len(methods), squeeze=False)[0]
    labels = sorted(plane["label"].dropna().unique())
    places = {label: place for place, label in enumerate(labels)}
    for ax, (name, rows) in zip(panels, methods, strict=True):
        for label, dots in rows.groupby(rows["label"].fillna(-1)):
            turn, place = divmod(places.get(label, 0), len(COLORS))
            known = label in places
            ax.scatter(
                dots["x"],
                dots["y"],
                s=5 if turn == 0 else 12,
                color=COLORS[place] if known else INK,
                marker=MARKERS[turn % len(MARKERS)],
                label=f"{label:g}" if known else "image",
                alpha=0.7,
                linewidth=0,
            )
        ax.set(title=name, xlabel="first value", ylabel="second value", xticks=[], yticks=[])
        ax.set_aspect("equal", "datalim")
    handles = panels[0].get_legend_handles_labels()
    columns = math.ceil(len(handles[0]) / LEGEND_ROWS)
    figure.legend(
        *handles, fontsize=SMALL, loc="outside right center", markerscale=2, ncols=columns
    )
    return figure
