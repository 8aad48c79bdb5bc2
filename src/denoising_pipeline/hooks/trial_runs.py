"""Each trial of a study as a run of its own in MLflow, below the run of the study."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mlflow.entities import Param, Run
from mlflow.tracking import MlflowClient
from mlflow.tracking.context.registry import resolve_tags

from denoising_pipeline.core.processes import process_tags
from denoising_pipeline.datasets.mlflow_runs import TRIAL
from denoising_pipeline.hooks.epoch_logger import EpochLogger, metrics_step
from denoising_pipeline.hooks.outbox import Outbox
from denoising_pipeline.hooks.publishing import end_step
from denoising_pipeline.hooks.reach import brief

PARENT = "mlflow.parentRunId"
STATUS = {"complete": "FINISHED", "pruned": "KILLED", "failed": "FAILED", "killed": "KILLED"}
"""MLflow's word for how a trial ended; ours is the tag `trial.state`."""

logger = logging.getLogger(__name__)


@dataclass
class TrialRun:
    """The run of one trial; without an outbox, it does nothing."""

    outbox: Outbox | None
    ended: bool = False

    def log(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Log the metrics of one epoch; see `EpochLogger`."""
        EpochLogger(self.outbox)(epoch, metrics)

    def end(self, state: str, metrics: Mapping[str, float], wait: float | None = None) -> None:
        """Close the run.

        Args:
            state: How the trial ended, a key of `STATUS`.
            metrics: Its scores, beside those of the epochs, in the group `final`.
            wait: Seconds to wait for MLflow; None: until it is told, or has failed.
        """
        if self.outbox is None or self.ended:
            return
        self.ended = True
        scores = {f"final/{name}": value for name, value in metrics.items()}
        tags = {"do": "tags", "values": {"trial.state": state}}
        steps = [metrics_step(scores)] if scores else []
        self.outbox.put(*steps, tags, end_step(STATUS[state]), urgent=True, wait=wait)


@dataclass
class TrialRuns:
    """Begins the run of each trial; without a run of the study, it does nothing.

    Attributes:
        outbox: That of the run of the study.
        begun: Runs of trials, so that they end with it.
    """

    outbox: Outbox | None
    begun: list[TrialRun] = field(default_factory=list)

    def __call__(self, number: int, parameters: Mapping[str, Any]) -> TrialRun:
        """Begin the run of a trial.

        A store that cannot be reached costs no trial: it is then not tracked.

        Args:
            number: Of the trial, from 0.
            parameters: Value by full name.
        """
        if self.outbox is None:
            return TrialRun(None)
        try:
            with brief():
                child = _create(self.outbox, number, parameters)
        except Exception as error:
            reason = str(error).partition("\n")[0][:200]
            logger.warning("Trial %d is not tracked: %s", number, reason)
            return TrialRun(None)
        run = TrialRun(replace(self.outbox, run_id=child.info.run_id))
        self.begun.append(run)
        return run

    def end(self, wait: float | None = None) -> None:
        """Close the runs of trials that are open."""
        for run in self.begun:
            run.end("killed", {}, wait)


def _create(outbox: Outbox, number: int, parameters: Mapping[str, Any]) -> Run:
    client = MlflowClient(outbox.uri)
    parent = client.get_run(outbox.run_id)
    shown = ", ".join(f"{key.rpartition('.')[2]} {value}" for key, value in parameters.items())
    tags = {PARENT: outbox.run_id, TRIAL: str(number), **process_tags()}
    child: Run = client.create_run(
        parent.info.experiment_id,
        start_time=int(time.time() * 1000),
        tags=resolve_tags(tags),
        run_name=f"trial {number}: {shown}"[:250],
    )
    params = [Param(key, str(value)) for key, value in parameters.items()]
    client.log_batch(child.info.run_id, params=params)
    return child
