"""Checks of what a source delivers, and the record of what it was."""

from typing import Any

import numpy as np

from denoising_pipeline.images.arrays import Bytes
from denoising_pipeline.images.idx import idx_sha256
from denoising_pipeline.images.options import IngestionParameters


def validate_source(
    images: Bytes, labels: Bytes, ingestion: IngestionParameters
) -> tuple[Bytes, Bytes]:
    """Check that images and labels belong together, and take as many as asked for.

    Args:
        images: uint8 (N, H, W).
        labels: uint8 (N,).
        ingestion: `limit` and `classes` are read.

    Returns:
        The first `limit` images and labels.

    Raises:
        ValueError: Another dtype or number of dimensions, no images, different counts, or a label
            outside [0, classes).
    """
    if images.dtype != np.uint8 or images.ndim != 3:  # noqa: PLR2004
        raise ValueError(
            f"Images are expected as unsigned bytes (N, H, W), not {images.dtype} {images.shape}. "
            "Look at the images file of the source."
        )
    if labels.ndim != 1 or len(labels) != len(images):
        raise ValueError(
            f"There are {len(images)} images and labels of shape {labels.shape}: "
            "the two files do not belong together."
        )
    if not images.size:
        raise ValueError("The images file holds no images.")
    wrong = np.flatnonzero(labels >= ingestion.classes)
    if wrong.size:
        raise ValueError(
            f"The label at index {wrong[0]} is {labels[wrong[0]]}, but labels run from 0 to "
            f"{ingestion.classes - 1}. Set ingestion.classes if the source has more."
        )
    return images[: ingestion.limit], labels[: ingestion.limit]


def describe_source(  # noqa: D417
    source: str, train_images: Bytes, train_labels: Bytes, test_images: Bytes, test_labels: Bytes
) -> dict[str, Any]:
    """Record what was ingested, whether its checksums were pinned or not.

    Args:
        source: Name of the source.
        train_images, train_labels, test_images, test_labels: The raw arrays, whole.

    Returns:
        The source's name and, for each file, its shape and the sha256 of the uncompressed file.
    """
    arrays = {
        "train_images": train_images,
        "train_labels": train_labels,
        "test_images": test_images,
        "test_labels": test_labels,
    }
    files = {
        name: {"shape": list(array.shape), "sha256": idx_sha256(array)}
        for name, array in arrays.items()
    }
    return {"source": source, "files": files}
