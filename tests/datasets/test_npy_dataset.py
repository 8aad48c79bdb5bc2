"""`NpyDataset`: arrays are mapped, and a reader keeps what it has."""

import base64
import io
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
from kedro.io import DatasetError
from kedro.io.core import Version
from PIL import Image

from denoising_pipeline.datasets import NpyDataset
from denoising_pipeline.datasets.npy import Array
from denoising_pipeline.images.sets import ImageSet


@pytest.mark.parametrize(
    "array",
    [
        np.array(1.5),
        np.zeros((0, 28, 28, 1), np.float32),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.arange(6)[::-2],
        np.array([np.nan, -0.0, np.inf]),
        np.array(["abc"]),
    ],
)
def test_arrays_of_every_shape_survive(tmp_path: Path, array: Array) -> None:
    """Scalars, empty arrays, views and strings come back with shape, dtype and values."""
    dataset = NpyDataset(filepath=tmp_path / "a.npy")
    dataset.save(array)
    for loaded in (dataset.load(), NpyDataset(filepath=tmp_path / "a.npy").load()):
        assert loaded.dtype == array.dtype
        np.testing.assert_array_equal(loaded, array)


def test_loading_maps_the_file_read_only(tmp_path: Path) -> None:
    """No copy is made, and nobody changes the file through the array."""
    path = tmp_path / "a.npy"
    NpyDataset(filepath=path).save(np.zeros(3))
    loaded = NpyDataset(filepath=path).load()
    assert isinstance(loaded, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        loaded[0] = 1


def test_reader_keeps_its_values_when_the_file_is_replaced(tmp_path: Path) -> None:
    """A new file takes the name, the old one lives on behind the array."""
    path = tmp_path / "a.npy"
    NpyDataset(filepath=path).save(np.zeros(3))
    loaded = NpyDataset(filepath=path).load()
    NpyDataset(filepath=path).save(np.ones(3))
    np.testing.assert_array_equal(loaded, np.zeros(3))
    np.testing.assert_array_equal(NpyDataset(filepath=path).load(), np.ones(3))


def test_pinned_version_is_loaded_after_saving_another(tmp_path: Path) -> None:
    """A load version in the catalog is obeyed."""
    path = tmp_path / "a.npy"
    NpyDataset(filepath=path, version=Version(None, "1")).save(np.zeros(3))
    dataset = NpyDataset(filepath=path, version=Version("1", "2"))
    with pytest.warns(UserWarning, match="did not match load version"):
        dataset.save(np.ones(3))
    np.testing.assert_array_equal(dataset.load(), np.zeros(3))


def test_fault_r37_pickles_are_not_read(tmp_path: Path) -> None:
    """A file of Python objects is refused: reading it could run code."""
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(DatasetError, match=r"a.npy' is corrupt or no .npy file"):
        NpyDataset(filepath=tmp_path / "a.npy").load()


def test_fault_r37_pickles_are_not_read_from_elsewhere_or_behind_an_array(tmp_path: Path) -> None:
    """On a file system that cannot be mapped, and where the shapes of images of any size stand."""
    objects = np.array([{}], dtype=object)
    for path, arrays in (
        ("memory:///a.npy", [objects]),
        (f"{tmp_path}/b.npy", [np.ones(2), objects]),
    ):
        with fsspec.open(path, "wb") as file:
            for array in arrays:
                np.save(file, array, allow_pickle=True)
        with pytest.raises(DatasetError, match=r"is corrupt or no \.npy file"):
            NpyDataset(filepath=path).load()


def test_wrong_promise_is_corrupt(tmp_path: Path) -> None:
    """A header for more values than the file holds is refused without allocating them."""
    path = tmp_path / "a.npy"
    np.save(path, np.zeros(100))
    path.write_bytes(path.read_bytes().replace(b"(100,)", b"(9" + b"9" * 16 + b",)"))
    with pytest.raises(DatasetError, match="is corrupt"):
        NpyDataset(filepath=path).load()


def previewed(data: Any, path: Path) -> Any:
    dataset = NpyDataset(filepath=path)
    dataset.save(data)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(dataset.preview()))))


def test_a_preview_is_a_sheet_of_the_first_images(tmp_path: Path) -> None:
    """Four beside each other, enlarged by whole numbers: what it is drawn into is no strip."""
    draws = np.random.default_rng(0)
    levels = draws.integers(0, 255, (20, 5, 4, 1), np.uint8)
    kinds = (levels, levels[..., 0], levels.astype(np.float32) / 255, np.stack([levels] * 2))
    for data in kinds:
        sheet = previewed(data, tmp_path / "images.npy")
        high, wide = 19 * 5, 19 * 4  # 19 is 96 // 5.
        assert sheet.shape == (3 * (high + 2), 4 * (wide + 2))
        top, left = high + 2, 2 * (wide + 2)
        np.testing.assert_array_equal(
            sheet[top : top + high : 19, left : left + wide : 19], levels[6, ..., 0]
        )
    shapes = [(3, 200, 3), (9, 4, 3)]
    images = (draws.random(shape, dtype=np.float32) for shape in shapes)
    sheet = previewed(ImageSet.collect(images, shapes, np.float32), tmp_path / "images.npy")
    assert sheet.shape == (11, 2 * 98, 3)


def test_what_holds_no_images_has_no_preview(tmp_path: Path) -> None:
    dataset = NpyDataset(filepath=tmp_path / "images.npy")
    assert not dataset.preview()
    for data in (np.zeros(3), np.zeros((0, 2, 2, 1), np.float32)):
        dataset.save(data)
        assert not dataset.preview()
