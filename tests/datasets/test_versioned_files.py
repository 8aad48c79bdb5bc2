"""What every dataset that writes one file, versioned or not, does alike."""

import copy
import hashlib
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np
import pytest
from kedro.io import DataCatalog, DatasetError
from kedro.io.core import Version

from denoising_pipeline import datasets
from denoising_pipeline.datasets import (
    ClassifierDataset,
    DenoiserDataset,
    NpyDataset,
    PageDataset,
    StrictJsonDataset,
)
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.evaluation.classifier import Classifier
from denoising_pipeline.models import ARCHITECTURES
from denoising_pipeline.models.digit_network import DigitNetwork

OLD, NEW, FUTURE = "2020-01-01T00.00.00.000Z", "2021-01-01T00.00.00.000Z", "2999"


def denoiser(seed: int) -> Denoiser:
    architecture = ARCHITECTURES["dense"].model_validate({"latent_dim": 2, "layers": 0})
    return Denoiser(architecture, (2, 3, 1), architecture.build((2, 3, 1), seed))


def classifier(seed: int) -> Classifier:
    network = DigitNetwork(classes=2)
    return Classifier(network, (2, 3, 1), network.build((2, 3, 1), seed))


def parts(found: Any) -> tuple[Any, ...]:
    """What makes a network what it is."""
    weights = [weight.tolist() for weight in found.model.get_weights()]
    return found.architecture, found.image_shape, weights


class Kind(NamedTuple):
    """A dataset class, data that differs by its argument, what tells it apart, what it refuses."""

    dataset: Callable[..., Any]
    data: Callable[[int], Any]
    content: Callable[[Any], Any]
    refused: Any


KINDS = {
    "npy": Kind(
        NpyDataset,
        lambda seed: np.full((2, 3), seed, np.float32),
        lambda array: (array.dtype, array.tolist()),
        np.array([object()]),
    ),
    "json": Kind(
        StrictJsonDataset, lambda seed: {"seed": seed}, lambda data: data, {"a": object()}
    ),
    "denoiser": Kind(DenoiserDataset, denoiser, parts, "no denoiser"),
    "page": Kind(PageDataset, lambda seed: f"<p>é {seed}</html>", lambda page: page, b"no text"),
    "classifier": Kind(ClassifierDataset, classifier, parts, "no classifier"),
}


@pytest.fixture(params=list(KINDS.values()), ids=list(KINDS))
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_each_of_the_package_is_here() -> None:
    """A new dataset that writes files gets these tests, or a reason why not."""
    loads_only = {
        "CheckpointsDataset",
        "DenoisersDataset",
        "MlflowRunsDataset",
        "ModelFilesDataset",
        "SourceDataset",
        "SourcesDataset",
        "StudyStorageDataset",
    }
    optional = {"SectionDataset"}  # None where there is none: it has tests of its own
    tested = {getattr(kind.dataset, "__name__", "") for kind in KINDS.values()}
    assert tested == set(datasets.__all__) - loads_only - optional
    with pytest.raises(AttributeError, match="nothing"):
        _ = datasets.nothing


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        ("from denoising_pipeline.datasets import *", {"tensorflow", "keras"}),
        ("import denoising_pipeline.images.fetch", {"tensorflow", "keras", "kedro"}),
    ],
)
def test_imports_are_cheap(statement: str, unwanted: set[str]) -> None:
    """A catalog does not pay for TensorFlow, and fetching files does not pay for Kedro."""
    code = f"import sys; {statement}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert "fsspec" in loaded.decode().split()
    assert not unwanted & set(loaded.decode().split())


@pytest.mark.parametrize("version", [None, Version(None, None), Version(None, NEW)])
def test_round_trip(kind: Kind, tmp_path: Path, version: Version | None) -> None:
    """What was saved is loaded, by the same object and by another, and nothing else is left."""
    dataset = kind.dataset(filepath=tmp_path / "a" / "file", version=version)
    assert not dataset.exists()
    dataset.save(kind.data(1))
    assert dataset.exists()
    again = kind.dataset(filepath=tmp_path / "a" / "file", version=version and Version(None, None))
    for loaded in (dataset.load(), again.load()):
        assert kind.content(loaded) == kind.content(kind.data(1))
    assert [path.name for path in files(tmp_path)] == ["file"]


def test_overwriting_without_versions(kind: Kind, tmp_path: Path) -> None:
    """The last save counts."""
    dataset = kind.dataset(filepath=tmp_path / "file")
    for seed in (1, 2):
        dataset.save(kind.data(seed))
    dataset.release()
    assert kind.content(dataset.load()) == kind.content(kind.data(2))


def test_version_is_never_overwritten(kind: Kind, tmp_path: Path) -> None:
    """A second save to a version is refused, and the first one stays."""
    dataset = kind.dataset(filepath=tmp_path / "file", version=Version(None, NEW))
    dataset.save(kind.data(1))
    with pytest.raises(DatasetError, match="must not exist if versioning is enabled"):
        dataset.save(kind.data(2))
    assert kind.content(dataset.load()) == kind.content(kind.data(1))


def test_missing_file_is_named(kind: Kind, tmp_path: Path) -> None:
    """The error says which file and what to do."""
    dataset = kind.dataset(filepath=tmp_path / "file")
    with pytest.raises(DatasetError, match=r"/file' does not exist\. Run the pipeline"):
        dataset.load()


def test_no_versions(kind: Kind, tmp_path: Path) -> None:
    """Without a version there is nothing to load."""
    dataset = kind.dataset(filepath=tmp_path / "file", version=Version(None, None))
    assert not dataset.exists()
    with pytest.raises(DatasetError, match="Did not find any versions"):
        dataset.load()


def test_versions_are_loaded_by_name_or_newest(kind: Kind, tmp_path: Path) -> None:
    """A pinned version is loaded, without a pin the newest."""
    for seed, version in enumerate([OLD, NEW]):
        kind.dataset(filepath=tmp_path / "file", version=Version(None, version)).save(
            kind.data(seed)
        )
    for seed, pin in ((0, OLD), (1, NEW), (1, None)):
        dataset = kind.dataset(filepath=tmp_path / "file", version=Version(pin, None))
        assert kind.content(dataset.load()) == kind.content(kind.data(seed))


@pytest.mark.filterwarnings("error:Save version")
def test_what_was_saved_is_loaded_though_a_later_version_exists(kind: Kind, tmp_path: Path) -> None:
    """Neither a clock that is wrong nor another run changes what a run reads, until it releases."""
    kind.dataset(filepath=tmp_path / "file", version=Version(None, FUTURE)).save(kind.data(9))
    dataset = kind.dataset(filepath=tmp_path / "file", version=Version(None, NEW))
    dataset.save(kind.data(1))
    assert kind.content(dataset.load()) == kind.content(kind.data(1))
    dataset.release()
    assert kind.content(dataset.load()) == kind.content(kind.data(9))


def test_versioning_a_file_that_is_there_is_explained(kind: Kind, tmp_path: Path) -> None:
    """Kedro says how to turn a plain file into a version."""
    kind.dataset(filepath=tmp_path / "file").save(kind.data(1))
    versioned = kind.dataset(filepath=tmp_path / "file", version=Version(None, NEW))
    with pytest.raises(DatasetError, match="a file with the same name already exists"):
        versioned.save(kind.data(2))


@pytest.mark.parametrize("version", [None, Version(None, NEW)])
def test_failed_save_leaves_nothing(kind: Kind, tmp_path: Path, version: Version | None) -> None:
    """Neither a part of a file, nor a version that seems to exist."""
    dataset = kind.dataset(filepath=tmp_path / "file", version=version)
    with pytest.raises(DatasetError, match="Failed while saving"):
        dataset.save(kind.refused)
    assert files(tmp_path) == []
    assert not dataset.exists()


def test_failed_save_keeps_the_file_before(kind: Kind, tmp_path: Path) -> None:
    """What was there is still there."""
    dataset = kind.dataset(filepath=tmp_path / "file")
    dataset.save(kind.data(1))
    with pytest.raises(DatasetError):
        dataset.save(kind.refused)
    assert kind.content(dataset.load()) == kind.content(kind.data(1))
    assert len(files(tmp_path)) == 1


@pytest.mark.parametrize("share", [0, 0.3, 0.9])
def test_fault_r38_torn_file_is_called_corrupt(kind: Kind, tmp_path: Path, share: float) -> None:
    """A file cut anywhere is named and called corrupt, not missing."""
    path = tmp_path / "file"
    kind.dataset(filepath=path).save(kind.data(1))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(DatasetError, match=r"/file' is corrupt"):
        kind.dataset(filepath=path).load()


def test_dataset_travels_to_other_processes(kind: Kind, tmp_path: Path) -> None:
    """ParallelRunner pickles datasets, also those that have saved already."""
    dataset = kind.dataset(filepath=tmp_path / "file")
    dataset.save(kind.data(1))
    for travelled in (pickle.loads(pickle.dumps(dataset)), copy.deepcopy(dataset)):
        assert kind.content(travelled.load()) == kind.content(kind.data(1))


def test_remote_files(kind: Kind, tmp_path: Path) -> None:
    """A filesystem other than the local one is written, listed and read as well."""
    name = f"memory://{tmp_path}/file"
    dataset = kind.dataset(filepath=name, version=Version(None, None))
    with pytest.raises(DatasetError):
        dataset.save(kind.refused)
    dataset.save(kind.data(1))
    again = kind.dataset(filepath=name, version=Version(None, None))
    assert kind.content(again.load()) == kind.content(kind.data(1))
    assert dataset._fs.find(str(tmp_path)) == [str(again._get_load_path())]


def test_catalog_makes_and_describes_the_dataset(kind: Kind, tmp_path: Path) -> None:
    """The names in `datasets` are those of the catalog, which gets back what it gave."""
    entry = {
        "type": f"denoising_pipeline.datasets.{getattr(kind.dataset, '__name__', '')}",
        "filepath": str(tmp_path / "file"),
        "versioned": True,
        "metadata": {"kedro-viz": {"layer": "models"}},
    }
    catalog = DataCatalog.from_config({"entry": entry})
    made: Any = catalog["entry"]
    assert made.metadata == entry["metadata"]
    described = catalog.to_config()[0]["entry"]
    assert described["filepath"] == entry["filepath"]
    assert described["versioned"] is True


def test_options_reach_the_filesystem_and_metadata_and_place_are_told() -> None:
    given: dict[str, Any] = {"metadata": {"missing": "Put it there."}}
    dataset = NpyDataset(
        filepath="memory:///folder/a.npy", credentials={"key": "k"}, fs_args={"more": 1}, **given
    )
    assert dataset._fs.storage_options == {"key": "k", "more": 1}
    assert dataset._fs.protocol == "memory"
    assert dataset.metadata == given["metadata"]
    place = {"filepath": PurePosixPath("/folder/a.npy"), "protocol": "memory", "version": None}
    assert dataset._describe() == place
    for look in (dataset.load, dataset.digest):
        with pytest.raises(DatasetError, match=r"a.npy' does not exist\. Put it there\.$"):
            look()


def test_a_server_without_versions_is_refused_when_they_are_asked_for() -> None:
    with pytest.raises(DatasetError, match="HTTP"):
        NpyDataset(filepath="https://example.org/a.npy", version=Version(None, None))


def test_the_digest_is_that_of_the_file(tmp_path: Path) -> None:
    dataset = NpyDataset(filepath=tmp_path / "a.npy")
    with pytest.raises(DatasetError, match="Run the pipeline"):
        dataset.digest()
    dataset.save(np.zeros(3))
    content = (tmp_path / "a.npy").read_bytes()
    assert dataset.digest() == hashlib.blake2b(content, digest_size=16).hexdigest()
