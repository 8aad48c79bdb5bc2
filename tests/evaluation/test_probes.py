"""Few labels are balanced, neighbours are the nearest, and probes find what can be found."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.neighbors import KNeighborsClassifier

from denoising_pipeline.evaluation.pca import as_rows, fit_pca
from denoising_pipeline.evaluation.probes import COLUMNS, Features, balanced_order, probe, vote

COUNTS = {"train": 300, "val": 60, "test": 200}
LABELS = {name: np.arange(count) % 3 for name, count in COUNTS.items()}


def told(share: float, split: str) -> npt.NDArray[np.float32]:
    """Rows of noise, of which so much tells the label."""
    draws = np.random.default_rng(COUNTS[split])
    noise = draws.normal(size=(COUNTS[split], 6))
    noise[np.arange(COUNTS[split]), LABELS[split]] += 10 * share
    return noise.astype(np.float32)


def features(share: float) -> Features:
    test = {"clean": told(share, "test"), "noisy": told(share / 5, "test")}
    return Features(told(share, "train"), told(share, "val"), test)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    ways = {"good": features(1), "useless": features(0)}
    return probe(ways, LABELS, [30, 1000, None], 5, [0.01, 1.0], 0.95, seed=0)


def test_every_beginning_has_as_many_of_each_label_as_possible() -> None:
    labels = np.repeat([4, 7, 9], [50, 20, 10])
    order = balanced_order(labels, 0)
    assert sorted(order) == list(range(80))
    assert np.bincount(labels[order[:30]])[[4, 7, 9]].tolist() == [10, 10, 10]
    assert np.bincount(labels[order[:50]])[[4, 7, 9]].tolist() == [20, 20, 10]
    assert not np.array_equal(order, balanced_order(labels, 1))


@pytest.mark.parametrize("neighbours", [1, 3, 5])
def test_votes_are_those_of_scikit_learn(neighbours: int) -> None:
    draws = np.random.default_rng(0)
    train, rows = (draws.random((n, 4), dtype=np.float32) for n in (90, 700))
    labels = draws.integers(3, 6, 90)
    expected = KNeighborsClassifier(neighbours).fit(train, labels).predict(rows)
    np.testing.assert_array_equal(vote(train, labels, rows, neighbours), expected)


def test_fewer_rows_than_neighbours_all_vote() -> None:
    rows = np.zeros((2, 1), np.float32)
    assert vote(rows, np.array([1, 1]), rows, 5).tolist() == [1, 1]


def test_a_count_of_labels_that_there_are_not_is_left_out(table: pd.DataFrame) -> None:
    assert list(table) == list(COLUMNS)
    assert sorted(table["labels"].unique()) == [30, 300]
    assert len(table) == 2 * 2 * 2 * 2


def test_what_tells_the_label_is_found_and_chance_is_chance(table: pd.DataFrame) -> None:
    accuracy = table.set_index(["features", "probe", "labels", "images"])["accuracy"]
    for kind in ("linear", "k-NN"):
        assert accuracy["good", kind, 300, "clean"] > 0.99
        assert accuracy["good", kind, 300, "clean"] > accuracy["good", kind, 300, "noisy"] + 0.1
        assert accuracy["useless", kind, 300, "clean"] == pytest.approx(1 / 3, abs=0.1)


def test_intervals_hold_the_accuracy(table: pd.DataFrame) -> None:
    assert (table["accuracy_ci_low"] <= table["accuracy"]).all()
    assert (table["accuracy"] <= table["accuracy_ci_high"]).all()
    assert (table["n_images"] == 200).all()


def test_one_number_scales_all_features() -> None:
    """A thousandfold unit changes nothing."""
    good = features(0.3)
    large = Features(
        1000 * good.train, 1000 * good.val, {k: 1000 * v for k, v in good.test.items()}
    )
    table = probe({"one": good, "other": large}, LABELS, [None], 5, [0.1], 0.95, seed=0)
    one, other = (table.loc[table["features"] == name, "accuracy"] for name in ("one", "other"))
    np.testing.assert_allclose(one, other, atol=0.011)


def test_a_single_class_is_always_found() -> None:
    labels = {name: np.zeros(count, int) for name, count in COUNTS.items()}
    assert (probe({"a": features(1)}, labels, [10], 5, [1.0], 0.95, seed=0)["accuracy"] == 1).all()


def test_there_are_no_more_components_than_images() -> None:
    images = np.random.default_rng(0).random((5, 4, 3, 1), dtype=np.float32)
    pca = fit_pca(as_rows(images), 32)
    assert pca.n_components_ == 5
    restored = pca.inverse_transform(pca.transform(as_rows(images)))
    np.testing.assert_allclose(restored, as_rows(images), atol=1e-5)
