"""What is known of a source before anything is made of it: labels, sizes, channels, damage."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from denoising_pipeline.images.files import ImageError, Pages, Picture, page_name
from denoising_pipeline.images.idx import Array
from denoising_pipeline.images.options import PairNames
from denoising_pipeline.images.pair_names import Pair, matched
from denoising_pipeline.images.pairs import mismatch
from denoising_pipeline.images.pixels import narrowest
from denoising_pipeline.images.source import Source, some

OpenShape: TypeAlias = tuple[int | None, int | None, int]
"""(H, W, C) of all images; H and W are None where they differ."""

FileFacts: TypeAlias = dict[str, Any]
"""`shape`, `sha256` and, of an image file, `dtype`, what of it is left out as `note` and, of a
recording, `rate`; of a file of several pages `sha256` and `pages`: all else of each good one, and
its number `page`, from 1."""


class Place(NamedTuple):
    """Where an image is.

    Attributes:
        file: Path within its source.
        page: From 1; None: the file has one.
    """

    file: str
    page: int | None = None


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


def images_in(files: Mapping[str, FileFacts]) -> dict[str, tuple[Place, FileFacts]]:
    """Return every image of good files by its name, in order: where it is, and its facts.

    Args:
        files: Of the manifest.
    """
    found: dict[str, tuple[Place, FileFacts]] = {}
    for path, facts in files.items():
        for page in facts.get("pages", ()):
            name = page_name(path, page["page"] - 1)
            found[name] = Place(path, page["page"]), page
        if "pages" not in facts:
            found[path] = Place(path), facts
    return found


def of_one_stack(manifest: Mapping[str, Any]) -> str | None:
    """Return what to say of scores where all images are pages of one file, or of a pair of files.

    Args:
        manifest: `files`, and of pairs `pairs`, are read, as ingestion records them.
    """
    images = images_in(manifest["files"]) if manifest.get("kind") != "idx" else {}
    noisy = [pair["noisy"] for pair in manifest.get("pairs", {}).values()]
    stacks = {images[name][0].file for name in noisy or images}
    if len(stacks) != 1 or not all(place.page for place, _ in images.values()):
        return None
    return (
        f"All images are pages of {stacks.pop()}, and its last pages are what is judged by. They "
        "were not learnt from, but are like those that were, as pages of one file are: the scores "
        "tell little of other files."
    )


def larger_than(manifest: Mapping[str, Any], names: Iterable[str], side: int) -> list[bool]:
    """Return whether files hold more of images than their middle of so many pixels.

    Args:
        manifest: `files`, and of pairs `pairs`, are read, as ingestion records them.
        names: Of the images, or of their pairs.
        side: Height and width of the middle.
    """
    images, pairs = images_in(manifest["files"]), manifest.get("pairs", {})
    found = (pairs[name]["noisy"] if name in pairs else name for name in names)
    return [max(images[name][1]["shape"][:2]) > side for name in found]


def inspect_folder(source: Source) -> tuple[dict[str, FileFacts], dict[str, str]]:
    """Decode every image of a folder, one at a time.

    Args:
        source: A folder.

    Returns:
        By name, in order: the facts of the good files, and why others, or pages, cannot be used.
    """
    facts: dict[str, FileFacts] = {}
    faults: dict[str, str] = {}
    for name in source.files:
        good: list[FileFacts] = []
        try:
            with source.pages(name) as pages:
                for page in range(pages.count):
                    try:
                        good.append(_facts(pages, page, pages.read(page)))
                    except ImageError as error:
                        faults[pages.name_of(page)] = str(error)
        except ImageError as error:
            faults[name] = str(error)
        if good:
            facts[name] = _of_file(source, name, good)
    return facts, faults


def inspect_pairs(
    source: Source, names: PairNames
) -> tuple[dict[str, FileFacts], dict[str, Pair], dict[str, str]]:
    """Decode every pair of a folder, one at a time; two stacks are paired page by page.

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
        good: tuple[list[FileFacts], list[FileFacts]] = ([], [])
        try:
            with source.pages(pair.clean) as clean, source.pages(pair.noisy) as noisy:
                if clean.count != noisy.count:
                    faults[name] = (
                        f"'{pair.clean}' has {_pages(clean)} and '{pair.noisy}' {_pages(noisy)}: "
                        "save as many of both"
                    )
                    continue
                for page in range(clean.count):
                    both = Pair(clean.name_of(page), noisy.name_of(page))
                    called = page_name(name, page) if clean.count > 1 else name
                    try:
                        pictures = clean.read(page), noisy.read(page)
                    except ImageError as error:
                        faults[called] = str(error)
                        continue
                    if fault := mismatch(*(picture.pixels for picture in pictures)):
                        faults[called] = f"'{both.clean}' and '{both.noisy}' {fault}"
                        continue
                    pairs[called] = both
                    for each, pages, picture in zip(good, (clean, noisy), pictures, strict=True):
                        each.append(_facts(pages, page, picture))
        except ImageError as error:
            faults[name] = str(error)
        for path, each in zip(pair, good, strict=True):
            if each:
                facts[path] = _of_file(source, path, each)
    return facts, pairs, dict(sorted(faults.items()))


def _pages(pages: Pages) -> str:
    return f"{pages.count} page{'s' * (pages.count > 1)}"


def _facts(pages: Pages, page: int, picture: Picture) -> FileFacts:
    """Return the facts of an image, its page among them if the file has several."""
    pixels, note, rate = picture
    facts: FileFacts = {"page": page + 1} if pages.count > 1 else {}
    facts |= {"shape": list(pixels.shape), "dtype": pixels.dtype.name}
    if pixels.dtype == np.uint16:
        facts["largest"] = int(pixels.max())
    return facts | ({"note": note} if note else {}) | ({"rate": rate} if rate else {})


def _of_file(source: Source, name: str, good: list[FileFacts]) -> FileFacts:
    """Return the facts of a file of which some images are good; it is hashed once."""
    facts = {"pages": good} if "page" in good[0] else good[0]
    return facts | {"sha256": source.sha256[name]}


def stored_bits(facts: Mapping[str, FileFacts]) -> int | None:
    """Return the bits that files of 16 need, of which cameras often use fewer: 8 to 16.

    Args:
        facts: Of the good images.

    Returns:
        Of all of them together, so that they share a scale; None: no file has 16 bits.
    """
    largest = [file["largest"] for file in facts.values() if "largest" in file]
    return narrowest(max(largest)) if largest else None


def common_rate(facts: Mapping[str, FileFacts], source: str) -> int | None:
    """Return the samples a second of the recordings of a folder; None: they are pictures.

    Args:
        facts: Of the good images.
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
        facts: Of the good images.
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
    """Return (H, W, ...) by name of each image, or for all images of IDX files."""
    files = manifest["files"]
    if manifest["kind"] == "idx":
        return {"train_images": tuple(files["train_images"]["shape"][1:])}
    return {name: tuple(facts["shape"]) for name, (_, facts) in images_in(files).items()}


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
