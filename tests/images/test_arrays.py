"""Scaling and identity of arrays: every value counts, and large ones are gone through in blocks."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from numpy.lib.format import open_memmap

from denoising_pipeline.images import arrays
from denoising_pipeline.images.arrays import array_digest, as_images

IMAGES = np.random.default_rng(0).random((5, 4, 3, 1), np.float32)


def test_equal_arrays_have_equal_digests_however_they_lie_in_memory() -> None:
    fortran = np.asfortranarray(IMAGES)
    assert array_digest(fortran) == array_digest(IMAGES) == array_digest(IMAGES[::-1][::-1])
    assert len(array_digest(IMAGES)) == 32


def test_shape_dtype_and_every_value_count() -> None:
    last = IMAGES.copy()
    last[-1, -1, -1, -1] += 1
    others = [
        last,
        IMAGES[:4],
        IMAGES.reshape(5, 3, 4, 1),
        IMAGES.view(np.int32),
        np.empty((0, 4, 3, 1), np.float32),
        np.empty((0, 3, 4, 1), np.float32),
    ]
    assert len({array_digest(array) for array in [IMAGES, *others]}) == 7


@pytest.mark.parametrize("shape", [(40_000, 784), (40, 784, 1000)])
def test_a_mapped_file_takes_no_memory_of_its_size(tmp_path: Path, shape: tuple[int, ...]) -> None:
    """125 MB, many or few items; the last value is seen."""
    path = tmp_path / "images.npy"
    images = open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    tracemalloc.start()
    before = array_digest(images)
    images.reshape(-1)[-1] = 1
    assert array_digest(images) != before
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * 2**20


def test_large_images_are_scaled_outside_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """40 MB of images, shuffled: the same values, and memory of a block of them only."""
    draws = np.random.default_rng(0)
    pixels = draws.integers(0, 256, (12_500, 28, 28), np.uint8)
    index = draws.permutation(len(pixels))
    expected = as_images(pixels, index)
    monkeypatch.setattr(arrays, "IN_MEMORY", 0)
    monkeypatch.setattr(arrays, "_SCALING_BLOCK", 1000)
    tracemalloc.start()
    found = as_images(pixels, index)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < expected.nbytes / 4
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(expected[..., 0], pixels[index].astype(np.float32) / 255)
    assert found.flags.writeable
