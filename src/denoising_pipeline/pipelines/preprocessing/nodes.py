"""The split into train, val and test, and the scaling to [0, 1]."""

import logging

import pandas as pd

from denoising_pipeline.core.seeding import generator
from denoising_pipeline.images.arrays import Bytes, Images, as_images
from denoising_pipeline.images.options import IngestionParameters, PreprocessingParameters
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.images.shrink import shrunk
from denoising_pipeline.images.splits import (
    hold_out_pages,
    hold_out_scenes,
    hold_out_validation,
)

logger = logging.getLogger(__name__)


def split_source(
    image_table: pd.DataFrame,
    ingestion: IngestionParameters,
    preprocessing: PreprocessingParameters,
    seed: int,
) -> pd.DataFrame:
    """Hold out some of the training images for validation, each class in proportion.

    Where scenes are known, whole ones are held out, but of a stack that is larger than that the
    last pages.

    Args:
        image_table: A row per image: `split` (train or test), `index`, `label` and perhaps `name`,
            `scene` and `page`.
        ingestion: `limit` is read, for the message.
        preprocessing: `validation_images` is read.
        seed: Root seed.

    Returns:
        The same rows in the order train, val, test, `index` still being the position in
        `train_images` or `test_images`.

    Raises:
        ValueError: As many validation images are asked for as there are images.
    """
    train, test = (image_table[image_table["split"] == split] for split in ("train", "test"))
    wanted, count = preprocessing.validation_images, len(train)
    if wanted >= count:
        limited = " (ingestion.limit)" if count == ingestion.limit else ""
        raise ValueError(
            f"preprocessing.validation_images is {wanted}, but there are {count} images to train "
            f"on{limited}: none would be left. Lower it{', or raise the limit' * bool(limited)}."
        )
    draws = generator(seed, "split", "val")
    if "page" in train and (apart := hold_out_pages(train, wanted)):
        kept, held_out = apart
        logger.info(
            "The epoch is chosen by the last %d pages of %s; the others are learnt from.",
            wanted,
            train["scene"].iloc[held_out[0]],
        )
    elif "scene" in train:
        kept, held_out = hold_out_scenes(train["scene"].tolist(), wanted, draws)
        if not kept.size:
            raise ValueError(
                f"All images to train on are of one scene, {train['scene'].iloc[0]!r}: none would "
                "be left beside those for validation. Add images of others, or correct "
                "ingestion.scene."
            )
    else:
        kept, held_out = hold_out_validation(train["label"], wanted, draws)
    val = train.iloc[held_out].assign(split="val")
    return pd.concat([train.iloc[kept], val, test], ignore_index=True)


def normalize_train_images(
    train_images: Bytes | ImageSet, splits: pd.DataFrame, preprocessing: PreprocessingParameters
) -> tuple[Images | ImageSet, Images | ImageSet]:
    """Hand the training images to their splits, scaled to [0, 1].

    Args:
        train_images: uint8 (N, H, W), or a set, empty where there are no clean images.
        splits: The table of `split_source`.
        preprocessing: `shrink` is read, for sets: training images are taken at each of its sizes.

    Returns:
        Train and val images: float32 (N, H, W, 1), or sets of the type that the images came with,
        which scale what is read of them, or of uint16 if they are shrunk.
    """
    if isinstance(train_images, ImageSet) and not len(train_images):
        return train_images, train_images
    index = splits.groupby("split")["index"]
    train, val = (index.get_group(split).to_numpy() for split in ("train", "val"))
    if isinstance(train_images, ImageSet):
        factors = preprocessing.shrink
        parts = (train_images.take(train), train_images.take(val))
        return shrunk(parts[0], factors), shrunk(parts[1], factors, once=True)
    return as_images(train_images, train), as_images(train_images, val)


def normalize_test_images(
    test_images: Bytes | ImageSet, preprocessing: PreprocessingParameters
) -> Images | ImageSet:
    """Scale the test images; see `normalize_train_images`. Shrunk, each is taken once.

    Of sets the middles of `preprocessing.test_side` are taken.
    """
    if isinstance(test_images, ImageSet):
        small = shrunk(test_images, preprocessing.shrink, once=True)
        return small.middles(preprocessing.test_side)
    return as_images(test_images)
