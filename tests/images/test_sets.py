"""Sets of images: arrays and images of any sizes are read alike."""

from pathlib import Path

import numpy as np
import pytest

from denoising_pipeline.datasets import NpyDataset
from denoising_pipeline.images.sets import (
    BATCH_VALUES,
    ImageSet,
    Window,
    apply_to,
    at_once,
    of_one_size,
)

SHAPES = [(3, 4, 3), (3, 4, 3), (2, 5, 3), (1, 1, 3)]


def ragged(dtype: str = "uint8") -> ImageSet:
    draws = np.random.default_rng(0)
    pixels = [draws.integers(0, 256, shape).astype(dtype) for shape in SHAPES]
    return ImageSet.collect(pixels, SHAPES, dtype)


def test_reads_images_and_windows_scaled_to_one() -> None:
    images = ragged()
    assert [images.shape(i) for i in range(len(images))] == SHAPES
    whole = images.read(2)
    assert whole.dtype == np.float32
    np.testing.assert_array_equal(whole, images.values[72:102].reshape(2, 5, 3) / np.float32(255))
    np.testing.assert_array_equal(images.read(2, Window(1, 2, 1, 3)), whole[1:, 2:5])


def test_sixteen_bits_reach_one() -> None:
    images = ImageSet(np.array([0, 65535], np.uint16), np.array([[1, 2, 1]], np.int64))
    np.testing.assert_array_equal(images.read(0).ravel(), [0, 1])


def test_window_outside_of_the_image_is_refused() -> None:
    with pytest.raises(ValueError, match="does not lie within an image of 2x5"):
        ragged().read(2, Window(0, 3, 1, 3))


def test_batches_join_neighbours_of_one_size() -> None:
    batches = list(ragged().batches())
    assert [(place.start, place.stop) for place, _ in batches] == [(0, 2), (2, 3), (3, 4)]
    assert [pixels.shape for _, pixels in batches] == [(2, 3, 4, 3), (1, 2, 5, 3), (1, 1, 1, 3)]
    assert [place.stop for place, _ in ragged().batches(1)] == [1, 2, 3, 4]


def test_an_array_is_a_set_of_one_size() -> None:
    array = np.random.default_rng(0).random((5, 3, 2, 1), np.float32)
    images = ImageSet.of(array)
    assert images.uniform == (3, 2, 1)
    assert np.shares_memory(images.values, array)
    np.testing.assert_array_equal(images.as_array(), array)
    assert ragged().uniform is None


def test_some_images_are_a_set_again() -> None:
    images = ragged()
    np.testing.assert_array_equal(images.take([2, 0]).read(0), images.read(2))
    assert len(images.first(3)) == 3
    np.testing.assert_array_equal(images.first(3).read(2), images.read(2))
    middle = images.part(slice(1, 3))
    assert len(middle) == 2 and np.shares_memory(middle.values, images.values)
    np.testing.assert_array_equal(middle.read(1), images.read(2))
    assert len(images.part(slice(3, 9))) == 1


def test_images_of_one_size_are_an_array_and_others_are_refused() -> None:
    array = np.random.default_rng(0).random((5, 3, 2, 1), np.float32)
    for images in (array, ImageSet.of(array)):
        np.testing.assert_array_equal(of_one_size(images, 2), array[:2])
    with pytest.raises(ValueError, match=r"differ in size.*Crop them"):
        of_one_size(ragged())


def test_as_many_images_at_once_as_have_so_many_values_but_one_at_least() -> None:
    assert at_once((28, 28, 1), 1000) == 1000
    assert at_once((256, 256, 3), 1000) == BATCH_VALUES // (256 * 256 * 3) == 21
    assert at_once((6000, 4000, 3)) == 1


def test_digest_tells_values_and_shapes() -> None:
    images = ragged()
    turned = ImageSet(images.values, images.shapes[:, [1, 0, 2]])
    assert len({images.digest, ragged("float32").digest, turned.digest}) == 3
    assert images.digest == ragged().digest


def test_new_images_are_made_batch_by_batch() -> None:
    images = ragged()
    grey = apply_to(images, lambda place, pixels: pixels.mean(-1, keepdims=True))
    assert isinstance(grey, ImageSet)
    assert grey.shape(2) == (2, 5, 1)
    np.testing.assert_array_equal(grey.read(2)[..., 0], images.read(2).mean(-1))
    array = np.ones((2, 3, 3, 1), np.float32)
    assert isinstance(apply_to(array, lambda place, pixels: pixels), np.ndarray)


def test_a_file_holds_a_set_and_is_mapped(tmp_path: Path) -> None:
    dataset = NpyDataset(filepath=tmp_path / "set.npy")
    dataset.save(ragged())
    loaded = NpyDataset(filepath=tmp_path / "set.npy").load()
    assert isinstance(loaded, ImageSet)
    assert isinstance(loaded.values, np.memmap)
    assert loaded.digest == ragged().digest


def test_a_file_elsewhere_holds_a_set(tmp_path: Path) -> None:
    dataset = NpyDataset(filepath="memory://folder/set.npy")
    dataset.save(ragged())
    loaded = dataset.load()
    assert isinstance(loaded, ImageSet)
    assert loaded.digest == ragged().digest


def test_differing_channels_are_refused() -> None:
    with pytest.raises(ValueError, match="number of channels"):
        ImageSet(np.zeros(4, np.uint8), np.array([[1, 1, 1], [1, 1, 3]], np.int64))
