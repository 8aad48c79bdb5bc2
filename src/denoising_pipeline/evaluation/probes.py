"""How much of the labels simple classifiers find in features of images."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from denoising_pipeline.core.seeding import generator
from denoising_pipeline.evaluation.metrics import share_interval
from denoising_pipeline.evaluation.pca import Rows

Labels: TypeAlias = npt.NDArray[Any]

COLUMNS = (
    *("features", "values", "probe", "labels", "images", "n_images"),
    *("accuracy", "accuracy_ci_low", "accuracy_ci_high"),
)
"""Of the table of `probe`."""

_BLOCK_ROWS = 256

MAX_STEPS = 300
"""Of the solver of the logistic regression."""


class Features(NamedTuple):
    """What one way of describing images makes of them.

    Attributes:
        train: Features of the training images.
        val: Those of the validation images.
        test: Those of test images, by what was done to the images.
    """

    train: Rows
    val: Rows
    test: Mapping[str, Rows]


def balanced_order(labels: Labels, seed: int) -> npt.NDArray[np.int64]:
    """Return a random order whose every beginning has as many of each label as possible.

    Args:
        labels: (N,).
        seed: Root seed.
    """
    order = generator(seed, "probe", "train").permutation(len(labels))
    turn = pd.Series(order).groupby(labels[order]).cumcount().to_numpy()
    balanced: npt.NDArray[np.int64] = order[np.argsort(turn, kind="stable")]
    return balanced


def probe(
    features: Mapping[str, Features],
    labels: Mapping[str, Labels],
    counts: Sequence[int | None],
    neighbours: int,
    regularization: Sequence[float],
    confidence: float,
    seed: int,
) -> pd.DataFrame:
    """Fit a linear classifier and nearest neighbours to few and many labels, and count the correct.

    All of a way's features are divided by one number, so that they vary by 1 on average.
    The linear one is multinomial logistic regression (G. Alain and Y. Bengio, "Understanding
    Intermediate Layers Using Linear Classifier Probes", 2016); its regularization is chosen on the
    validation images. Equal counts see the same images, whatever the features.

    Args:
        features: By the name of the way that they were made in.
        labels: Of the images, by `train`, `val` and `test`.
        counts: Labelled training images that are learnt from, as many of each label as possible;
            None: all. A count that there are not is left out.
        neighbours: That vote; fewer where fewer images are learnt from.
        regularization: Inverse strengths of the penalty to choose from.
        confidence: Of Wilson's intervals over test images.
        seed: Root seed of the choice of images.

    Returns:
        A row per features, probe, count and kind of test images: `COLUMNS`.
    """
    order = balanced_order(labels["train"], seed)
    known = sorted({len(order) if count is None else count for count in counts})
    rows = []
    for count in (count for count in known if count <= len(order)):
        chosen = order[:count]
        targets = {**labels, "train": labels["train"][chosen]}
        for name, given in features.items():
            part = _scaled(given._replace(train=given.train[chosen]))
            for kind, images, correct in _correct(part, targets, neighbours, regularization):
                share = share_interval(int(correct.sum()), len(correct), confidence)
                about = (name, part.train.shape[1], kind, count, images, len(correct))
                rows.append(dict(zip(COLUMNS, (*about, *share), strict=True)))
    return pd.DataFrame(rows, columns=COLUMNS)


def _scaled(features: Features) -> Features:
    mean = features.train.mean(0)
    spread = np.sqrt(features.train.var(0).mean()) or np.float32(1)
    train, val = ((rows - mean) / spread for rows in (features.train, features.val))
    return Features(train, val, {key: (r - mean) / spread for key, r in features.test.items()})


def _correct(
    features: Features,
    labels: Mapping[str, Labels],
    neighbours: int,
    regularization: Sequence[float],
) -> Iterator[tuple[str, str, npt.NDArray[np.bool_]]]:
    """Yield probe, kind of test images, and which of them it classifies correctly."""
    nearest = partial(vote, features.train, labels["train"], neighbours=neighbours)
    linear = _linear(features, labels, regularization)
    for kind, predict in (("linear", linear), ("k-NN", nearest)):
        for images, rows in features.test.items():
            yield kind, images, predict(rows) == labels["test"]


def vote(train: Rows, labels: Labels, rows: Rows, neighbours: int) -> Labels:
    """Return the label that most of the nearest rows have, of equally many the least.

    By products of matrices, block by block: quicker than scikit-learn's own on one thread.

    Args:
        train: (N, K).
        labels: (N,), theirs.
        rows: (M, K), to be classified.
        neighbours: That vote, by Euclidean distance; all, where there are fewer.

    Returns:
        (M,).
    """
    names, numbers = np.unique(labels, return_inverse=True)
    count = min(neighbours, len(train))
    squares = (train**2).sum(1) / 2
    found = np.empty(len(rows), np.int64)
    for start in range(0, len(rows), _BLOCK_ROWS):
        part = slice(start, start + _BLOCK_ROWS)
        distances = squares - rows[part] @ train.T
        nearest = np.argpartition(distances, count - 1, axis=1)[:, :count]
        votes = (numbers[nearest][..., np.newaxis] == np.arange(len(names))).sum(1)
        found[part] = votes.argmax(1)
    winners: Labels = names[found]
    return winners


def _linear(
    features: Features, labels: Mapping[str, Labels], regularization: Sequence[float]
) -> Callable[[Rows], Labels]:
    """Return the logistic regression that is correct most often on validation images."""
    from sklearn.linear_model import LogisticRegression

    only = np.unique(labels["train"])
    if len(only) == 1:
        return lambda rows: np.full(len(rows), only[0])

    fitted = [
        LogisticRegression(C=inverse, max_iter=MAX_STEPS, tol=1e-3).fit(
            features.train, labels["train"]
        )
        for inverse in sorted(regularization)
    ]
    best = max(fitted, key=lambda model: model.score(features.val, labels["val"]))
    predict: Callable[[Rows], Labels] = best.predict
    return predict
