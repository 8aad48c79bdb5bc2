"""Comparison puts finished runs side by side, each against the reference, and says it in words."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from denoising_pipeline.evaluation.options import ComparisonParameters, EvaluationParameters
from denoising_pipeline.evaluation.runs import TrackedRun
from denoising_pipeline.pipelines.comparison.nodes import compare_runs, draw_scores, write_markdown

COUNT = 400
EVALUATION = EvaluationParameters(confidence=0.9)
IMAGES = np.random.default_rng(0).normal(20, 2, COUNT)
"""PSNR of each image with the first run."""


def scores(gain: float, noise: float = 9.0) -> pd.DataFrame:
    """A run that gains so much on each image, more or less."""
    psnr = IMAGES + (np.random.default_rng(1).normal(gain, 0.5, COUNT) if gain else 0)
    table = {"index": np.arange(COUNT), "noisy_psnr": np.full(COUNT, noise), "psnr": psnr}
    return pd.DataFrame(table)


def tracked(position: int, table: pd.DataFrame | None, **changes: Any) -> TrackedRun:
    psnr = 20.0 if table is None else float(table["psnr"].mean())
    epochs = pd.DataFrame({"val_psnr": [18.5, 19.5]}, pd.Index([1, 2], name="epoch"))
    about: dict[str, Any] = {
        "run_id": f"{position}0ab5678rest",
        "name": f"run | {position}",
        "started": datetime(2026, 1, position, tzinfo=UTC),
        "status": "FINISHED",
        "params": {"seed": str(position)},
        "metrics": {
            "psnr": psnr,
            "psnr_ci_low": psnr - 0.1,
            "psnr_ci_high": psnr + 0.1,
            "psnr_pooled": psnr - 0.5,
        },
        "tags": {},
        "history": partial(pd.DataFrame, epochs),
        "image_metrics": lambda: table,
    }
    return TrackedRun(**about | changes)


RUNS = [
    tracked(1, scores(0)),
    tracked(2, scores(0.2)),
    tracked(3, scores(0.2, noise=8.0)),
    tracked(4, None, history=partial(pd.DataFrame, index=pd.RangeIndex(0, name="epoch"))),
    tracked(5, None, status="FAILED"),
    tracked(6, None, status="FAILED"),
]


def comparison(**changes: Any) -> ComparisonParameters:
    given = {"metrics": ["psnr", "psnr_pooled"], "resamples": 1000}
    return ComparisonParameters.model_validate(given | changes)


def compared(**changes: Any) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    return compare_runs(lambda filter_string: RUNS, comparison(**changes), EVALUATION, seed=0)


def test_the_filter_reaches_the_search() -> None:
    asked = []

    def search(filter_string: str) -> list[TrackedRun]:
        asked.append(filter_string)
        return RUNS

    for given in ("params.seed = '1'", None):
        compare_runs(search, comparison(filter=given), EVALUATION, seed=0)
    assert asked == ["params.seed = '1'", ""]


def test_runs_with_the_same_noisy_images_are_compared_image_by_image() -> None:
    """The difference is the mean of those of the images, its interval that of Student's t test."""
    table = compared()[0]
    change = scores(0.2)["psnr"] - IMAGES
    row = table.iloc[1]
    assert row["difference.psnr"] == pytest.approx(change.mean(), rel=1e-12)
    interval = stats.ttest_1samp(change, 0).confidence_interval(0.9)
    found = row[["difference.psnr_ci_low", "difference.psnr_ci_high"]].to_numpy(dtype=float)
    np.testing.assert_allclose(found, np.array(interval, dtype=float), atol=0.01)
    assert row["p_value.psnr"] == 2 / 1001
    assert row["difference.psnr"] < row["metrics.psnr"]


def test_no_number_stands_where_runs_cannot_be_paired() -> None:
    """The reason does; and a metric without a score of each image has no difference."""
    table = compared()[0]
    assert table["pairing"].tolist() == [
        "reference",
        "paired",
        "not paired: other noisy images",
        "not paired: no scores of each image",
    ]
    assert table["difference.psnr"].isna().tolist() == [True, False, True, True]
    assert table["difference.psnr_pooled"].isna().all()
    assert table["p_value.psnr"].dtype == np.float64
    assert table["reference"].tolist() == [True, False, False, False]


def test_another_reference_turns_the_difference_round() -> None:
    first, second = compared()[0], compared(reference="20ab")[0]
    assert second["pairing"].tolist()[:2] == ["paired", "reference"]
    assert second["difference.psnr"][0] == -first["difference.psnr"][1]


def test_epochs_of_all_runs_are_one_table_and_runs_left_out_another() -> None:
    _, history, left_out = compared()
    assert history["run"].tolist() == [1, 1, 2, 2, 3, 3]
    assert history["reference"].tolist() == [True, True, False, False, False, False]
    assert history["val_psnr"].tolist() == [18.5, 19.5] * 3
    assert left_out["reason"].tolist() == ["FAILED", "FAILED"]


def test_the_text_says_all_of_it() -> None:
    table, _, left_out = compared()
    text = write_markdown(table, left_out, comparison(), EVALUATION)
    row = table.iloc[1]
    for line in (
        r"| 1 (reference) | run \| 1 | 10ab5678 | 2026-01-01 00:00 |",
        "| 2 | seed=2 |",
        "| run | score | interval | difference to run 1 | interval | p |",
        "| 4 | 20 | 19.9 to 20.1 | not paired: no scores of each image |  |  |",
        f"| 2 | {table['metrics.psnr_pooled'][1]:.5g} |  |  |  |  |",
        "Left out: FAILED (2).",
    ):
        assert line in text.splitlines()
    assert f"| {row['difference.psnr']:+.3g} | {row['difference.psnr_ci_low']:+.3g} to " in text
    assert "90% interval" in text


def test_a_single_run_is_compared_with_nothing() -> None:
    table, history, left_out = compare_runs(lambda _: RUNS[:1], comparison(), EVALUATION, seed=0)
    text = write_markdown(table, left_out, comparison(), EVALUATION)
    assert "Left out" not in text
    assert "| 1 (reference) |  |" in text.splitlines()
    assert len(draw_scores(table, comparison()).axes) == 2
    assert len(history) == 2
