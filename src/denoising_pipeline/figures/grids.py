"""Figures made of images: the stages clean, noisy, denoised in rows, one image per column."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from denoising_pipeline.figures._layout import cell_width, draw_rows, grid_size, shown_parts
from denoising_pipeline.figures._shared import check_images, check_length, check_table, new_figure
from denoising_pipeline.images.arrays import Images, Values
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.images.shown import image_titles

BENCH_CELL = 0.6  # inches, from one image to the next where many rows are compared
BENCH_SIDE = 64  # pixels of an image that are shown at most there, to each side


def image_grid(
    rows: Mapping[str, Images | ImageSet],
    title: str,
    headers: Sequence[str] | None = None,
    captions: Sequence[str] | None = None,
    most: Mapping[str, float] | None = None,
) -> Figure:
    """Draw images in rows under each other, at most ten columns to a band.

    Of large images, and of images of different sizes, the middles are shown, which the title says.

    Args:
        rows: Collection by row label, all of the same sizes.
        title: Title of the figure.
        headers: Text above each column; a long one is cut.
        captions: Text under each column.
        most: By label of rows that are values and no images, the largest one: see `draw_rows`.

    Raises:
        ValueError: If shapes or lengths do not match.
    """
    check_images(rows)
    shown, note = shown_parts(rows)
    images = next(iter(shown.values()))
    texts = {"headers": headers, "captions": captions}
    given = {name: text for name, text in texts.items() if text is not None}
    for name, text in given.items():
        check_length(name, text, len(images))
    width, height = grid_size(images, len(shown), len(given))
    figure = new_figure(width + 0.8 * bool(most), height, title + note)
    draw_rows(figure, shown, headers, captions, most=most)
    return figure


def denoising_examples(
    clean: Images | ImageSet,
    noisy: Images | ImageSet,
    denoised: Images | ImageSet,
    names: Sequence[str],
    *,
    noisy_psnr: Values | None = None,
    psnr: Values | None = None,
    title: str = "Denoising examples",
) -> Figure:
    """Draw clean, noisy and denoised images in three rows, at most ten columns to a band.

    Args:
        clean: The images to be shown.
        noisy: The same images with noise.
        denoised: The same images denoised.
        names: What each image is called.
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
    check_length("names", names, len(clean))
    captions = None
    if noisy_psnr is not None and psnr is not None:
        check_length("noisy_psnr", noisy_psnr, len(clean))
        check_length("psnr", psnr, len(clean))
        captions = _psnr_captions(noisy_psnr, psnr)
        title = f"{title} (PSNR before → after)"
    elif noisy_psnr is not None or psnr is not None:
        raise ValueError("noisy_psnr, psnr: give both or neither; one alone shows no gain")
    return image_grid(rows, title, names, captions)


def noisy_examples(clean: Images | ImageSet, noisy: Images | ImageSet, title: str) -> Figure:
    """Draw noisy images under the clean ones, at most ten columns to a band.

    Args:
        clean: The images to be shown.
        noisy: The same images with noise.
        title: Title of the figure: say which noise, at which level.

    Raises:
        ValueError: If a shape or dtype is wrong.
    """
    return image_grid({"clean": clean, "noisy": noisy}, title)


def benchmark_examples(
    clean: Images | ImageSet, denoised: Mapping[str, Images | ImageSet]
) -> Figure:
    """Draw what each denoiser makes of the same images, in two columns of rows.

    Args:
        clean: The images to be shown, at most ten.
        denoised: The same images denoised, by the label of the row.

    Raises:
        ValueError: If a shape or dtype is wrong.
    """
    rows = {"clean": clean, **denoised}
    check_images(rows)
    shown, note = shown_parts(rows, side=BENCH_SIDE)
    labels = list(shown)
    half = math.ceil(len(labels) / 2)
    first = shown["clean"]
    count, height, width, _ = first.shape
    cell = cell_width(first, BENCH_CELL)
    size = (2 * (count * cell + 2), half * cell * height / width + 0.5)
    figure = new_figure(*size, f"The first test images, denoised (mean PSNR of all){note}")
    parts = figure.subfigures(1, 2, squeeze=False).flat
    for part, of_part in zip(parts, (labels[:half], labels[half:]), strict=True):
        if of_part:
            draw_rows(part, {label: shown[label] for label in of_part}, columns=count)
    return figure


def best_and_worst(
    clean: Images | ImageSet,
    noisy: Images | ImageSet,
    denoised: Images | ImageSet,
    image_metrics: pd.DataFrame,
    count: int = 5,
) -> Figure:
    """Draw the images with the highest and with the lowest PSNR, three rows each.

    Only the pixels that are shown are read, so the images may be memory-mapped. With fewer than
    `2 * count` images the same one may stand in both parts.

    Args:
        clean: All images of the split.
        noisy: The same images with noise.
        denoised: The same images denoised.
        image_metrics: One row per image in the same order; columns index, psnr and noisy_psnr, the
            last two in dB, and what `image_titles` reads.
        count: How many of the best and how many of the worst to show, 1 or more.

    Raises:
        ValueError: If a shape is wrong, a column is missing or the lengths differ.
    """
    stages = {"clean": clean, "noisy": noisy, "denoised": denoised}
    check_images(stages)
    check_table("image_metrics", image_metrics, ["index", "psnr", "noisy_psnr"])
    check_length("image_metrics", image_metrics, len(clean))
    if count < 1:
        raise ValueError(f"count: expected 1 or more, got {count}")
    table = image_metrics.reset_index(drop=True)
    ranked = table.sort_values("psnr", ascending=False, kind="stable")
    lowest = table.sort_values("psnr", kind="stable").head(count)
    parts = {"Highest": ranked.head(count), "Lowest": lowest}
    positions = [i for part in parts.values() for i in part.index.tolist()]
    shown, note = shown_parts(stages, positions)
    each = len(lowest)
    width, height = grid_size(shown["clean"][:each], len(stages), 2)
    title = f"Best and worst images (PSNR before → after){note}"
    figure = new_figure(width, 2 * height + 0.3, title)
    halves = figure.add_gridspec(2, 1)
    for half, (name, chosen) in enumerate(parts.items()):
        part = figure.add_subfigure(halves[half])
        part.suptitle(f"{name} PSNR", fontsize=10)
        draw_rows(
            part,
            {stage: images[half * each :][:each] for stage, images in shown.items()},
            image_titles(chosen, numbered=True),
            _psnr_captions(chosen["noisy_psnr"].to_numpy(), chosen["psnr"].to_numpy()),
        )
    return figure


def degradation_examples(
    stages: Mapping[str, Images | ImageSet], psnr: Mapping[str, tuple[float, float]], title: str
) -> Figure:
    """Draw degradations in columns, and what becomes of each in rows.

    Args:
        stages: Collection by row label, with one image for each degradation.
        psnr: For each degradation, by its name: PSNR before and after denoising in dB.
        title: Title of the figure; "PSNR before → after" is added.

    Raises:
        ValueError: If a shape or dtype is wrong or the lengths differ.
    """
    check_images(stages)
    shown, note = shown_parts(stages)
    first = next(iter(shown.values()))
    check_length("psnr", psnr, len(first))
    before, after = np.array(list(psnr.values())).T
    size = grid_size(first, len(stages), 2)
    figure = new_figure(*size, f"{title} (PSNR before → after){note}")
    headers = [name.replace("_", " ") for name in psnr]
    draw_rows(figure, shown, headers, _psnr_captions(before, after))
    return figure


def _psnr_captions(before: Values, after: Values) -> list[str]:
    return [f"{b:.1f} → {a:.1f} dB" for b, a in zip(before, after, strict=True)]
