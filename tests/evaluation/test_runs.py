"""Which runs take part in a comparison, where they differ, and which can be paired."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from denoising_pipeline.evaluation.runs import TrackedRun, obstacle_to_pairing, runs_table, select


def tracked(position: int, **changes: Any) -> TrackedRun:
    """A finished run; the higher the position, the later it started."""
    about: dict[str, Any] = {
        "run_id": f"{position:02d}ab",
        "name": f"dense {position}",
        "started": datetime(2026, 1, 1 + position, tzinfo=UTC),
        "status": "FINISHED",
        "params": {"seed": "0", "training.epochs": str(position)},
        "metrics": {"psnr": 20 + position / 3, "psnr_ci_low": 19.5, "psnr_ci_high": 22.25},
        "tags": {"source": "mnist", "source.sha256.test_images": "abc"},
        "history": pd.DataFrame,
        "image_metrics": scores,
    }
    return TrackedRun(**about | changes)


def scores(count: int = 5, noise: float = 0.0) -> pd.DataFrame:
    index = np.arange(count)
    return pd.DataFrame({"index": index, "noisy_psnr": 9 + index / 7 + noise, "psnr": 20.0})


def test_runs_take_part_that_finished_with_scores_and_the_others_are_named_with_the_reason() -> (
    None
):
    """The newest, oldest first, whatever the order they come in; the oldest is the reference."""
    runs = [
        tracked(6),
        tracked(2, status="FAILED"),
        tracked(3, status="RUNNING", metrics={}),
        tracked(5, metrics={"val_psnr": 20.0}),
        tracked(1),
        tracked(4),
    ]
    selection = select(runs, None, newest=2)
    assert [run.run_id for run in selection.runs] == ["04ab", "06ab"]
    assert selection.reference is runs[5]
    assert dict(zip(selection.left_out["run_id"], selection.left_out["reason"], strict=True)) == {
        "02ab": "FAILED",
        "03ab": "RUNNING",
        "05ab": "no scores of test images",
        "01ab": "not among the newest 2",
    }


@pytest.mark.parametrize("start", ["01a", "dense 1"])
def test_the_reference_is_found_by_the_start_of_its_id_or_name_however_old(start: str) -> None:
    """It takes the place of the oldest, and of several it is the oldest."""
    runs = [tracked(position) for position in (1, 2, 3, 4, 10)]
    selection = select(runs, start, newest=3)
    assert selection.reference is runs[0]
    assert selection.runs == [runs[0], runs[3], runs[4]]


def test_a_reference_that_takes_part_anyway_displaces_no_other() -> None:
    runs = [tracked(position) for position in (1, 2, 3)]
    selection = select(runs, "dense 3", newest=2)
    assert (selection.reference, selection.runs) == (runs[2], runs[1:])


def test_nothing_to_compare_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(ValueError, match=r"None of 1 runs has .*comparison\.filter"):
        select([tracked(1, status="KILLED")], None, newest=2)
    with pytest.raises(ValueError, match=r"comparison\.reference: .*'wide'.*\n  01ab  dense 1"):
        select([tracked(1)], "wide", newest=2)


def test_the_table_has_the_parameters_that_differ_as_text_and_the_scores_as_they_are() -> None:
    """A parameter that a run lacks differs, too; one that all share does not stand there."""
    runs = [tracked(1), tracked(2, params={"seed": "0", "training.epochs": "1", "new": "None"})]
    table = runs_table([*runs, tracked(3, metrics={"psnr": 1 / 3})], ["psnr"])
    assert list(table.columns) == [
        *("run", "run_id", "name", "started", "params.new", "params.training.epochs"),
        *("metrics.psnr", "metrics.psnr_ci_low", "metrics.psnr_ci_high"),
    ]
    assert table["run"].tolist() == [1, 2, 3]
    assert table["params.training.epochs"].tolist() == ["1", "1", "3"]
    assert table["params.new"].isna().tolist() == [True, False, True]
    assert table["metrics.psnr"].tolist() == [20 + 1 / 3, 20 + 2 / 3, 1 / 3]
    assert table["metrics.psnr_ci_low"].isna().tolist() == [False, False, True]


def test_a_metric_that_no_run_has_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match=r"comparison\.metrics: no run has pnsr\. .*psnr, psnr_ci"):
        runs_table([tracked(1)], ["psnr", "pnsr"])


OTHER_SUM = {"source": "mnist", "source.sha256.test_images": "def"}


@pytest.mark.parametrize(
    ("changes", "table", "obstacle"),
    [
        ({}, scores(), ""),
        ({"tags": {"source": "mnist"}}, scores(), ""),  # a slice that did not read the raw files
        ({}, scores(noise=1e-13), ""),  # another processor
        ({}, None, "no scores of each image"),
        ({"tags": OTHER_SUM}, scores(), "other source"),
        ({"tags": {"source": "fashion"}}, scores(), "other source"),
        ({}, scores(6), "other test images"),
        ({}, scores().assign(index=[0, 1, 2, 3, 5]), "other test images"),
        ({}, scores(noise=1e-4), "other noisy images"),
    ],
)
def test_runs_are_paired_that_saw_the_same_noisy_images(
    changes: dict[str, Any], table: pd.DataFrame | None, obstacle: str
) -> None:
    runs = tracked(1), tracked(2, **changes)
    assert obstacle_to_pairing(runs[1], table, runs[0], scores()) == obstacle
    assert obstacle_to_pairing(runs[0], scores(), runs[1], table) == obstacle
