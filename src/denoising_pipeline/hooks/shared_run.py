"""One run made of several processes: an orchestrator names it, and each of its tasks takes part.

All of them write the same version, load what the others have written, and are one MLflow run.
"""

import os
import re
from typing import Any

from mlflow.tracking import MlflowClient

VARIABLE = "DENOISING_RUN"
"""Names the run, as Kedro names versions: 2026-11-27T20.15.00.000Z."""

OPEN = "DENOISING_RUN_OPEN"
"""Set for tasks that others follow: the MLflow run goes on."""

TAG = "shared_run"
"""Of the MLflow run, with the name."""

_FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d\.\d{3}Z")


def shared_run() -> str | None:
    """Return the name of the run that this process is a task of; None: it is a run of its own.

    Raises:
        ValueError: It is no name of a version.
    """
    name = os.environ.get(VARIABLE)
    if name and not _FORM.fullmatch(name):
        raise ValueError(f"{VARIABLE} is {name!r}; it is written like 2026-11-27T20.15.00.000Z.")
    return name or None


def goes_on() -> bool:
    """Tell whether other tasks of the run follow."""
    return bool(shared_run() and os.environ.get(OPEN))


def tracked_as(client: MlflowClient, experiment: str) -> Any:
    """Return the MLflow run that earlier tasks have begun, open again; None: there is none."""
    query = f"tags.{TAG} = '{shared_run()}'"
    found = client.search_runs([experiment], query, max_results=1)
    if not found:
        return None
    client.update_run(found[0].info.run_id, status="RUNNING")
    return found[0]


def without_process(tags: dict[str, str]) -> dict[str, str]:
    """Return the tags of a shared run: it ends with no process of its tasks."""
    kept = {key: value for key, value in tags.items() if not key.startswith("process.")}
    return {**kept, TAG: str(shared_run())}
