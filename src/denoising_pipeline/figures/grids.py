"""Figures made of images: the stages clean, noisy, denoised in rows, one image per column."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase

from denoising_pipeline.figures._shared import (
    INK,
    SMALL,
    check_images,
    check_length,
    check_table,
    new_figure,
)
from denoising_pipeline.images.arrays import Images, Values

COLUMNS = 10
CELL = 1.0  # inches, from one image to the next
BENCH_CELL = 0.6  # inches, the same where many rows are compared
GAP = 0.08  # inches, between two images
LINE = 0.17  # inches, height of a header or caption
MIN_WIDTH = 4.5  # inches, so that titles fit above a single image


def _psnr_captions(before: Values, after: Values) -> list[str]:
    return [f"{b:.1f} → {a:.1f} dB" for b, a in zip(before, after, strict=True)]


def _size(images: Images, rows: int, lines: int) -> tuple[float, float]:
    """Return the width and height in inches of a grid and its title.

    Args:
        images: One row of the grid, NHWC.
        rows: Rows in each band.
        lines: Lines of text in each band: headers, captions, both or none.
    """
    count, height, width, _ = images.shape
    bands = math.ceil(count / COLUMNS)
    row_height = (CELL - GAP) * height / width + GAP
    return (
        max(MIN_WIDTH, min(count, COLUMNS) * CELL + 0.8),
        bands * (rows * row_height + lines * LINE) + 0.3,
    )


def _show(ax: Axes, image: Images) -> None:
    pixels = image[..., 0] if image.shape[-1] == 1 else image
    ax.imshow(pixels, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(color=INK, linewidth=0.5)


def _draw_rows(
    parent: FigureBase,
    rows: Mapping[str, Images],
    headers: Sequence[str] | None = None,
    captions: Sequence[str] | None = None,
) -> None:
    """Draw each batch as a row of images, in bands of at most ten columns.

    Args:
        parent: The figure, or part of one, to draw in.
        rows: Batch by row label, float32 NHWC, equally shaped.
        headers: Text above each column.
        captions: Text under each column.
    """
    count = len(next(iter(rows.values())))
    columns = min(count, COLUMNS)
    axes = parent.subplots(math.ceil(count / columns) * len(rows), columns, squeeze=False)
    for row, (name, images) in enumerate(rows.items()):
        for index, image in enumerate(images):
            band, column = divmod(index, columns)
            ax = axes[band * len(rows) + row, column]
            _show(ax, image)
            if column == 0:
                ax.set_ylabel(name, rotation=0, ha="right", va="center")
            if headers and row == 0:
                ax.set_title(headers[index], fontsize=SMALL)
            if captions and row == len(rows) - 1:
                ax.set_xlabel(captions[index], fontsize=SMALL)
    for ax in axes.flat:
        if not ax.images:
            ax.remove()


def image_grid(
    rows: Mapping[str, Images],
    title: str,
    headers: Sequence[str] | None = None,
    captions: Sequence[str] | None = None,
) -> Figure:
    """Draw batches of images in rows under each other, ten columns to a band.

    Args:
        rows: Batch by row label; float32, NHWC, values in [0, 1], equally shaped.
        title: Title of the figure.
        headers: Text above each column.
        captions: Text under each column.

    Raises:
        ValueError: If shapes or lengths do not match.
    """
    check_images(rows)
    images = next(iter(rows.values()))
    texts = {"headers": headers, "captions": captions}
    given = {name: text for name, text in texts.items() if text is not None}
    for name, text in given.items():
        check_length(name, text, len(images))
    figure = new_figure(*_size(images, len(rows), len(given)), title)
    _draw_rows(figure, rows, headers, captions)
    return figure


def message(text: str) -> Figure:
    """Draw nothing but a line of text: what a figure says when there is nothing to show."""
    return new_figure(MIN_WIDTH, 0.8, text)


def denoising_examples(
    clean: Images,
    noisy: Images,
    denoised: Images,
    labels: Sequence[Any] | npt.NDArray[Any],
    *,
    noisy_psnr: Values | None = None,
    psnr: Values | None = None,
    title: str = "Denoising examples",
) -> Figure:
    """Draw clean, noisy and denoised images in three rows, ten columns to a band.

    Args:
        clean: The images to be shown, float32, NHWC, values in [0, 1].
        noisy: The same images with noise, shaped alike.
        denoised: The same images denoised, shaped alike.
        labels: Label of each image, shape (N,).
        noisy_psnr: PSNR of each noisy image in dB, shape (N,); with `psnr`, or not at all.
        psnr: PSNR of each denoised image in dB, shape (N,).
        title: Title of the figure.

    Returns:
        The figure; PSNR before and after stands under each column where it is given.

    Raises:
        ValueError: If shapes or lengths do not match, or only one of the two PSNRs is given.
    """
    rows = {"clean": clean, "noisy": noisy, "denoised": denoised}
    check_images(rows)
    check_length("labels", labels, len(clean))
    captions = None
    if noisy_psnr is not None and psnr is not None:
        check_length("noisy_psnr", noisy_psnr, len(clean))
        check_length("psnr", psnr, len(clean))
        captions = _psnr_captions(noisy_psnr, psnr)
        title = f"{title} (PSNR before → after)"
    elif noisy_psnr is not None or psnr is not None:
        raise ValueError("noisy_psnr, psnr: give both or neither; one alone shows no gain")
    return image_grid(rows, title, [f"label {label}" for label in labels], captions)


def noisy_digits(clean: Images, noisy: Images, title: str) -> Figure:
    """Draw noisy images under the clean ones, ten columns to a band.

    Args:
        clean: The images to be shown, float32, NHWC, values in [0, 1].
        noisy: The same images with noise, shaped alike.
        title: Title of the figure: say which noise, at which level.

    Raises:
        ValueError: If a shape or dtype is wrong.
    """
    return image_grid({"clean": clean, "noisy": noisy}, title)


def benchmark_examples(clean: Images, denoised: Mapping[str, Images]) -> Figure:
    """Draw what each denoiser makes of the same images, in two columns of rows.

    Args:
        clean: The images to be shown, at most ten, float32, NHWC, values in [0, 1].
        denoised: The same images denoised, by the label of the row.

    Raises:
        ValueError: If a shape or dtype is wrong.
    """
    rows = {"clean": clean, **denoised}
    check_images(rows)
    labels = list(rows)
    half = math.ceil(len(labels) / 2)
    count, height, width, _ = clean.shape
    size = (2 * (count * BENCH_CELL + 2), half * BENCH_CELL * height / width + 0.5)
    figure = new_figure(*size, "The first test images, denoised (mean PSNR of all)")
    parts = figure.subfigures(1, 2, squeeze=False).flat
    for part, shown in zip(parts, (labels[:half], labels[half:]), strict=True):
        if shown:
            _draw_rows(part, {label: rows[label] for label in shown})
    return figure


def best_and_worst(
    clean: Images, noisy: Images, denoised: Images, image_metrics: pd.DataFrame, count: int = 5
) -> Figure:
    """Draw the images with the highest and with the lowest PSNR, three rows each.

    Only the pixels of the images shown are read, so the arrays may be memory-mapped. With fewer
    than `2 * count` images the same one may stand in both parts.

    Args:
        clean: All images of the split, float32, NHWC, values in [0, 1].
        noisy: The same images with noise, shaped alike.
        denoised: The same images denoised, shaped alike.
        image_metrics: One row per image in the same order; columns index, label, psnr and
            noisy_psnr, the last two in dB.
        count: How many of the best and how many of the worst to show, 1 or more.

    Raises:
        ValueError: If a shape is wrong, a column is missing or the lengths differ.
    """
    stages = {"clean": clean, "noisy": noisy, "denoised": denoised}
    check_images(stages)
    check_table("image_metrics", image_metrics, ["index", "label", "psnr", "noisy_psnr"])
    check_length("image_metrics", image_metrics, len(clean))
    if count < 1:
        raise ValueError(f"count: expected 1 or more, got {count}")
    table = image_metrics.reset_index(drop=True)
    shown = min(count, len(table))
    width, height = _size(clean[:shown], len(stages), 2)
    figure = new_figure(width, 2 * height + 0.3, "Best and worst images (PSNR before → after)")
    halves = figure.add_gridspec(2, 1)
    for half, name, ascending in ((0, "Highest", False), (1, "Lowest", True)):
        chosen = table.sort_values("psnr", ascending=ascending, kind="stable").head(shown)
        positions = chosen.index.to_numpy()
        part = figure.add_subfigure(halves[half])
        part.suptitle(f"{name} PSNR", fontsize=10)
        _draw_rows(
            part,
            {stage: np.asarray(images[positions]) for stage, images in stages.items()},
            [
                f"#{i}, label {label}"
                for i, label in zip(chosen["index"], chosen["label"], strict=True)
            ],
            _psnr_captions(chosen["noisy_psnr"].to_numpy(), chosen["psnr"].to_numpy()),
        )
    return figure


def degradation_examples(
    stages: Mapping[str, Images], psnr: Mapping[str, tuple[float, float]], title: str
) -> Figure:
    """Draw degradations in columns, and what becomes of each in rows.

    Args:
        stages: Batch by row label, with one image for each degradation; float32, NHWC, values in
            [0, 1], equally shaped.
        psnr: For each degradation, by its name: PSNR before and after denoising in dB.
        title: Title of the figure; "PSNR before → after" is added.

    Raises:
        ValueError: If a shape or dtype is wrong or the lengths differ.
    """
    check_images(stages)
    first = next(iter(stages.values()))
    check_length("psnr", psnr, len(first))
    before, after = np.array(list(psnr.values())).T
    figure = new_figure(*_size(first, len(stages), 2), f"{title} (PSNR before → after)")
    headers = [name.replace("_", " ") for name in psnr]
    _draw_rows(figure, stages, headers, _psnr_captions(before, after))
    return figure
