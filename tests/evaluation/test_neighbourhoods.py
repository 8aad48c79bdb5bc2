"""Neighbourhoods are measured as scikit-learn does, and image by image."""

import numpy as np
import pytest
from sklearn import manifold
from sklearn.neighbors import KNeighborsClassifier

from denoising_pipeline.evaluation.neighbourhoods import (
    by_distance,
    told_by_neighbours,
    trustworthiness,
)

DRAWS = np.random.default_rng(0)
ROWS = DRAWS.random((60, 5))
PLANE = ROWS[:, :2] + 0.1 * DRAWS.random((60, 2))


@pytest.mark.parametrize("neighbours", [1, 5, 20])
def test_the_mean_is_what_scikit_learn_has(neighbours: int) -> None:
    original, projected = by_distance(ROWS), by_distance(PLANE)
    found = trustworthiness(original, projected, neighbours)
    assert found.shape == (60,)
    expected = manifold.trustworthiness(ROWS, PLANE, n_neighbors=neighbours)
    assert found.mean() == pytest.approx(expected)
    continuity = trustworthiness(projected, original, neighbours).mean()
    expected = manifold.trustworthiness(PLANE, ROWS, n_neighbors=neighbours)
    assert continuity == pytest.approx(expected)


def test_what_keeps_all_neighbours_is_trusted_entirely() -> None:
    order = by_distance(ROWS)
    assert (trustworthiness(order, by_distance(3 * ROWS + 1), 7) == 1).all()


def test_an_image_is_the_nearest_to_itself_even_among_copies() -> None:
    order = by_distance(np.zeros((4, 3)))
    assert order[:, 0].tolist() == [0, 1, 2, 3]


def test_half_of_the_images_are_too_many_neighbours() -> None:
    order = by_distance(ROWS)
    with pytest.raises(ValueError, match="30 neighbours of 60 images are too many"):
        trustworthiness(order, order, 30)


def test_an_image_has_no_vote_on_its_own_label() -> None:
    labels = (ROWS[:, 0] > 0.5).astype(np.int64) + 4
    told = told_by_neighbours(by_distance(ROWS), labels, 5)
    for image in range(60):
        others = np.delete(np.arange(60), image)
        nearest = KNeighborsClassifier(5).fit(ROWS[others], labels[others])
        assert told[image] == (nearest.predict(ROWS[[image]])[0] == labels[image])
