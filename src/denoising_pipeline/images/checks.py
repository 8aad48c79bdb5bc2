"""What is known of a source before anything is made of it: labels, sizes, channels, damage."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np

from denoising_pipeline.images.files import ImageError, Picture, narrowest
from denoising_pipeline.images.idx import Array
from denoising_pipeline.images.options import PairNames
from denoising_pipeline.images.pair_names import Pair, matched
from denoising_pipeline.images.pairs import mismatch
from denoising_pipeline.images.source import Source, some

OpenShape: TypeAlias = tuple[int | None, int | None, int]
"""(H, W, C) of all images; H and W are None where they differ."""

FileFacts: TypeAlias = dict[str, Any]
"""`shape`, `sha256` and, of an image file, `dtype`, what of it is left out as `note` and, of a
recording, `rate`."""

_QMNIST_COLUMNS = 8


def check_idx(source: Source, classes: int) -> None:
    """Check the four arrays of a source in IDX form.

    Args:
        source: The source.
        classes: Labels lie in [0, classes).

    Raises:
        ValueError: Images are no uint8 (N, H, W), there are none, those of
            training and test differ in size, or labels do not belong to them; the file is named.
    """
    for split in ("train", "test"):
        images, labels = source.arrays[f"{split}_images"], source.arrays[f"{split}_labels"]
        where = f"{source.name}/{source.files[f'{split}_images']}"
        if images.dtype != np.uint8 or images.ndim != 3:  # noqa: PLR2004
            raise ValueError(
                f"{where}: images are expected as unsigned bytes (N, H, W), not {images.dtype} "
                f"{images.shape}."
            )
        if not images.size:
            raise ValueError(f"{where} holds no images.")
        where = f"{source.name}/{source.files[f'{split}_labels']}"
        check_labels(labels, len(images), classes, where)
    train, test = (source.arrays[f"{split}_images"].shape[1:] for split in ("train", "test"))
    if train != test:
        raise ValueError(
            f"{source.name}: training images are {train[0]}x{train[1]} pixels and test images "
            f"{test[0]}x{test[1]}. Bring them to one size."
        )


def check_labels(labels: Array, count: int, classes: int, where: str) -> None:
    """Check that labels belong to images.

    Args:
        labels: As the file has them.
        count: Number of the images.
        classes: Labels lie in [0, classes).
        where: What errors call the file.

    Raises:
        ValueError: They are no integers, not one for each image, or outside of the classes.
    """
    if labels.ndim == 2 and labels.shape[1] == _QMNIST_COLUMNS:  # noqa: PLR2004
        raise ValueError(
            f"{where} holds {labels.shape[0]} rows of 8 numbers: the extended labels of QMNIST, "
            "of which the first column is the class and the others tell of writer and origin. "
            "Save the first column alone (denoising_pipeline.images.idx.write_idx)."
        )
    if labels.ndim != 1 or len(labels) != count:
        raise ValueError(
            f"{where}: there are {count} images and labels of shape {labels.shape}: the two files "
            "do not belong together."
        )
    if labels.dtype.kind not in "iu":
        raise ValueError(
            f"{where}: labels are {labels.dtype}. Save them as integers, such as "
            "labels.astype('uint8')."
        )
    wrong = np.flatnonzero((labels < 0) | (labels >= classes))
    if wrong.size:
        raise ValueError(
            f"{where}: the label at index {wrong[0]} is {labels[wrong[0]]}, but labels run from 0 "
            f"to {classes - 1}. Set ingestion.classes if the source has more."
        )


RECORDED = ("pairs", "noisy")
"""Kinds of sources whose noise came with the images."""


def inspect_folder(source: Source) -> tuple[dict[str, FileFacts], dict[str, str]]:
    """Decode every image file of a folder, one at a time.

    Args:
        source: A folder.

    Returns:
        By name, in order: the facts of the good files, and why others cannot be used.
    """
    facts: dict[str, FileFacts] = {}
    faults: dict[str, str] = {}
    for name in source.files:
        try:
            facts[name] = _facts(source, name, source.picture(name))
        except ImageError as error:
            faults[name] = str(error)
    return facts, faults


def inspect_pairs(
    source: Source, names: PairNames
) -> tuple[dict[str, FileFacts], dict[str, Pair], dict[str, str]]:
    """Decode every pair of a folder, one at a time.

    Args:
        source: A folder.
        names: How the two files of a pair are named.

    Returns:
        By path, the facts of the files of good pairs; by name, these pairs; and by name, or path
        of a file that has none, why others cannot be used.
    """
    found, faults = matched(source.files, names)
    facts: dict[str, FileFacts] = {}
    pairs: dict[str, Pair] = {}
    for name, pair in found.items():
        try:
            pictures = [source.picture(path) for path in pair]
        except ImageError as error:
            faults[name] = str(error)
            continue
        if fault := mismatch(*(picture.pixels for picture in pictures)):
            faults[name] = f"'{pair.clean}' and '{pair.noisy}' {fault}"
            continue
        pairs[name] = pair
        for path, picture in zip(pair, pictures, strict=True):
            facts[path] = _facts(source, path, picture)
    return facts, pairs, dict(sorted(faults.items()))


def _facts(source: Source, name: str, picture: Picture) -> FileFacts:
    pixels, note, rate = picture
    kept = {"dtype": pixels.dtype.name, "sha256": source.sha256[name]}
    facts: dict[str, Any] = {"shape": list(pixels.shape), **kept}
    if pixels.dtype == np.uint16:
        facts["largest"] = int(pixels.max())
    return facts | ({"note": note} if note else {}) | ({"rate": rate} if rate else {})


def stored_bits(facts: Mapping[str, FileFacts]) -> int | None:
    """Return the bits that files of 16 need, of which cameras often use fewer: 8 to 16.

    Args:
        facts: Of the good files.

    Returns:
        Of all of them together, so that they share a scale; None: no file has 16 bits.
    """
    largest = [file["largest"] for file in facts.values() if "largest" in file]
    return narrowest(max(largest)) if largest else None


def common_rate(facts: Mapping[str, FileFacts], source: str) -> int | None:
    """Return the samples a second of the recordings of a folder; None: they are pictures.

    Args:
        facts: Of the good files.
        source: Name of the folder.

    Raises:
        ValueError: There are several rates, or recordings beside pictures; some are named.
    """
    rates: dict[int | None, list[str]] = {}
    for name, fact in facts.items():
        rates.setdefault(fact.get("rate"), []).append(name)
    if len(rates) > 1:
        found = "; ".join(
            f"{f'{rate} Hz' if rate else 'pictures'}: {some(names)}"
            for rate, names in rates.items()
        )
        raise ValueError(
            f"{source}: recordings of one sampling rate are needed, without pictures beside them, "
            f"and there are several ({found}). Resample them, or make a folder for each rate."
        )
    return next(iter(rates), None)


def folder_channels(facts: Mapping[str, FileFacts], wanted: int | None, source: str) -> int:
    """Return the number of channels that the images of a folder come to have.

    Args:
        facts: Of the good files.
        wanted: `ingestion.channels`.
        source: Name of the folder.

    Raises:
        ValueError: Grey and colour are mixed, and nothing is wanted.
    """
    grey = [name for name, fact in facts.items() if fact["shape"][2] == 1]
    if wanted is not None:
        return wanted
    if grey and len(grey) < len(facts):
        raise ValueError(
            f"{source}: {len(grey)} of {len(facts)} images are grey ({some(grey)}), the others "
            "are in colour. Set ingestion.channels to 3 (grey is repeated) or to 1 (colour becomes "
            "its luma)."
        )
    return 1 if grey else 3


def common_shape(shapes: Iterable[tuple[int, ...]], channels: int) -> OpenShape:
    """Return the height and width that all images have, or None for them, and the channels."""
    sizes = {shape[:2] for shape in shapes}
    if len(sizes) > 1:
        return None, None, channels
    ((height, width),) = sizes
    return height, width, channels


def open_shape(manifest: Mapping[str, Any]) -> OpenShape:
    """Return the height and width that all images of a source have, or None, and the channels.

    Args:
        manifest: `kind`, `channels` and `files` are read, as ingestion records them.
    """
    return common_shape(image_shapes(manifest).values(), manifest["channels"])


def image_shapes(manifest: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Return (H, W, ...) by name of each image file, or for all images of IDX files."""
    files = manifest["files"]
    if manifest["kind"] == "idx":
        return {"train_images": tuple(files["train_images"]["shape"][1:])}
    return {name: tuple(file["shape"]) for name, file in files.items()}


def check_sound(source: str, rate: int | None, key: str, wanted: int | None) -> None:
    """Check that what is for recordings has recordings of its sampling rate, and only these.

    Args:
        source: Name of the folder.
        rate: Samples a second of its recordings; None: it has pictures.
        key: Of the parameters.
        wanted: Samples a second that this is for; None: pictures.

    Raises:
        ValueError: It is not so.
    """
    if rate == wanted:
        return
    has = f"recordings of {rate} Hz" if rate else "pictures"
    takes = f"recordings of {wanted} Hz" if wanted else "pictures"
    advice = (
        f"Set {key}.rate to {rate}, if it has that, or resample them"
        if rate and wanted
        else "For recordings: kedro run --env sound"
        if rate
        else "Choose a source of WAV files, or what is for pictures"
    )
    raise ValueError(f"{source} has {has}, and {key} is for {takes}. {advice}.")


def widest(dtypes: Iterable[str]) -> str:
    """Return the type that holds every value of all: uint8, uint16 or float32."""
    return max(dtypes, key=("uint8", "uint16", "float32").index)


def check_sizes(shapes: Mapping[str, tuple[int, ...]], smallest: int) -> None:
    """Check that images are large enough for every metric.

    Args:
        shapes: (H, W, ...) by name of a file.
        smallest: Least height and width.

    Raises:
        ValueError: Some are smaller; they are named.
    """
    small = [name for name, shape in shapes.items() if min(shape[:2]) < smallest]
    if small:
        height, width = shapes[small[0]][:2]
        raise ValueError(
            f"{some(small)}: {height}x{width} pixels are too few, a metric needs "
            f"{smallest}x{smallest}. Use larger images, or leave ssim out of evaluation.metrics."
        )
