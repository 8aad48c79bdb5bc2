"""Whether images that are neighbours stay so in a space of fewer dimensions."""

import numpy as np
import numpy.typing as npt

from denoising_pipeline.images.arrays import Values

Order = npt.NDArray[np.int64]
"""(N, N): for each of N images all of them, the nearest first; itself is the first of all."""


def by_distance(rows: npt.NDArray[np.floating]) -> Order:
    """Return for each image all images by their Euclidean distance.

    Args:
        rows: (N, K), a row per image.
    """
    points = rows.astype(np.float64)
    squares = (points**2).sum(1)
    distances = squares - 2 * points @ points.T
    np.fill_diagonal(distances, -np.inf)
    return np.argsort(distances, axis=1, kind="stable")


def trustworthiness(original: Order, projected: Order, neighbours: int) -> Values:
    """Return how far the neighbours of each image in a projection can be trusted.

    1 less what they are too far away in the original, by rank, of the most that it can be (J. Venna
    and S. Kaski, "Neighborhood Preservation in Nonlinear Projection Methods", 2001). With the two
    orders exchanged it is the continuity: how near the true neighbours are in the projection.

    Args:
        original: Order in the original space.
        projected: Order in the projection.
        neighbours: That are looked at, k; less than half of the N images.

    Returns:
        float64 (N,); its mean is the trustworthiness of the projection, in [0, 1].

    Raises:
        ValueError: There are too few images.
    """
    count = len(original)
    if 2 * neighbours >= count:
        raise ValueError(
            f"{neighbours} neighbours of {count} images are too many: less than half of the images "
            "are needed. Lower projections.neighbours, or raise projections.test_images."
        )
    ranks = np.empty_like(original)
    np.put_along_axis(ranks, original, np.arange(count)[np.newaxis], axis=1)
    found = np.take_along_axis(ranks, projected[:, 1 : neighbours + 1], axis=1)
    excess = np.maximum(found - neighbours, 0).sum(1)
    worst = neighbours * (2 * count - 3 * neighbours - 1) / 2
    shares: Values = 1 - excess / worst
    return shares


def told_by_neighbours(
    projected: Order, labels: npt.NDArray[np.int64], neighbours: int
) -> npt.NDArray[np.bool_]:
    """Tell which images have the label that most of their neighbours have, least label first.

    Args:
        projected: Order in the projection.
        labels: (N,).
        neighbours: That vote.

    Returns:
        bool (N,).
    """
    names, numbers = np.unique(labels, return_inverse=True)
    nearest = numbers[projected[:, 1 : neighbours + 1]]
    votes = (nearest[..., np.newaxis] == np.arange(len(names))).sum(1)
    right: npt.NDArray[np.bool_] = votes.argmax(1) == numbers
    return right
