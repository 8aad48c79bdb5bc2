"""The split is exact, stratified, repeatable and complete; images arrive whole in [0, 1]."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from denoising_pipeline.datasets import SourceDataset
from denoising_pipeline.images.arrays import Bytes
from denoising_pipeline.images.options import IngestionParameters, PreprocessingParameters
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.images.splits import folder_table, idx_table
from denoising_pipeline.pipelines.preprocessing.nodes import (
    normalize_test_images,
    normalize_train_images,
    split_source,
)

LABELS = hnp.arrays(np.uint8, st.integers(2, 80), elements=st.integers(0, 9))

AS_THEY_ARE = PreprocessingParameters()


def split(
    labels: Bytes,
    wanted: int,
    seed: int = 0,
    test: Bytes | None = None,
    limit: int | None = None,
) -> pd.DataFrame:
    test = np.array([7, 2], np.uint8) if test is None else test
    table = idx_table({"train": labels, "test": test}, limit)
    options = PreprocessingParameters(validation_images=wanted)
    return split_source(table, IngestionParameters(limit=limit), options, seed)


def indices(splits: pd.DataFrame, name: str) -> npt.NDArray[np.int64]:
    return splits.loc[splits["split"] == name, "index"].to_numpy()


@settings(deadline=None)
@given(labels=LABELS, wanted=st.integers(1, 79), seed=st.integers(0, 2**40))
def test_every_split_is_exact_disjoint_stratified_and_complete(
    labels: Bytes, wanted: int, seed: int
) -> None:
    assume(wanted < len(labels))
    splits = split(labels, wanted, seed)
    train, val = indices(splits, "train"), indices(splits, "val")
    assert len(val) == wanted
    assert sorted([*train, *val]) == list(range(len(labels)))
    for label in np.unique(labels):
        share = np.count_nonzero(labels == label) * wanted / len(labels)
        assert abs(np.count_nonzero(labels[val] == label) - share) < 1


@settings(deadline=None, max_examples=30)
@given(labels=LABELS, test=LABELS)
def test_the_table_has_splits_in_order_and_each_image_with_its_label(
    labels: Bytes, test: Bytes
) -> None:
    splits = split(labels, 1, test=test)
    assert splits.columns.tolist() == ["split", "index", "label"]
    assert splits["split"].drop_duplicates().tolist() == ["train", "val", "test"]
    assert splits.index.tolist() == list(range(len(labels) + len(test)))
    np.testing.assert_array_equal(indices(splits, "test"), np.arange(len(test)))
    for name, source in (("train", labels), ("val", labels), ("test", test)):
        part = splits[splits["split"] == name]
        assert part["index"].is_monotonic_increasing
        np.testing.assert_array_equal(part["label"], source[part["index"].to_numpy()])


@settings(deadline=None, max_examples=30)
@given(test=LABELS)
def test_what_is_trained_on_does_not_depend_on_the_test_file(test: Bytes) -> None:
    labels = np.arange(50, dtype=np.uint8) % 7
    usual, other = split(labels, 10), split(labels, 10, test=test)
    pd.testing.assert_frame_equal(usual[:50], other[:50])


def test_largest_remainders_get_what_is_left_over() -> None:
    """Shares of 1.5, 0.9 and 0.6: one is sure, and 0.9 and 0.6 are the larger remainders."""
    labels = np.repeat(np.array([0, 1, 2], np.uint8), [50, 30, 20])
    held_out = labels[indices(split(labels, 3), "val")]
    assert np.bincount(held_out, minlength=3).tolist() == [1, 1, 1]
    assert np.bincount(labels[indices(split(labels, 10), "val")]).tolist() == [5, 3, 2]


def test_the_seed_decides_which_images_are_held_out() -> None:
    labels = np.arange(200, dtype=np.uint8) % 10
    first, again, other = (indices(split(labels, 50, seed), "val") for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_images_are_held_out_from_all_over_the_file() -> None:
    """Files are sometimes sorted; the first or the last images of a class are no sample."""
    held_out = indices(split(np.zeros(1000, np.uint8), 100), "val")
    assert np.histogram(held_out, bins=4, range=(0, 1000))[0].min() > 10


@pytest.mark.parametrize("wanted", [30, 31, 5000])
def test_holding_out_everything_is_refused_with_both_numbers(wanted: int) -> None:
    expected = rf"preprocessing\.validation_images is {wanted}, .* 30 images to train on: none"
    with pytest.raises(ValueError, match=expected):
        split(np.zeros(30, np.uint8), wanted)
    assert len(indices(split(np.zeros(30, np.uint8), 29), "train")) == 1


def test_the_limit_is_named_where_it_is_the_reason() -> None:
    with pytest.raises(ValueError, match=r"there are 20 images to train on \(ingestion\.limit\)"):
        split(np.zeros(30, np.uint8), 20, limit=20)


def test_the_split_of_mnist_is_the_one_that_its_figures_were_measured_on() -> None:
    source = SourceDataset(path=Path(__file__).parents[2] / "data/01_raw/mnist").load()
    labels = (source.arrays[f"{name}_labels"] for name in ("train", "test"))
    splits = split(next(labels), 5000, test=next(labels))
    held_out = indices(splits, "val").astype("<i8").tobytes()
    assert sha256(held_out).hexdigest().startswith("1a05683776fc0daf")


def test_images_of_a_folder_are_split_whole_and_keep_their_names_and_depth() -> None:
    shapes = [(2, 3 + number, 3) for number in range(8)]
    pixels = [np.full(shape, number, np.uint16) for number, shape in enumerate(shapes)]
    train_images = ImageSet.collect(pixels, shapes, np.uint16)
    names = [f"{number}.png" for number in range(9)]
    table = folder_table("mine", names, 1, None, np.random.default_rng(0))
    options = PreprocessingParameters(validation_images=3)
    splits = split_source(table, IngestionParameters(), options, 0)
    assert splits.columns.tolist() == ["split", "index", "label", "name"]
    assert splits["split"].tolist() == ["train"] * 5 + ["val"] * 3 + ["test"]
    assert sorted(splits["name"]) == names
    for name, found in zip(
        ("train", "val"),
        normalize_train_images(train_images, splits, AS_THEY_ARE),
        strict=True,
    ):
        assert isinstance(found, ImageSet)
        assert found.values.dtype == np.uint16  # noqa: PD011
        for place, index in enumerate(indices(splits, name)):
            np.testing.assert_array_equal(found.read(place), train_images.read(int(index)))
    assert normalize_test_images(train_images, AS_THEY_ARE) is train_images


def test_images_go_to_their_splits_scaled_and_in_order() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (30, 4, 5), dtype=np.uint8)
    before = pixels.copy()
    pixels.flags.writeable = False
    splits = split(np.arange(30, dtype=np.uint8) % 3, 10)
    for name, found in zip(
        ("train", "val"),
        normalize_train_images(pixels, splits, AS_THEY_ARE),
        strict=True,
    ):
        assert isinstance(found, np.ndarray)
        assert found.dtype == np.float32
        assert found.shape == (len(indices(splits, name)), 4, 5, 1)
        expected = pixels[indices(splits, name)] / 255
        np.testing.assert_allclose(found[..., 0], expected, rtol=1e-7)
    np.testing.assert_array_equal(pixels, before)


def test_bytes_become_fractions_of_255() -> None:
    """0 is 0, 255 is exactly 1, and every byte can be had back."""
    every = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    found = normalize_test_images(every, AS_THEY_ARE)
    assert isinstance(found, np.ndarray)
    assert found.dtype == np.float32
    assert found.shape == (1, 16, 16, 1)
    assert (found.min(), found.max()) == (0, 1)
    np.testing.assert_array_equal(np.rint(found[..., 0] * 255).astype(np.uint8), every)
