"""`IdxDataset`: the right file, or an error that names it and says what to do."""

import gzip
import tracemalloc
from hashlib import sha256
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
from kedro.io import DatasetError

from denoising_pipeline.datasets import IdxDataset
from denoising_pipeline.images.fetch import MNIST_SHA256
from denoising_pipeline.images.idx import idx_bytes, idx_sha256

MNIST = Path(__file__).parents[2] / "data" / "01_raw" / "mnist"
NAME = "train-labels-idx1-ubyte"
VALUES = np.arange(10, dtype=np.uint8)
RAW = idx_bytes(VALUES)
PACKED = gzip.compress(RAW, mtime=0)


@pytest.mark.parametrize("name", MNIST_SHA256)
def test_mnist_is_the_published_one(name: str) -> None:
    """The files shipped with the project have the published content."""
    array = IdxDataset(filepath=MNIST / f"{name}.gz", sha256=MNIST_SHA256).load()
    assert array.dtype == np.uint8
    assert array.shape == ((60000 if "train" in name else 10000), 28, 28)[: array.ndim]
    assert idx_sha256(array) == MNIST_SHA256[name]


@pytest.mark.parametrize("asked", [NAME, f"{NAME}.gz"])
@pytest.mark.parametrize("there", [NAME, f"{NAME}.gz"])
@pytest.mark.parametrize("content", [RAW, PACKED], ids=["plain", "gzip"])
def test_content_decides_and_the_sibling_stands_in(
    tmp_path: Path, asked: str, there: str, content: bytes
) -> None:
    """Plain or gzip, under either name, asked for by either name."""
    (tmp_path / there).write_bytes(content)
    dataset = IdxDataset(filepath=tmp_path / asked)
    assert dataset.exists()
    np.testing.assert_array_equal(dataset.load(), VALUES)


def test_file_itself_goes_before_its_sibling(tmp_path: Path) -> None:
    """The sibling is read only if the file is missing."""
    (tmp_path / NAME).write_bytes(idx_bytes(VALUES[:1]))
    (tmp_path / f"{NAME}.gz").write_bytes(PACKED)
    assert IdxDataset(filepath=tmp_path / f"{NAME}.gz").load().shape == (10,)


@pytest.mark.parametrize(
    ("folder", "advice"),
    [("mnist", "denoising-pipeline fetch-mnist"), ("fashion", "Put the four IDX files")],
)
def test_missing_file_says_how_to_get_it(tmp_path: Path, folder: str, advice: str) -> None:
    """MNIST is fetched, other collections are put there by hand."""
    dataset = IdxDataset(filepath=tmp_path / folder / f"{NAME}.gz")
    assert not dataset.exists()
    with pytest.raises(DatasetError, match=rf"{folder}/{NAME}.gz' does not exist.*{advice}"):
        dataset.load()


@pytest.mark.parametrize(
    "content",
    [b"", PACKED[:-4], b"<html></html>", RAW + b"x"],
    ids=["empty", "cut", "html", "more"],
)
def test_faulty_file_is_named(tmp_path: Path, content: bytes) -> None:
    """What the format refuses is reported with the path and what to do."""
    path = tmp_path / "mnist" / f"{NAME}.gz"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(
        DatasetError, match=rf"{NAME}.gz' .*Remove it. Run `denoising-pipeline fetch-mnist`"
    ):
        IdxDataset(filepath=path).load()


def test_flipped_byte_in_a_plain_file_is_found(tmp_path: Path) -> None:
    """The error has the name, the digest found and the one expected."""
    content = bytearray(RAW)
    content[-1] ^= 1
    (tmp_path / NAME).write_bytes(content)
    expected, found = sha256(RAW).hexdigest(), sha256(content).hexdigest()
    with pytest.raises(DatasetError, match=rf"{NAME} is {found}, expected {expected}"):
        IdxDataset(filepath=tmp_path / NAME, sha256={NAME: expected}).load()


@pytest.mark.parametrize("position", range(len(PACKED)))
def test_flipped_byte_in_a_gzip_file_is_found(tmp_path: Path, position: int) -> None:
    """Wherever it is, even where gzip does not look, both digests are in the error."""
    content = bytearray(PACKED)
    content[position] ^= 1
    path = tmp_path / f"{NAME}.gz"
    path.write_bytes(content)
    expected, found = sha256(PACKED).hexdigest(), sha256(content).hexdigest()
    with pytest.raises(DatasetError, match=rf"{NAME}.gz is {found}, expected {expected}"):
        IdxDataset(filepath=path, sha256={path.name: expected}).load()


@pytest.mark.parametrize("name", [NAME, f"{NAME}.gz"])
def test_pin_without_gz_is_of_the_content(tmp_path: Path, name: str) -> None:
    """A file that was packed anew still has the pinned content, and a wrong one does not."""
    (tmp_path / name).write_bytes(gzip.compress(RAW, compresslevel=0))
    right, wrong = sha256(RAW).hexdigest().upper(), "0" * 64
    np.testing.assert_array_equal(
        IdxDataset(filepath=tmp_path / name, sha256={NAME: right}).load(), VALUES
    )
    with pytest.raises(DatasetError, match=f"expected {wrong}"):
        IdxDataset(filepath=tmp_path / name, sha256={NAME: wrong}).load()


def test_pins_of_other_files_do_not_matter(tmp_path: Path) -> None:
    """One mapping serves the four files of a folder."""
    (tmp_path / NAME).write_bytes(RAW)
    IdxDataset(filepath=tmp_path / NAME, sha256={"other": "0" * 64}).load()


def test_saving_is_refused(tmp_path: Path) -> None:
    """Raw data is never overwritten."""
    (tmp_path / NAME).write_bytes(RAW)
    dataset: Any = IdxDataset(filepath=tmp_path / NAME)
    with pytest.raises(DatasetError, match=f"only loads.*{NAME}"):
        dataset.save(VALUES)
    assert (tmp_path / NAME).read_bytes() == RAW


def test_remote_files_are_read() -> None:
    """The path may be on any fsspec filesystem."""
    with fsspec.open(f"memory:///idx/{NAME}.gz", "wb") as file:
        file.write(PACKED)
    dataset = IdxDataset(filepath=f"memory:///idx/{NAME}")
    np.testing.assert_array_equal(dataset.load(), VALUES)
    dataset.release()


def test_limit_is_passed_on(tmp_path: Path) -> None:
    """`max_bytes` of the catalog entry is what counts."""
    (tmp_path / NAME).write_bytes(RAW)
    with pytest.raises(DatasetError, match="max_bytes = 9"):
        IdxDataset(filepath=tmp_path / NAME, max_bytes=9).load()
    assert "max_bytes=9" in repr(IdxDataset(filepath=tmp_path / NAME, max_bytes=9))


def test_a_plain_file_takes_no_memory_of_its_size(tmp_path: Path) -> None:
    """32 MiB are mapped, read-only; the values are those of the file."""
    values = np.arange(2**25, dtype=np.uint32).astype(np.uint8).reshape(-1, 64, 64)
    (tmp_path / NAME).write_bytes(idx_bytes(values))
    tracemalloc.start()
    found = IdxDataset(filepath=tmp_path / NAME).load()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20
    np.testing.assert_array_equal(found, values)
    assert not found.flags.writeable
