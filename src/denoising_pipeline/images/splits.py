"""Which image belongs to which split: by whole images, never by patches."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from denoising_pipeline.images.idx import Array
from denoising_pipeline.images.sets import ImageSet
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
    scene: str | None = None,
    pages: Mapping[str, int] | None = None,
    still: bool = False,
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
        scene: Regular expression that finds the scene in a name, which is held out whole; None:
            every image is one, and all pages of a file are one.
        pages: The number of each image that is a page of a file of several; its scene is found in
            the name of the file.
        still: The pages of a file are shots of one still scene.

    Returns:
        A row per image, train before test: `split`, `index`, `label` (missing), `name` and, if
        scenes are to be found or there are pages, `scene`; if there are pages, `page` (missing of a
        file of one) and `shots`: equal for images that differ by their noise alone. Those are all
        of a scene if it is still, and the same page of the files of a scene.
        All images being pages of one file, its last ones are for the test.

    Raises:
        ValueError: Some images lie beside both subfolders, one of these has no image that can be
            used, too few would be left, or a name tells no scene, or a scene is in both subfolders.
    """
    pages = pages or {}
    files = {name: name.removesuffix(f":{pages.get(name)}") for name in names}
    scenes = _scenes(source, files, scene) if scene else files
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
        train, test = ({scenes[name] for name in parts[part]} for part in PARTS)
        if both := sorted(train & test):
            raise ValueError(
                f"{source}: these scenes (ingestion.scene) are in train/ and in test/: "
                f"{some(both)}. Move all images of a scene into one of the two."
            )
    else:
        taken = names[:limit]
        alone = len({files[name] for name in taken}) == 1 and taken[0] in pages
        held_out = _hold_out(source, [scenes[name] for name in taken], test_images, draws, alone)
        parts = {
            "train": [name for i, name in enumerate(taken) if i not in held_out],
            "test": [name for i, name in enumerate(taken) if i in held_out],
        }
    tables = [
        pd.DataFrame({"split": part, "index": range(len(found)), "label": pd.NA, "name": found})
        for part, found in parts.items()
    ]
    table = pd.concat(tables, ignore_index=True).astype({"label": "Int64"})
    if not scene and not pages:
        return table
    table["scene"] = table["name"].map(scenes)
    if pages:
        table["page"] = table["name"].map(pages).astype("Int64")
        one = table["page"].isna() | still
        table["shots"] = table["scene"].where(one, table["scene"] + ":" + table["page"].astype(str))
    return table


def recorded_of(recorded: ImageSet, splits: pd.DataFrame, split: str) -> ImageSet:
    """Return the noisy images that were recorded of the clean ones of a split.

    Args:
        recorded: Of all images: those to train on, validation ones among them, then those for the
            test.
        splits: `split` and `index` of every image, `index` being the position among those to train
            on or for the test.
        split: `"train"`, `"val"` or `"test"`.
    """
    before = int((splits["split"] != "test").sum()) if split == "test" else 0
    return recorded.take(before + splits.loc[splits["split"] == split, "index"].to_numpy())


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


def hold_out_scenes(
    scenes: Sequence[str], wanted: int, draws: np.random.Generator
) -> tuple[Positions, Positions]:
    """Hold out whole scenes: about as many images as are wanted, but at least one scene.

    Args:
        scenes: Of each image.
        wanted: Images that are held out at most, unless the smallest scene has more.
        draws: Decides which.

    Returns:
        Positions of the images that are kept, of which there are none if there is one scene only,
        and of those held out.
    """
    sizes = Counter(scenes)
    names = list(sizes)
    order = [names[position] for position in draws.permutation(len(names))]
    chosen: set[str] = set()
    left = wanted
    for name in order:
        if sizes[name] <= left:
            chosen.add(name)
            left -= sizes[name]
    chosen = chosen or {min(order, key=sizes.__getitem__)}
    held_out = np.array([scene in chosen for scene in scenes])
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def hold_out_pages(table: pd.DataFrame, wanted: int) -> tuple[Positions, Positions] | None:
    """Hold out the last pages of the largest stack, where whole scenes would be too many images.

    Args:
        table: `scene` and `page` of each image, the pages of a file in order.
        wanted: Images that are held out.

    Returns:
        Positions of the images that are kept, and of those held out; None: whole scenes can be held
        out instead, or no file has enough pages.
    """
    sizes = table["scene"].value_counts()
    stacks = table[table["page"].notna() & ~table.duplicated(["scene", "page"], keep=False)]
    largest = stacks["scene"].value_counts()
    if sizes.min() <= wanted or largest.empty or largest.iloc[0] <= wanted:
        return None
    held_out = np.flatnonzero(table["scene"] == largest.index[0])[-wanted:]
    return np.delete(np.arange(len(table)), held_out), held_out


def _scenes(source: str, files: Mapping[str, str], pattern: str) -> dict[str, str]:
    """Return the scene by name of an image, found in that of its file below `train` or `test`."""
    found = {}
    for name, file in files.items():
        below = file.split("/", maxsplit=1)[1] if _top(file) in PARTS else file
        match = re.search(pattern, below)
        found[name] = (match[min(match.re.groups, 1)] or "") if match else ""
    if unknown := [name for name, scene in found.items() if not scene]:
        raise ValueError(
            f"{source}: ingestion.scene, {pattern!r}, finds no scene in {some(unknown)}. Correct "
            "it, or set it to null: then every image is a scene."
        )
    return found


def _top(name: str) -> str:
    """Return the subfolder that a path begins with, in lower case, or an empty text."""
    return name.split("/", maxsplit=1)[0].lower() if "/" in name else ""


def _hold_out(
    source: str,
    scenes: Sequence[str],
    wanted: float | None,
    draws: np.random.Generator,
    alone: bool,
) -> set[int]:
    """Return the positions of images for the test; of a stack alone, the last ones."""
    count, share = len(scenes), 1 / 6 if wanted is None else wanted
    number = max(1, round(share * count)) if share < 1 else int(share)
    if number >= count:
        raise ValueError(
            f"{source} has {count} image{'s' * (count > 1)}, and preprocessing.test_images would "
            f"hold out {number}: none would be left to train on. Add images, or lower it."
        )
    if alone:
        return set(range(count - number, count))
    kept, held_out = hold_out_scenes(scenes, number, draws)
    if not kept.size:
        raise ValueError(
            f"{source} has one scene, {scenes[0]!r} (ingestion.scene): none would be left to train "
            "on. Add others, or set it to null: then every image is a scene."
        )
    return set(held_out.tolist())


def _proportional_counts(classes: npt.NDArray[np.integer[Any]], total: int) -> dict[int, int]:
    """Divide `total` over the classes by their shares; largest remainders make up the rest."""
    found, sizes = np.unique(classes, return_counts=True)
    exact = sizes * total / len(classes)
    counts = np.floor(exact).astype(int)
    largest_remainders = np.argsort(counts - exact, kind="stable")[: total - counts.sum()]
    counts[largest_remainders] += 1
    return dict(zip(found.tolist(), counts.tolist(), strict=True))
