"""How images are laid out in a figure: which part of each, how large, in which place."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase

from denoising_pipeline.figures._shared import DPI, INK, SMALL
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.images.shown import SAMPLES, middle, spectrogram

COLUMNS = 10
CELL = 1.0  # inches, from one image to the next
GAP = 0.08  # inches, between two images
LINE = 0.17  # inches, height of a header or caption
MIN_WIDTH = 4.5  # inches, so that titles fit above a single image
SIDE = 128  # pixels of an image that are shown at most, to each side
NAME = 17  # characters of a name that fit above an image


def _short(name: str) -> str:
    """Return a name without its middle if it is long: beginnings and extensions tell most."""
    return name if len(name) <= NAME else f"{name[:7]}…{name[-9:]}"


def shown_parts(
    rows: Mapping[str, Images | ImageSet],
    positions: Sequence[int] | None = None,
    side: int = SIDE,
) -> tuple[dict[str, Images], str]:
    """Return what a figure has room for: the middles of images, equally large for all of them.

    Args:
        rows: Collection by row label, of the same sizes.
        positions: Which images; None: all.
        side: Pixels that are shown at most, to each side.

    Returns:
        Arrays (N, h, w, C) by row label, and what the title has to say of it.
    """
    sets = {
        name: images
        if isinstance(images, ImageSet)
        else ImageSet.of(images.astype(np.float32, copy=False))
        for name, images in rows.items()
    }
    first = next(iter(sets.values()))
    chosen = range(len(first)) if positions is None else positions
    sizes = first.shapes[list(chosen), :2]
    if (sizes[:, 0] == 1).all():
        return _spectrograms(sets, chosen, min(int(sizes[:, 1].min()), SAMPLES))
    height, width = np.minimum(sizes.min(axis=0), side).tolist()
    arrays = {
        name: np.stack([middle(images, i, height, width) for i in chosen])
        for name, images in sets.items()
    }
    whole = bool((sizes == (height, width)).all())
    return arrays, "" if whole else f"; the middles of the images, {width}x{height} pixels"


def _spectrograms(
    sets: Mapping[str, ImageSet], chosen: Sequence[int], width: int
) -> tuple[dict[str, Images], str]:
    """Return recordings as pictures of so many samples of each."""
    arrays = {
        name: np.stack([spectrogram(middle(images, i, 1, width)) for i in chosen])
        for name, images in sets.items()
    }
    return arrays, f"; spectrograms, the middle {width:,} samples, highest frequency on top"


def cell_width(images: Images, smallest: float = CELL) -> float:
    """Return inches from one image to the next that leave a dot for every pixel."""
    width: int = images.shape[2]
    return max(smallest, width / DPI + GAP)


def _columns(images: Images) -> int:
    return min(len(images), int(COLUMNS * CELL / cell_width(images)))


def grid_size(images: Images, rows: int, lines: int) -> tuple[float, float]:
    """Return the width and height in inches of a grid and its title.

    Args:
        images: One row of the grid, NHWC.
        rows: Rows in each band.
        lines: Lines of text in each band: headers, captions, both or none.
    """
    count, height, width, _ = images.shape
    columns = _columns(images)
    bands = math.ceil(count / columns)
    row_height = (cell_width(images) - GAP) * height / width + GAP
    return (
        max(MIN_WIDTH, columns * cell_width(images) + 0.8),
        bands * (rows * row_height + lines * LINE) + 0.3,
    )


def _show(ax: Axes, image: Images, most: float | None) -> None:
    """Draw an image, or, where white is not 1, its mean over channels in colours."""
    pixels = image[..., 0] if image.shape[-1] == 1 else np.clip(image, 0, 1)
    if most is not None:
        pixels = image.mean(axis=-1)
    cmap = "gray" if most is None else "magma"
    ax.imshow(pixels, cmap=cmap, vmin=0, vmax=most or 1, interpolation="nearest")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(color=INK, linewidth=0.5)


def draw_rows(
    parent: FigureBase,
    rows: Mapping[str, Images],
    headers: Sequence[str] | None = None,
    captions: Sequence[str] | None = None,
    columns: int | None = None,
    most: Mapping[str, float] | None = None,
) -> None:
    """Draw each batch as a row of images, in bands.

    Args:
        parent: The figure, or part of one, to draw in.
        rows: Batch by row label, float32 NHWC, equally shaped.
        headers: Text above each column.
        captions: Text under each column.
        columns: How many there are to a band; None: as many as fit, at most ten.
        most: By label of rows that are no images but values: the largest one that is told apart.
            They are drawn in colours, with a bar.
    """
    first = next(iter(rows.values()))
    count = len(first)
    columns = columns or _columns(first)
    axes = parent.subplots(math.ceil(count / columns) * len(rows), columns, squeeze=False)
    for row, (name, images) in enumerate(rows.items()):
        for index, image in enumerate(images):
            band, column = divmod(index, columns)
            ax = axes[band * len(rows) + row, column]
            _show(ax, image, (most or {}).get(name))
            if column == 0:
                ax.set_ylabel(name, rotation=0, ha="right", va="center")
            if headers and row == 0:
                ax.set_title(_short(headers[index]), fontsize=SMALL)
            if captions and row == len(rows) - 1:
                ax.set_xlabel(captions[index], fontsize=SMALL)
    for row, name in enumerate(rows):
        for of_row in axes[row :: len(rows)] if name in (most or {}) else ():
            parent.colorbar(of_row[0].images[0], ax=of_row.tolist(), pad=0.01, aspect=8)
    for ax in axes.flat:
        if not ax.images:
            ax.remove()
