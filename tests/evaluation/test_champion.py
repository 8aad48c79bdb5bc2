"""A new denoiser is the champion if it is better on the same images by more than chance."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from denoising_pipeline.evaluation.champion import Decision, decide, decide_first
from denoising_pipeline.evaluation.runs import TrackedRun


def run(gain: float, count: int = 40, noise: float = 0.0, **changes: Any) -> TrackedRun:
    """A run whose images gain on those of a gain of 0, each by another amount."""
    index = np.arange(count)
    spread = np.random.default_rng(0).normal(0, 0.1, count)
    psnr = 20 + index / 7 + (gain + spread if gain else 0)
    scores = pd.DataFrame({"index": index, "noisy_psnr": 9 + index / 7 + noise, "psnr": psnr})
    about: dict[str, Any] = {
        "run_id": "ab",
        "name": "dense",
        "started": datetime(2026, 1, 1, tzinfo=UTC),
        "status": "RUNNING",
        "params": {},
        "metrics": {},
        "tags": {"source": "mnist", "source.digest": "c0ffee"},
        "history": pd.DataFrame,
        "image_metrics": lambda: scores,
    }
    return TrackedRun(**about | changes)


def decided(new: TrackedRun, champion: TrackedRun, **options: Any) -> Decision:
    return decide(new, champion, seed=0, resamples=2000, **options)


@pytest.mark.parametrize(("gain", "better"), [(0.2, True), (0.001, False), (-0.2, False)])
def test_only_a_gain_beyond_chance_makes_a_champion(gain: float, better: bool) -> None:
    """The images' gains vary by 0.1 dB, so the mean of 40 varies by 0.016."""
    found = decided(run(gain), run(0))
    assert (found.champion, found.difference is not None) == (better, True)
    assert found.difference
    assert found.difference.mean == pytest.approx(gain, abs=0.05)
    assert found.reason.startswith("better" if better else "not better")


def test_an_equal_denoiser_is_no_champion() -> None:
    """Trained again, it would depose itself otherwise."""
    assert not decided(run(0), run(0)).champion


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tags": {"source": "mnist", "source.digest": "decaf"}}, "other source"),
        ({"tags": {"source": "photos"}}, "other source"),
        ({"count": 39}, "other test images"),
        ({"noise": 0.1}, "other noisy images"),
        ({"image_metrics": lambda: None}, "no scores of each image"),
    ],
)
def test_other_images_or_noise_are_not_compared(changes: dict[str, Any], reason: str) -> None:
    """However large the gain seems; the reason is said."""
    found = decided(run(5, **changes), run(0))
    assert found == Decision(False, f"cannot be compared with the champion: {reason}")


def test_scores_that_are_no_numbers_are_not_compared() -> None:
    missing = run(5)
    table = missing.image_metrics()
    assert table is not None
    table.loc[3, "psnr"] = np.nan
    found = decided(run(1, image_metrics=lambda: table), run(0))
    assert not found.champion
    assert "not a finite number" in found.reason


@pytest.mark.parametrize(("count", "enough"), [(1, False), (2, False), (5, False), (6, True)])
def test_a_gain_on_every_one_of_a_few_images_may_be_chance(count: int, enough: bool) -> None:
    """Of five coins, all fall on the same side in one case of sixteen."""
    found = decided(run(5, count=count), run(0, count=count))
    assert found.champion is enough
    assert ("too few" in found.reason) is not enough


def test_more_confidence_takes_more_images() -> None:
    assert not decided(run(5, count=6), run(0, count=6), confidence=0.99).champion


@pytest.mark.parametrize(("gain", "better"), [(0.2, True), (0.001, False), (-0.2, False)])
def test_the_first_has_to_be_better_than_what_it_was_trained_on_from(
    gain: float, better: bool
) -> None:
    scores, before = run(gain).image_metrics(), run(0).image_metrics()
    assert scores is not None
    assert before is not None
    both = scores.assign(**{"start_psnr": before["psnr"]})
    found = decide_first(run(gain, image_metrics=lambda: both), seed=0, resamples=2000)
    assert found.champion is better
    assert "than the denoiser it started from by more than chance" in found.reason


def test_the_first_that_was_trained_from_nothing_is_the_champion() -> None:
    assert decide_first(run(-5), seed=0) == Decision(True, "there was no champion")


def without_clean(gain: float, noise: float = 0.0) -> TrackedRun:
    """The same, but scored by the risk, of which less is better."""
    scores = run(gain).image_metrics()
    assert scores is not None
    risk = pd.DataFrame({"index": scores["index"], "noisy_risk": 1 + noise, "start_risk": 0.8})
    risk["risk"] = 1 - scores["psnr"] / 100
    return run(0, image_metrics=lambda: risk)


@pytest.mark.parametrize(("gain", "better"), [(0.2, True), (-0.2, False)])
def test_without_clean_images_the_lower_risk_is_better(gain: float, better: bool) -> None:
    found = decided(without_clean(gain), without_clean(0))
    assert found.champion is better
    assert found.difference
    assert found.difference.mean == pytest.approx(gain / 100, rel=0.2)


def test_the_first_without_clean_images_is_compared_by_risk_with_its_start() -> None:
    """Its risk is from 0.74 to 0.8, so lower than that of the start."""
    assert decide_first(without_clean(0), seed=0).reason.startswith("better than the denoiser it")


@pytest.mark.parametrize(
    ("other", "reason"),
    [(run(0), "with clean images, the other was not"), (without_clean(0, 0.1), "or objective")],
)
def test_risks_of_other_images_or_beside_psnr_are_not_compared(
    other: TrackedRun, reason: str
) -> None:
    assert reason in decided(without_clean(1), other).reason
