"""Scores of a run as what MLflow is told: metrics by name and group, constants as tags."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from denoising_pipeline.datasets.metric_names import CONSTANTS, allowed_name, tracked_name
from denoising_pipeline.hooks.epoch_logger import metrics_step
from denoising_pipeline.hooks.outbox import Step


def summary_steps(summary: Mapping[str, Any], group: str) -> list[Step]:
    """Return the numbers of a summary as metrics; flags and constants as tags.

    Args:
        summary: Value by name; texts are left out.
        group: Of the metrics, such as `test`.
    """
    flags = {k: str(value).lower() for k, value in summary.items() if isinstance(value, bool)}
    known = {k: value for k, value in summary.items() if isinstance(value, int | float)}
    numbers = {k: value for k, value in known.items() if k not in flags}
    constants = {k: f"{value:g}" for k, value in numbers.items() if CONSTANTS.fullmatch(k)}
    named = {
        tracked_name(key, group): value for key, value in numbers.items() if key not in constants
    }
    return [metrics_step(named), {"do": "tags", "values": flags | constants}]


def table_steps(table: pd.DataFrame, rules: Iterable[Mapping[str, Any]]) -> list[Step]:
    """Return cells of a table as metrics.

    Args:
        table: Any table.
        rules: What of it: `value` is the column of the number, `group` the group of the metrics,
            `names` are the columns that a metric is called by; `where`, if it is given, what other
            columns have to be; `level` is a column in [0, 1], whose hundredths are the step, so
            that MLflow draws a curve.
    """
    by_step: dict[int, dict[str, float]] = {}
    for rule in rules:
        for row in table.to_dict("records"):
            value = row.get(rule["value"], math.nan)
            if pd.isna(value) or any(row[k] != v for k, v in rule.get("where", {}).items()):
                continue
            words = allowed_name(" ".join(str(row[name]) for name in rule["names"]))
            step = round(100 * row[rule["level"]]) if "level" in rule else 0
            by_step.setdefault(step, {})[f"{rule['group']}/{words}"] = float(value)
    return [metrics_step(values, step) for step, values in sorted(by_step.items())]
