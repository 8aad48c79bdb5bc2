"""The paired bootstrap agrees with the t-test and the sign-flip test; what is shared cancels."""

import tracemalloc

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from denoising_pipeline.evaluation.paired import paired_difference

Scores = npt.NDArray[np.float64]


def pair(shift: float, images: int = 200) -> tuple[Scores, Scores]:
    """PSNRs of images that differ much from each other and little between two denoisers."""
    draws = np.random.default_rng(1)
    reference = draws.normal(20, 3, images)
    return reference + draws.normal(shift, 0.5, images), reference


def test_interval_is_that_of_students_paired_test() -> None:
    scores, reference = pair(0.2)
    student = stats.ttest_rel(scores, reference)
    low, high = student.confidence_interval(0.9)
    found = paired_difference(scores, reference, seed=0, confidence=0.9)
    assert found.mean == pytest.approx(np.mean(scores - reference))
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.01)
    assert found.n == 200


@pytest.mark.parametrize("shift", [0.0, 0.03, 0.06])
def test_p_value_is_that_of_the_sign_flip_test(shift: float) -> None:
    scores, reference = pair(shift)
    flipped = stats.permutation_test(
        (scores, reference),
        lambda x, y, axis: np.mean(x - y, axis=axis),
        permutation_type="samples",
        vectorized=True,
        rng=np.random.default_rng(0),
    )
    found = paired_difference(scores, reference, seed=0)
    assert found.p_value == pytest.approx(flipped.pvalue, abs=0.02)


def test_a_small_steady_difference_counts_where_the_two_intervals_overlap() -> None:
    scores, reference = pair(0.2)
    ends = [stats.sem(values) * 1.96 for values in (scores, reference)]
    assert np.mean(scores) - ends[0] < np.mean(reference) + ends[1]
    assert paired_difference(scores, reference, seed=0).p_value < 0.001


def test_when_there_is_no_difference_one_in_twenty_is_called_one() -> None:
    draws = np.random.default_rng(0)
    called = sum(
        paired_difference(draws.normal(size=60), np.zeros(60), seed=i, resamples=400).p_value < 0.05
        for i in range(400)
    )
    assert stats.binomtest(called, 400, 0.06).pvalue > 0.01


def test_p_value_is_small_where_the_interval_excludes_no_difference() -> None:
    for shift in np.linspace(-0.2, 0.2, 9):
        found = paired_difference(*pair(shift), seed=0, resamples=999)
        assert (found.p_value < 0.05) == (found.low > 0 or found.high < 0)


def test_equal_scores_do_not_differ() -> None:
    scores, _ = pair(0)
    assert paired_difference(scores, scores, seed=0)[:4] == (0, 0, 0, 1)


def test_one_image_proves_nothing() -> None:
    one, other = np.array([20.0]), np.array([15.0])
    assert paired_difference(one, other, seed=0) == (5, 5, 5, 1, 1)


def test_the_same_seed_gives_the_same_and_exchanging_the_two_the_opposite() -> None:
    scores, reference = pair(0.05)
    found = paired_difference(scores, reference, seed=3)
    assert paired_difference(scores, reference, seed=3) == found
    assert paired_difference(scores, reference, seed=4) != found
    turned = paired_difference(reference, scores, seed=3)
    assert (turned.mean, turned.low, turned.high, turned.p_value) == pytest.approx(
        (-found.mean, -found.high, -found.low, found.p_value)
    )


def test_memory_does_not_grow_with_the_resamples() -> None:
    """10,000 images resampled 1,000 times at once would take 80 MB for the indices alone."""
    scores, reference = pair(0.1, images=10_000)
    paired_difference(scores[:2], reference[:2], seed=0, resamples=2)
    tracemalloc.start()
    paired_difference(scores, reference, seed=0, resamples=1000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6


@pytest.mark.parametrize(
    ("scores", "reference", "options", "message"),
    [
        (np.zeros(3), np.zeros(4), {}, "same images"),
        (np.zeros((2, 2)), np.zeros((2, 2)), {}, "one value per image"),
        (np.zeros(0), np.zeros(0), {}, "no scores"),
        (np.array([1, np.nan]), np.zeros(2), {}, "finite"),
        (np.zeros(2), np.array([1, np.inf]), {}, "finite"),
        (np.zeros(2), np.zeros(2), {"confidence": 1.0}, "confidence"),
        (np.zeros(2), np.zeros(2), {"resamples": 1}, "resamples"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    scores: Scores, reference: Scores, options: dict[str, float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        paired_difference(scores, reference, seed=0, **options)  # type: ignore[arg-type]
