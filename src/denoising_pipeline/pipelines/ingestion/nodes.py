"""Checks of what a source delivers, the record of what it was, and the images that are taken."""

import logging
from typing import Any

import pandas as pd

from denoising_pipeline.core.seeding import generator
from denoising_pipeline.evaluation.metrics import smallest_side
from denoising_pipeline.evaluation.options import EvaluationParameters
from denoising_pipeline.images.arrays import Bytes
from denoising_pipeline.images.checks import (
    check_idx,
    check_sizes,
    folder_channels,
    image_shapes,
    inspect_folder,
    open_shape,
    widest,
)
from denoising_pipeline.images.files import with_channels, with_depth
from denoising_pipeline.images.options import IngestionParameters, PreprocessingParameters
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.images.source import Source, some
from denoising_pipeline.images.splits import folder_table, idx_table
from denoising_pipeline.training.options import TrainingParameters

logger = logging.getLogger(__name__)


def check_source(raw_source: Source, source: str, ingestion: IngestionParameters) -> dict[str, Any]:
    """Check a source before anything is made of it, and record what it is.

    Args:
        raw_source: What lies in the folder.
        source: Name of the source by the parameters.
        ingestion: `classes`, `channels` and `skip_bad` are read.

    Returns:
        `source`, `kind`, `licence` and `digest` of the source; `channels` of its images; `files`:
        `shape` and `sha256` by name, and of image files `dtype` and what of them is not read
        (`note`); `left_out`: the reason by name.

    Raises:
        ValueError: Something is wrong with the source.
    """
    if source != raw_source.name:
        raise ValueError(
            f"source is {source!r}, but the catalog reads {raw_source.name!r}. Set it in "
            "globals.yml, or by --params source=<folder>."
        )
    left_out: dict[str, str] = {}
    if raw_source.kind == "idx":
        files, channels = _check_idx(raw_source, ingestion), 1
    else:
        files, left_out = inspect_folder(raw_source)
        _report(raw_source.name, files, left_out, ingestion)
        channels = folder_channels(files, ingestion.channels, raw_source.name)
    return {
        "source": raw_source.name,
        "kind": raw_source.kind,
        "licence": raw_source.licence,
        "digest": raw_source.digest,
        "channels": channels,
        "files": files,
        "left_out": left_out,
    }


def check_recipe(
    source_manifest: dict[str, Any], training: TrainingParameters, evaluation: EvaluationParameters
) -> None:
    """Check that a source can be trained on and scored, before time is spent on it.

    Args:
        source_manifest: The record of `check_source`.
        training: The architecture is asked whether it can process the images.
        evaluation: `metrics` are read.

    Raises:
        ValueError: Images are too small for a metric, or they or patches are of no size for the
            architecture, or images are of several sizes without patches.
    """
    check_sizes(image_shapes(source_manifest), smallest_side(evaluation.metrics))
    shape = open_shape(source_manifest)
    training.model.check(shape)
    _check_patch(training)
    if shape[0] is None and training.patch is None:
        raise ValueError(
            f"{source_manifest['source']}: the images differ in size, and training.patch is null. "
            "Set it to the height and width of the patches to train on, such as 96."
        )


def _check_patch(training: TrainingParameters) -> None:
    model, patch = training.model, training.patch
    if patch and not model.any_size:
        raise ValueError(
            f"training.patch is {patch}, but the architecture {model.name!r} is built for images "
            "of one size. Set training.patch to null, or training.model.name=unet."
        )


def list_images(
    raw_source: Source,
    source_manifest: dict[str, Any],
    ingestion: IngestionParameters,
    preprocessing: PreprocessingParameters,
) -> pd.DataFrame:
    """List the images that are taken, and hold out those for the test if the source does not.

    The test images of a source are the same for every seed, as those of IDX files are.

    Args:
        raw_source: What lies in the folder.
        source_manifest: The record of `check_source`.
        ingestion: `limit` is read.
        preprocessing: `test_images` is read, for a folder without `train/` and `test/`.

    Returns:
        A row per image, train before test: `split`, `index` (its position in `train_images` or
        `test_images`), `label` (missing where there is none) and, for image files, `name`.

    Raises:
        ValueError: There are too few images, or it is not clear which are for the test.
    """
    if raw_source.kind == "idx":
        labels = {split: raw_source.arrays[f"{split}_labels"] for split in ("train", "test")}
        return idx_table(labels, ingestion.limit)
    return folder_table(
        raw_source.name,
        list(source_manifest["files"]),
        preprocessing.test_images,
        ingestion.limit,
        generator(0, "split", "test"),
        source_manifest["left_out"],
    )


def take_images(
    raw_source: Source,
    source_manifest: dict[str, Any],
    image_table: pd.DataFrame,
) -> tuple[Bytes | ImageSet, Bytes | ImageSet]:
    """Take the images that the table lists.

    Args:
        raw_source: What lies in the folder.
        source_manifest: The record of `check_source`.
        image_table: The table of `list_images`.

    Returns:
        Train and test images: uint8 (N, H, W) of IDX files; of image files a set of the least type
        that holds every one of them: uint8, uint16 or float32.
    """
    train, test = (image_table[image_table["split"] == split] for split in ("train", "test"))
    if raw_source.kind == "idx":
        arrays = raw_source.arrays
        return arrays["train_images"][: len(train)], arrays["test_images"][: len(test)]
    files = source_manifest["files"]
    dtype = widest(file["dtype"] for file in files.values())
    channels = source_manifest["channels"]

    def collected(names: list[str]) -> ImageSet:
        pictures = (raw_source.picture(name).pixels for name in names)
        return ImageSet.collect(
            (with_depth(with_channels(pixels, channels), dtype) for pixels in pictures),
            [(*files[name]["shape"][:2], channels) for name in names],
            dtype,
        )

    return collected(train["name"].tolist()), collected(test["name"].tolist())


def _check_idx(source: Source, ingestion: IngestionParameters) -> dict[str, dict[str, Any]]:
    check_idx(source, ingestion.classes)
    if ingestion.channels not in {None, 1}:
        raise ValueError(
            f"ingestion.channels is {ingestion.channels}, but {source.name} consists of IDX files, "
            "which are grey. Set it to null."
        )
    return {
        name: {"shape": list(array.shape), "sha256": source.sha256[name]}
        for name, array in source.arrays.items()
    }


def _report(
    source: str,
    files: dict[str, dict[str, Any]],
    left_out: dict[str, str],
    ingestion: IngestionParameters,
) -> None:
    reasons = "\n  ".join(left_out.values())
    if left_out and not ingestion.skip_bad:
        raise ValueError(
            f"{source}: {len(left_out)} of {len(files) + len(left_out)} image files cannot be "
            f"used. Replace or remove them, or set ingestion.skip_bad to true:\n  {reasons}"
        )
    if left_out:
        logger.warning("%s: %d image files are left out:\n  %s", source, len(left_out), reasons)
    if not files:
        raise ValueError(f"{source}: no image file is left.")
    for note in sorted({file["note"] for file in files.values() if "note" in file}):
        names = [name for name, file in files.items() if file.get("note") == note]
        logger.warning("%s, %s: %s", source, some(names), note)
