"""The split into train, val and test, and the scaling to [0, 1]."""

import numpy as np
import pandas as pd

from denoising_pipeline.core.seeding import generator
from denoising_pipeline.images.arrays import Bytes, Images, as_images
from denoising_pipeline.images.options import PreprocessingParameters


def split_source(
    train_labels: Bytes, test_labels: Bytes, preprocessing: PreprocessingParameters, seed: int
) -> pd.DataFrame:
    """Hold out validation images from the training file, each class in proportion.

    Args:
        train_labels: uint8 (N,), labels of the training file.
        test_labels: uint8 (M,), labels of the test file.
        preprocessing: `validation_images` is read.
        seed: Root seed.

    Returns:
        A row per image, in the order train, val, test: `split`, `index` (its position in the
        file that it came from) and `label`.

    Raises:
        ValueError: As many validation images are asked for as there are images.
    """
    wanted = preprocessing.validation_images
    if wanted >= len(train_labels):
        raise ValueError(
            f"preprocessing.validation_images is {wanted}, but the training file has "
            f"{len(train_labels)} images: none would be left to train on."
        )
    draws = generator(seed, "split", "val")
    held_out = np.zeros(len(train_labels), bool)
    for label, count in _proportional_counts(train_labels, wanted).items():
        held_out[draws.permutation(np.flatnonzero(train_labels == label))[:count]] = True
    parts = {
        "train": (np.flatnonzero(~held_out), train_labels),
        "val": (np.flatnonzero(held_out), train_labels),
        "test": (np.arange(len(test_labels)), test_labels),
    }
    return pd.concat(
        [
            pd.DataFrame({"split": split, "index": index, "label": labels[index]})
            for split, (index, labels) in parts.items()
        ],
        ignore_index=True,
    )


def _proportional_counts(labels: Bytes, total: int) -> dict[int, int]:
    """Divide `total` over the classes by their shares; largest remainders make up the rest."""
    classes, sizes = np.unique(labels, return_counts=True)
    exact = sizes * total / len(labels)
    counts = np.floor(exact).astype(int)
    largest_remainders = np.argsort(counts - exact, kind="stable")[: total - counts.sum()]
    counts[largest_remainders] += 1
    return dict(zip(classes.tolist(), counts.tolist(), strict=True))


def normalize_train_images(train_images: Bytes, splits: pd.DataFrame) -> tuple[Images, Images]:
    """Scale the training file's images and hand them to their splits.

    Args:
        train_images: uint8 (N, H, W).
        splits: The table of `split_source`.

    Returns:
        Train and val images, float32 (N, H, W, 1) in [0, 1].
    """
    index = splits.groupby("split")["index"]
    return (
        as_images(train_images, index.get_group("train").to_numpy()),
        as_images(train_images, index.get_group("val").to_numpy()),
    )


def normalize_test_images(test_images: Bytes) -> Images:
    """Scale the test file's images: uint8 (N, H, W) to float32 (N, H, W, 1) in [0, 1]."""
    return as_images(test_images)
