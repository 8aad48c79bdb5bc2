"""Only a source that makes sense comes in, and what came in is on record."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from denoising_pipeline.datasets import IdxDataset
from denoising_pipeline.images.arrays import Bytes
from denoising_pipeline.images.options import IngestionParameters
from denoising_pipeline.pipelines.ingestion.nodes import describe_source, validate_source

PROJECT = Path(__file__).parents[2]
FILES = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}


def images(count: int) -> Bytes:
    return np.arange(count * 6, dtype=np.uint8).reshape(count, 2, 3)


def labels(count: int) -> Bytes:
    return np.arange(count, dtype=np.uint8) % 10


@pytest.mark.parametrize(("limit", "taken"), [(None, 30), (20, 20), (30, 30), (500, 30)])
def test_the_first_images_and_their_labels_are_taken(limit: int | None, taken: int) -> None:
    found = validate_source(images(30), labels(30), IngestionParameters(limit=limit))
    np.testing.assert_array_equal(found[0], images(30)[:taken])
    np.testing.assert_array_equal(found[1], labels(30)[:taken])


@pytest.mark.parametrize(
    "wrong",
    [
        images(30).astype(np.float32),
        images(30).astype(np.int16),
        images(30)[0],
        images(30)[..., None],
    ],
)
def test_images_of_another_type_or_shape_are_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"unsigned bytes \(N, H, W\)") as caught:
        validate_source(wrong, labels(len(wrong)), IngestionParameters())
    assert f"not {wrong.dtype} {wrong.shape}" in str(caught.value)


@pytest.mark.parametrize("count", [0, 29, 31])
def test_images_and_labels_of_different_counts_are_refused_with_both(count: int) -> None:
    with pytest.raises(ValueError, match=rf"30 images and labels of shape \({count},\)"):
        validate_source(images(30), labels(count), IngestionParameters(limit=20))


def test_labels_that_are_not_a_list_are_refused() -> None:
    with pytest.raises(ValueError, match=r"labels of shape \(30, 1\).*do not belong together"):
        validate_source(images(30), labels(30)[:, None], IngestionParameters())


@pytest.mark.parametrize("shape", [(0, 28, 28), (3, 0, 28)])
def test_a_file_without_images_is_refused(shape: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="holds no images"):
        validate_source(np.zeros(shape, np.uint8), labels(shape[0]), IngestionParameters())


def test_a_label_outside_the_classes_is_refused_with_its_place() -> None:
    """The first one is named, also beyond the limit."""
    wrong = labels(30)
    wrong[[21, 25]] = 10, 200
    with pytest.raises(ValueError, match=r"index 21 is 10, .* 0 to 9\. Set ingestion\.classes"):
        validate_source(images(30), wrong, IngestionParameters(limit=20))
    validate_source(images(30), wrong, IngestionParameters(classes=201))


@pytest.fixture(scope="module")
def mnist() -> dict[str, Bytes]:
    folder = PROJECT / "data" / "01_raw" / "mnist"
    return {
        key: IdxDataset(filepath=str(folder / f"{name}.gz")).load() for key, name in FILES.items()
    }


def test_the_record_of_mnist_has_its_published_checksums(mnist: dict[str, Bytes]) -> None:
    pinned = yaml.safe_load((PROJECT / "conf" / "base" / "globals.yml").read_text())["sha256"]
    record = describe_source("mnist", **mnist)
    assert record["source"] == "mnist"
    assert {key: file["sha256"] for key, file in record["files"].items()} == {
        key: pinned["mnist"][name] for key, name in FILES.items()
    }
    shapes = [[60000, 28, 28], [60000], [10000, 28, 28], [10000]]
    assert [record["files"][key]["shape"] for key in FILES] == shapes


def test_the_whole_of_mnist_is_accepted(mnist: dict[str, Bytes]) -> None:
    for split, count in (("train", 60000), ("test", 10000)):
        found = validate_source(
            mnist[f"{split}_images"], mnist[f"{split}_labels"], IngestionParameters()
        )
        assert [len(array) for array in found] == [count, count]
