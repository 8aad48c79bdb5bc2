"""Folders as sources, by path or by name, or an error that says what to do."""

from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
import yaml
from kedro.io import DatasetError

from denoising_pipeline.datasets import SourceDataset, SourcesDataset
from denoising_pipeline.images.idx import idx_bytes
from denoising_pipeline.images.source import IDX_FILES, SourceError

PROJECT = Path(__file__).parents[2]
MNIST = PROJECT / "data" / "01_raw" / "mnist"
PINS = yaml.safe_load((PROJECT / "conf" / "base" / "globals.yml").read_text())["sha256"]


def test_mnist_is_the_pinned_one() -> None:
    dataset = SourceDataset(path=MNIST, sha256=PINS)
    assert dataset.exists()
    source = dataset.load()
    assert (source.name, source.kind) == ("mnist", "idx")
    assert {role: source.arrays[role].shape for role in IDX_FILES} == {
        "train_images": (60000, 28, 28),
        "train_labels": (60000,),
        "test_images": (10000, 28, 28),
        "test_labels": (10000,),
    }
    assert source.sha256 == {role: PINS["mnist"][name] for role, name in IDX_FILES.items()}


def test_wrong_pins_are_an_error() -> None:
    with pytest.raises(DatasetError, match="is not the pinned file"):
        SourceDataset(path=MNIST, sha256={"mnist": {IDX_FILES["test_labels"]: "0" * 64}}).load()


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    dataset = SourceDataset(path=tmp_path / "photographs")
    assert not dataset.exists()
    with pytest.raises(DatasetError, match="Run `denoising-pipeline fetch-photographs`"):
        dataset.load()


def test_remote_folders_are_read_and_have_the_digest_of_their_content() -> None:
    for number, role in enumerate(IDX_FILES):
        shape = (3, 2, 2) if "images" in role else (3,)
        with fsspec.open(f"memory:///raw/far/{IDX_FILES[role]}", "wb") as file:
            file.write(idx_bytes(np.full(shape, number, np.uint8)))
    dataset = SourceDataset(path="memory:///raw/far")
    assert dataset.exists()
    assert dataset.load().name == "far"
    assert dataset.digest() == dataset.load().digest
    dataset.release()


def test_the_largest_size_is_passed_on() -> None:
    with pytest.raises(DatasetError, match="max_bytes = 9"):
        SourceDataset(path=MNIST, max_bytes=9).load()


def test_a_source_is_opened_by_name_and_its_pins_are_checked() -> None:
    sources = SourcesDataset(path=MNIST.parent, sha256=PINS)
    assert sources.exists()
    assert sources.load()("mnist").digest == SourceDataset(path=MNIST).digest()
    with pytest.raises(SourceError, match="nowhere' does not exist"):
        sources.load()("nowhere")
    wrong = {"mnist": {IDX_FILES["test_labels"]: "0" * 64}}
    with pytest.raises(SourceError, match="is not the pinned file"):
        SourcesDataset(path=MNIST.parent, sha256=wrong).load()("mnist")


@pytest.mark.parametrize("kind", [SourceDataset, SourcesDataset])
def test_saving_is_refused(kind: Any) -> None:
    dataset = kind(path=MNIST)
    with pytest.raises(DatasetError, match="only loads"):
        dataset.save(1)
    assert "01_raw/mnist" in repr(dataset)
