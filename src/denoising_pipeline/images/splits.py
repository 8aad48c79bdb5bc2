"""Which image belongs to which split: by whole images, never by patches."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from denoising_pipeline.images.idx import Array
from denoising_pipeline.images.source import some

Positions: TypeAlias = npt.NDArray[np.intp]
"""Positions of images, in ascending order."""

PARTS = ("train", "test")
"""Subfolders that decide the split if both are there."""


def idx_table(labels: Mapping[str, Array], limit: int | None) -> pd.DataFrame:
    """List the images of IDX files.

    Args:
        labels: Labels by split, `"train"` and `"test"`.
        limit: First images of each that are taken; None: all.

    Returns:
        A row per image, train before test: `split`, `index` and `label`, a nullable integer.
    """
    return pd.concat(
        [
            pd.DataFrame({"split": split, "index": np.arange(len(found)), "label": found})
            for split, found in ((split, labels[split][:limit]) for split in PARTS)
        ],
        ignore_index=True,
    ).astype({"label": "Int64"})


def folder_table(
    source: str,
    names: list[str],
    test_images: float | None,
    limit: int | None,
    draws: np.random.Generator,
    left_out: Iterable[str] = (),
) -> pd.DataFrame:
    """List the images of a folder, some of them for the test.

    Args:
        source: Name of the folder.
        names: Paths within it of the images that can be used.
        test_images: Number or share held out for the test, unless the subfolders `train` and `test`
            decide; None: a sixth, but at least one.
        limit: First images that are taken, of each of these subfolders or of all; None: all.
        draws: Decides which are held out.
        left_out: Paths of the images that cannot be used: their subfolders are there, too.

    Returns:
        A row per image, train before test: `split`, `index`, `label` (missing) and `name`.

    Raises:
        ValueError: Some images lie beside both subfolders, one of these has no image that can be
            used, or too few would be left.
    """
    tops = {name: _top(name) for name in names}
    if set(PARTS) <= {*tops.values(), *map(_top, left_out)}:
        if beside := [name for name, top in tops.items() if top not in PARTS]:
            raise ValueError(
                f"{source} has train/ and test/, and images beside them: {some(beside)}. Move them "
                "into one of the two."
            )
        if empty := [f"{part}/" for part in PARTS if part not in tops.values()]:
            raise ValueError(
                f"{source}: no image of {' and '.join(empty)} can be used. Put others there, or "
                "remove both subfolders to have some images held out for the test."
            )
        parts = {part: [n for n, top in tops.items() if top == part][:limit] for part in PARTS}
    else:
        taken = names[:limit]
        held_out = _hold_out(source, len(taken), test_images, draws)
        parts = {
            "train": [name for i, name in enumerate(taken) if i not in held_out],
            "test": [name for i, name in enumerate(taken) if i in held_out],
        }
    tables = [
        pd.DataFrame({"split": part, "index": range(len(found)), "label": pd.NA, "name": found})
        for part, found in parts.items()
    ]
    return pd.concat(tables, ignore_index=True).astype({"label": "Int64"})


def hold_out_validation(
    labels: "pd.Series[int]", wanted: int, draws: np.random.Generator
) -> tuple[Positions, Positions]:
    """Hold out images for validation, each class in proportion; without labels all are one class.

    Args:
        labels: Nullable integers, one per training image.
        wanted: Number that is held out, less than there are.
        draws: Decides which.

    Returns:
        Positions of the images to train on, and of those held out.
    """
    classes = labels.fillna(0).to_numpy()
    held_out = np.zeros(len(classes), bool)
    for label, count in _proportional_counts(classes, wanted).items():
        held_out[draws.permutation(np.flatnonzero(classes == label))[:count]] = True
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def _top(name: str) -> str:
    """Return the subfolder that a path begins with, in lower case, or an empty text."""
    return name.split("/", maxsplit=1)[0].lower() if "/" in name else ""


def _hold_out(
    source: str, count: int, wanted: float | None, draws: np.random.Generator
) -> set[int]:
    share = 1 / 6 if wanted is None else wanted
    number = max(1, round(share * count)) if share < 1 else int(share)
    if number >= count:
        raise ValueError(
            f"{source} has {count} image{'s' * (count > 1)}, and preprocessing.test_images would "
            f"hold out {number}: none would be left to train on. Add images, or lower it."
        )
    return set(draws.permutation(count)[:number].tolist())


def _proportional_counts(classes: npt.NDArray[np.integer[Any]], total: int) -> dict[int, int]:
    """Divide `total` over the classes by their shares; largest remainders make up the rest."""
    found, sizes = np.unique(classes, return_counts=True)
    exact = sizes * total / len(classes)
    counts = np.floor(exact).astype(int)
    largest_remainders = np.argsort(counts - exact, kind="stable")[: total - counts.sum()]
    counts[largest_remainders] += 1
    return dict(zip(found.tolist(), counts.tolist(), strict=True))
