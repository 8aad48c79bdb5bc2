"""Runs that are compared: which take part, where they differ, whether they saw the same images."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

SCORE = "psnr"
"""The metric that only runs have that evaluated against clean images."""

RISK = "risk"
"""What they have where there are no clean images."""


@dataclass(frozen=True, eq=False)
class TrackedRun:
    """One run as tracking has stored it.

    Attributes:
        run_id: Its identity.
        name: Its name, which other runs may share.
        started: When it started, in UTC.
        status: `FINISHED`, `FAILED`, `KILLED` or `RUNNING`.
        params: Parameters by full key, as text.
        metrics: Newest value of each metric, by its name in summaries (`psnr`, `psnr_ci_low`); of
            epochs `train_*` and `val_*`; of other pipelines than evaluation as it is tracked.
        tags: Tags by key.
        history: Reads the metrics of epochs (`train_*`, `val_*`): a row per epoch, which is the
            index; a column per metric. Without epochs it is empty.
        image_metrics: Reads the table with a row of scores per test image; None if there is none.
    """

    run_id: str
    name: str
    started: datetime
    status: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    history: Callable[[], pd.DataFrame]
    image_metrics: Callable[[], pd.DataFrame | None]


SearchRuns: TypeAlias = Callable[[str], list[TrackedRun]]
"""Takes a filter (empty: all) and returns the runs that pass it, in any order."""


class Selection(NamedTuple):
    """The runs of a comparison.

    Attributes:
        runs: Those that take part, the oldest first; one or more.
        reference: The one among them that the others are compared with.
        left_out: A row for each that does not: `run_id`, `name`, `started` and the `reason`.
    """

    runs: list[TrackedRun]
    reference: TrackedRun
    left_out: pd.DataFrame


def select(runs: Sequence[TrackedRun], reference: str | None, newest: int) -> Selection:
    """Choose the runs that take part in a comparison: finished ones with scores of test images.

    Args:
        runs: The runs to choose from.
        reference: How the id of the reference begins, or a part of its name, the oldest of several;
            None: the oldest run that takes part.
        newest: How many take part at most. A reference older than these takes the place of one.

    Returns:
        The selection.

    Raises:
        ValueError: No run has scores, or none is called like the reference.
    """
    reasons = {run.run_id: _shortcoming(run) for run in runs}
    scored = sorted((run for run in runs if not reasons[run.run_id]), key=lambda run: run.started)
    if not scored:
        raise ValueError(
            f"None of {len(runs)} runs has finished with scores of test images. Give another "
            "filter (comparison.filter), or run the pipeline first."
        )
    chosen = scored[-newest:]
    found = _reference(scored, reference) if reference else chosen[0]
    if found not in chosen:
        chosen[0] = found
    for run in scored:
        reasons[run.run_id] = "" if run in chosen else f"not among the newest {newest}"
    rows = [(run.run_id, run.name, run.started, reasons[run.run_id]) for run in runs]
    table = pd.DataFrame(rows, columns=["run_id", "name", "started", "reason"])
    return Selection(chosen, found, table[table["reason"] != ""].reset_index(drop=True))


def runs_table(runs: Sequence[TrackedRun], metrics: Sequence[str]) -> pd.DataFrame:
    """Put runs side by side: the parameters in which they differ, and their scores.

    Args:
        runs: One or more runs.
        metrics: Metrics of the table; intervals are added where runs have them.

    Returns:
        A row per run: `run` (counted from 1), `run_id`, `name`, `started`; `params.<key>` as text
        for each parameter that is not the same in all runs; `metrics.<key>`, float64 and equal to
        what is tracked to the last digit, with `_ci_low` and `_ci_high`. What a run lacks is
        missing.

    Raises:
        ValueError: No run has one of the metrics; names it and those that there are.
    """
    known = {key for run in runs for key in run.metrics}
    if unknown := [metric for metric in metrics if metric not in known]:
        raise ValueError(
            f"comparison.metrics: no run has {', '.join(unknown)}. Those that there are: "
            f"{', '.join(sorted(known))}."
        )
    keys = [f"{metric}{end}" for metric in metrics for end in ("", "_ci_low", "_ci_high")]
    columns: dict[str, Any] = {
        "run": list(range(1, len(runs) + 1)),
        "run_id": [run.run_id for run in runs],
        "name": [run.name for run in runs],
        "started": [run.started for run in runs],
    }
    for key in sorted({key for run in runs for key in run.params}):
        values = [run.params.get(key) for run in runs]
        if len(set(values)) > 1:
            columns[f"params.{key}"] = values
    for key in keys:
        if key in known:
            columns[f"metrics.{key}"] = [run.metrics.get(key, np.nan) for run in runs]
    return pd.DataFrame(columns)


def obstacle_to_pairing(
    run: TrackedRun,
    scores: pd.DataFrame | None,
    reference: TrackedRun,
    reference_scores: pd.DataFrame | None,
) -> str:
    """Say why the scores of two runs cannot be paired image by image.

    The scores of the noisy images are equal if and only if the noisy images are. Rounding is
    allowed for, since another processor may add in another order.

    Args:
        run: One run.
        scores: Its row per test image, with `index` and `noisy_psnr` or `noisy_risk`; None if
            there is none.
        reference: The other run.
        reference_scores: Its row per test image.

    Returns:
        The obstacle in a few words, empty if there is none.
    """
    if scores is None or reference_scores is None:
        return "no scores of each image"
    if _has_other_source(run, reference):
        return "other source"
    if not np.array_equal(scores["index"], reference_scores["index"]):
        return "other test images"
    score = image_score(scores)
    if score != image_score(reference_scores):
        return "one was compared with clean images, the other was not"
    noisy = f"noisy_{score}"
    if not np.allclose(scores[noisy], reference_scores[noisy], rtol=1e-9, atol=0):
        return "other noisy images" if score == SCORE else "other noisy images, or objective"
    return ""


def image_score(scores: pd.DataFrame) -> str:
    """Return what the images of a table are scored by: PSNR or, without clean images, the risk."""
    return RISK if RISK in scores else SCORE


def _shortcoming(run: TrackedRun) -> str:
    if run.status != "FINISHED":
        return run.status
    if RISK in run.metrics:
        return "no clean images"
    return "" if SCORE in run.metrics else "no scores of test images"


def _reference(runs: Sequence[TrackedRun], start: str) -> TrackedRun:
    for run in runs:
        if run.run_id.startswith(start) or start in run.name:
            return run
    names = "\n  ".join(f"{run.run_id}  {run.name}" for run in runs)
    raise ValueError(
        f"comparison.reference: the id of no run begins with {start!r}, and no name has it. There "
        "are:\n  "
        f"{names}"
    )


def _has_other_source(run: TrackedRun, reference: TrackedRun) -> bool:
    """Whether both say which test images they had, and it is not the same.

    A run that did not read the raw files knows the name of the source only.
    """
    for key in ("source", "source.digest", "source.sha256.test_images"):
        names = {run.tags.get(key), reference.tags.get(key)} - {None}
        if len(names) > 1:
            return True
    return False
