"""The pipeline on Dagster: every stage a task in a process of its own, all of them one run.

    DAGSTER_HOME=... dagster dev -f orchestration/dagster_jobs.py

Dagster may live in an environment of its own, since what it pins is older than what this project
needs: `DENOISING_PYTHON` names the Python that the project is installed for. Between the stages
lies what the catalog persists; DENOISING_RUN names the run that they are parts of.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

PROJECT = Path(os.environ.get("DENOISING_PROJECT", Path(__file__).resolve().parents[1]))
STAGES = (
    "ingestion",
    "preprocessing",
    "noise_injection",
    "training",
    "evaluation",
    "reporting",
)
RETRIES = dg.RetryPolicy(max_retries=2, delay=1)


class Recipe(dg.ConfigurableResource):
    """What is run; the project checks its parameters before each stage.

    Attributes:
        env: The recipe, a folder of conf.
        params: Parameters by name, each of its own type: `training.epochs: 3`, `seed: 1`.
    """

    env: str = "base"
    params: dict[str, Any] = Field(default={})


def stage(name: str, last: bool) -> dg.OpDefinition:
    """Return the task that runs a stage when the stage before it is done."""

    @dg.op(
        name=name,
        ins={} if name == STAGES[0] else {"before": dg.In(dg.Nothing)},
        out=dg.Out(dg.Nothing),
        retry_policy=RETRIES,
    )
    def run_stage(context: dg.OpExecutionContext, recipe: Recipe) -> None:
        context.log.info("%s: kedro run --pipelines %s", context.run_id, name)
        started = context.instance.get_run_record_by_id(context.run_id).create_timestamp
        environment = {**os.environ, "DENOISING_RUN": version(started)}
        if not last:
            environment["DENOISING_RUN_OPEN"] = "1"
        command = [os.environ.get("DENOISING_PYTHON", sys.executable), "-m", "kedro", "run"]
        command += [f"--pipelines={name}", f"--env={recipe.env}"]
        given = ",".join(f"{key}={json.dumps(value)}" for key, value in recipe.params.items())
        command += [f"--params={given}"] if given else []
        done = subprocess.run(  # noqa: S603
            command, cwd=PROJECT, env=environment, check=False, preexec_fn=end_with_parent
        )
        if done.returncode:
            raise dg.Failure(f"Stage {name} ended with exit code {done.returncode}; see its log.")

    return run_stage


def end_with_parent() -> None:
    """End this process when the task that started it is killed (prctl(2), PR_SET_PDEATHSIG).

    Else the task that is tried again would write beside it. Linux alone has it.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def version(moment: datetime) -> str:
    """Return a moment as versions are written."""
    found = moment.astimezone(UTC)
    return found.strftime("%Y-%m-%dT%H.%M.%S.") + f"{found.microsecond // 1000:03}Z"


TASKS = [stage(name, last=name == STAGES[-1]) for name in STAGES]


@dg.job(
    executor_def=dg.multiprocess_executor.configured({"max_concurrent": 1}),
    resource_defs={"recipe": Recipe()},
)
def pipeline() -> None:
    """From raw files to the report."""
    done = TASKS[0]()
    for task in TASKS[1:]:
        done = task(done)


defs = dg.Definitions(jobs=[pipeline])
