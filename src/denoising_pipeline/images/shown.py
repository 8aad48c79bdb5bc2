"""Images as they are shown to people: which part of them, and what they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from denoising_pipeline.images.sets import ImageSet, middle_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import pandas as pd

    from denoising_pipeline.images.arrays import Images

SIDE = 128
"""Pixels that are shown at most, to each side, of images of different sizes."""

SAMPLES = 12_800
"""Samples of a recording that are shown at most."""

BINS = 128
"""Frequencies of a spectrogram."""

QUIETEST, LOUDEST = -90.0, -10.0
"""Decibels of a full scale that are black and white."""


def middle(images: ImageSet, position: int, height: int, width: int) -> Images:
    """Read the middle of an image, and no other part of it.

    Making it smaller instead would average its noise away.

    Args:
        images: The images.
        position: Which of them.
        height: Rows that are read at most.
        width: Columns that are read at most.

    Returns:
        float32 (h, w, C) in [0, 1].
    """
    return images.read(position, middle_of(images.shape(position), height, width))


def as_seen(images: ImageSet, position: int, height: int, width: int) -> Images:
    """Return the middle of an image, or of a recording its spectrogram.

    Args:
        images: The images.
        position: Which of them.
        height: Rows that are read at most.
        width: Columns that are read at most; of a recording `SAMPLES`.

    Returns:
        float32 (h, w, C) in [0, 1].
    """
    if images.shape(position)[0] == 1:
        return spectrogram(middle(images, position, 1, SAMPLES))
    return middle(images, position, height, width)


def spectrogram(recording: Images) -> Images:
    """Return how loud each frequency of a recording is at each time.

    Args:
        recording: float32 (1, samples, C) in [0, 1].

    Returns:
        float32 (`BINS`, frames, 1) in [0, 1], the highest frequency first: 0 is 90 dB below the
        power of a sine of full scale, or less, and 1 is 10 dB below it, or more.
    """
    amplitude = 2 * recording[0].mean(axis=1, dtype=np.float64) - 1
    frame = 2 * BINS
    padded = np.pad(amplitude, (0, max(frame - len(amplitude), 0)))
    frames = sliding_window_view(padded, frame)[:: frame // 4] * np.hanning(frame)
    power = np.square(np.abs(np.fft.rfft(frames)[:, 1:]) * 4 / frame)
    decibels = 10 * np.log10(np.maximum(power, 1e-12))
    seen = np.clip((decibels - QUIETEST) / (LOUDEST - QUIETEST), 0, 1)
    return seen.T[::-1, :, np.newaxis].astype(np.float32)


def excerpt(images: Images | ImageSet, count: int, side: int = SIDE) -> Images:
    """Return the first images as an array.

    Args:
        images: The collection; one or more.
        count: How many; fewer if there are fewer.
        side: Rows and columns that are taken at most of images of different sizes.

    Returns:
        float32 (n, H, W, C): whole images of an array; of a set the middles, all of one size.
    """
    if not isinstance(images, ImageSet):
        return images[:count]
    height, width = np.minimum(images.shapes[:count, :2].min(axis=0), side).tolist()
    shown = range(min(count, len(images)))
    return np.stack([middle(images, position, height, width) for position in shown])


def image_titles(rows: pd.DataFrame, *, numbered: bool = False) -> list[str]:
    """Return what each image is called: by its file and its label, as far as it has them.

    Args:
        rows: A row per image: `index`; `name` of the file and `label` may be absent or missing.
        numbered: Whether the index comes first; it stands in any case if there is nothing else.

    Returns:
        Titles such as `"label 7"`, `"#3, label 7"` or `"boat.png"`.
    """
    return [_title(row, numbered) for row in rows.to_dict("records")]


def _title(row: Mapping[Hashable, Any], numbered: bool) -> str:
    import pandas as pd

    known = {key: row[key] for key in ("name", "label") if key in row and not pd.isna(row[key])}
    parts = [str(known["name"])] if "name" in known else []
    parts += [f"label {known['label']:g}"] if "label" in known else []
    number = [f"#{row['index']:g}"] if numbered or not parts else []
    return ", ".join([*number, *parts])
