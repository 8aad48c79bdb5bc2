"""Checks of what a source delivers, the record of what it was, and the images that are taken."""

import logging
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from denoising_pipeline.core.seeding import generator
from denoising_pipeline.degradations import NoiseInjectionParameters
from denoising_pipeline.degradations.recorded import check_recorded
from denoising_pipeline.evaluation.metrics import smallest_side
from denoising_pipeline.evaluation.options import EvaluationParameters
from denoising_pipeline.images.arrays import Bytes
from denoising_pipeline.images.checks import (
    RECORDED,
    check_idx,
    check_sizes,
    check_sound,
    common_rate,
    folder_channels,
    image_shapes,
    images_in,
    inspect_folder,
    inspect_pairs,
    of_one_stack,
    open_shape,
    stored_bits,
    widest,
)
from denoising_pipeline.images.options import IngestionParameters, PreprocessingParameters
from denoising_pipeline.images.pair_names import chosen_names
from denoising_pipeline.images.pixels import Pixels, widened, with_channels, with_depth
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.images.source import Source, some
from denoising_pipeline.images.splits import folder_table, idx_table
from denoising_pipeline.training.options import TrainingParameters
from denoising_pipeline.training.sources import check_without_clean

logger = logging.getLogger(__name__)


def check_source(raw_source: Source, source: str, ingestion: IngestionParameters) -> dict[str, Any]:
    """Check a source before anything is made of it, and record what it is.

    Args:
        raw_source: What lies in the folder.
        source: Name of the source by the parameters.
        ingestion: All but `limit` is read.

    Returns:
        `source`, `licence` and `digest` of the source; `kind`: idx, folder, pairs or noisy;
        `channels` of its images; `files`: `shape` and `sha256` by name, and of image files `dtype`
        and what of them is not read (`note`), of those of 16 bits the `largest` value, of files of
        several pages `pages`, each with all of this but the `sha256`, and `bits`: those that all of
        them need, which stand for the whole range; of pairs `pairs`: the clean and the noisy image
        by name; of recordings their `rate` in samples a second; `left_out`: the reason by name. An
        image that is a page is named by file and page, such as `cells.tif:3`.

    Raises:
        ValueError: Something is wrong with the source.
    """
    if source != raw_source.name:
        raise ValueError(
            f"source is {source!r}, but the catalog reads {raw_source.name!r}. Set it in "
            "globals.yml, or by --params source=<folder>."
        )
    names = None if ingestion.noisy else chosen_names(raw_source.files, ingestion.pairs)
    left_out: dict[str, str] = {}
    more: dict[str, Any] = {}
    if raw_source.kind == "idx":
        files, channels = _check_idx(raw_source, ingestion), 1
    else:
        if names:
            files, pairs, left_out = inspect_pairs(raw_source, names)
            more = {"pairs": {name: pair._asdict() for name, pair in pairs.items()}}
            _report(raw_source.name, "pairs", len(pairs), left_out, ingestion)
        else:
            files, left_out = inspect_folder(raw_source)
            stacks = any("pages" in file for file in files.values())
            what = "image files and pages" if stacks else "image files"
            _report(raw_source.name, what, len(images_in(files)), left_out, ingestion)
        facts = {name: fact for name, (_, fact) in images_in(files).items()}
        _say_pages(raw_source.name, files, ingestion)
        _say_notes(raw_source.name, facts)
        channels = folder_channels(facts, ingestion.channels, raw_source.name)
        if rate := common_rate(facts, raw_source.name):
            more["rate"] = rate
        if bits := stored_bits(facts):
            more["bits"] = bits
            said = f"%s: the images of 16 bits need {bits}; {2**bits - 1:,} is white."
            logger.info(said, raw_source.name)
    manifest = {
        "source": raw_source.name,
        "kind": _kind(raw_source, ingestion, paired="pairs" in more),
        "licence": raw_source.licence,
        "digest": raw_source.digest,
        "channels": channels,
        "files": files,
        **more,
        "left_out": left_out,
    }
    if warning := of_one_stack(manifest):
        logger.warning("%s: %s", raw_source.name, warning)
    return manifest


def check_recipe(
    source_manifest: dict[str, Any],
    preprocessing: PreprocessingParameters,
    noise_injection: NoiseInjectionParameters,
    training: TrainingParameters,
    evaluation: EvaluationParameters,
) -> None:
    """Check that a source can be trained on and scored, before time is spent on it.

    Args:
        source_manifest: The record of `check_source`.
        preprocessing: `shrink` is read.
        noise_injection: Recorded noise is that of pairs.
        training: The architecture is asked whether it can process the images.
        evaluation: `metrics` are read.

    Raises:
        ValueError: Recordings would be trained on as pictures, or the reverse; noise would be drawn
            on pairs, or is not there to be read, or would be averaged away; images are too small
            for a metric, or they or patches are of no size for the architecture, or images are of
            several sizes without patches.
    """
    kind, source = source_manifest["kind"], source_manifest["source"]
    rate = source_manifest.get("rate")
    check_sound(source, rate, "training.model", training.model.sample_rate)
    if noise_injection.root.sample_rate:
        check_sound(source, rate, "noise_injection", noise_injection.root.sample_rate)
    recorded = kind in RECORDED
    check_recorded(noise_injection.root, recorded, source)
    if kind == "noisy":
        check_without_clean(training.objective, source)
    if recorded and preprocessing.shrink:
        raise ValueError(
            f"preprocessing.shrink is {list(preprocessing.shrink)}, which would average the noise "
            f"of {source} away. Set it to []."
        )
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
        ingestion: `limit`, `scene` and `still` are read.
        preprocessing: `test_images` is read, for a folder without `train/` and `test/`.

    Returns:
        A row per image, train before test: `split`, `index` (its position in `train_images` or
        `test_images`), `label` (missing where there is none); for image files `name`, of the file,
        the page or the pair, and, as `folder_table` says, `scene`, `page` and `shots`.

    Raises:
        ValueError: There are too few images, or it is not clear which are for the test.
    """
    if raw_source.kind == "idx":
        labels = {split: raw_source.arrays[f"{split}_labels"] for split in ("train", "test")}
        return idx_table(labels, ingestion.limit)
    places = {name: place for name, (place, _) in images_in(source_manifest["files"]).items()}
    if pairs := source_manifest.get("pairs"):
        pages = {name: places[pair["clean"]].page for name, pair in pairs.items()}
    else:
        pages = {name: place.page for name, place in places.items()}
    return folder_table(
        raw_source.name,
        [*pages],
        preprocessing.test_images,
        ingestion.limit,
        generator(0, "split", "test"),
        source_manifest["left_out"],
        ingestion.scene,
        {name: page for name, page in pages.items() if page},
        ingestion.still,
    )


def take_images(
    raw_source: Source,
    source_manifest: dict[str, Any],
    image_table: pd.DataFrame,
) -> tuple[Bytes | ImageSet, Bytes | ImageSet, ImageSet]:
    """Take the images that the table lists.

    Args:
        raw_source: What lies in the folder.
        source_manifest: The record of `check_source`.
        image_table: The table of `list_images`.

    Returns:
        Train and test images, clean ones of pairs: uint8 (N, H, W) of IDX files; of image files a
        set of the least type that holds every one of them: uint8, uint16 or float32. And the noisy
        images of pairs, in the order of the table; of other sources there are none.
    """
    train, test = (image_table[image_table["split"] == split] for split in ("train", "test"))
    if raw_source.kind == "idx":
        arrays = raw_source.arrays
        taken = arrays["train_images"][: len(train)], arrays["test_images"][: len(test)]
        return *taken, ImageSet.collect((), (), np.uint8)
    pairs = source_manifest.get("pairs", {})
    images = images_in(source_manifest["files"])
    dtype = widest(facts["dtype"] for _, facts in images.values())
    channels = source_manifest["channels"]

    def taken_as(pixels: Pixels) -> Pixels:
        whole = widened(pixels, source_manifest.get("bits"))
        return with_depth(with_channels(whole, channels), dtype)

    def decoded(names: list[str]) -> Iterator[Pixels]:
        places = (images[name][0] for name in names)
        for path, pages in groupby(places, lambda place: place.file):
            with raw_source.pages(path) as opened:
                for _, page in pages:
                    yield taken_as(opened.read((page or 1) - 1).pixels)

    def collected(names: Iterable[str]) -> ImageSet:
        names = list(names)
        shapes = [(*images[name][1]["shape"][:2], channels) for name in names]
        return ImageSet.collect(decoded(names), shapes, dtype)

    if source_manifest["kind"] == "noisy":
        return collected(()), collected(()), collected(image_table["name"])
    if not pairs:
        return collected(train["name"]), collected(test["name"]), collected(())

    def side(which: str, rows: pd.DataFrame) -> ImageSet:
        return collected(pairs[name][which] for name in rows["name"])

    return side("clean", train), side("clean", test), side("noisy", image_table)


def _kind(source: Source, ingestion: IngestionParameters, *, paired: bool) -> str:
    if paired:
        return "pairs"
    return "noisy" if ingestion.noisy else source.kind


def _check_idx(source: Source, ingestion: IngestionParameters) -> dict[str, dict[str, Any]]:
    check_idx(source, ingestion.classes)
    for name in ("pairs", "scene", "still", "noisy"):
        if getattr(ingestion, name):
            raise ValueError(
                f"ingestion.{name} is about image files, and {source.name} consists of IDX files. "
                "Choose a folder of image files by --params source=<folder>, or leave it out."
            )
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
    source: str, what: str, good: int, left_out: dict[str, str], ingestion: IngestionParameters
) -> None:
    reasons = "\n  ".join(left_out.values())
    if left_out and not ingestion.skip_bad:
        raise ValueError(
            f"{source}: {len(left_out)} of {good + len(left_out)} {what} cannot be used. Replace "
            f"or remove them, or set ingestion.skip_bad to true:\n  {reasons}"
        )
    if left_out:
        logger.warning("%s: %d %s are left out:\n  %s", source, len(left_out), what, reasons)
    if not good:
        raise ValueError(f"{source}: none of its {what} is left.")


def _say_pages(
    source: str, files: dict[str, dict[str, Any]], ingestion: IngestionParameters
) -> None:
    pages = {name: len(file["pages"]) for name, file in files.items() if "pages" in file}
    if pages:
        logger.info(
            "%s: %d pages in %d stack%s (%s), each an image of its own. Those of a stack are one "
            "scene, taken for %s (ingestion.still).",
            source,
            sum(pages.values()),
            len(pages),
            "s" * (len(pages) > 1),
            some([*pages]),
            "shots of the same" if ingestion.still else "slices or moments that differ",
        )


def _say_notes(source: str, files: dict[str, dict[str, Any]]) -> None:
    for note in sorted({file["note"] for file in files.values() if "note" in file}):
        names = [name for name, file in files.items() if file.get("note") == note]
        logger.warning("%s, %s: %s", source, some(names), note)
