"""Metrics on their way to MLflow while training goes on."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Thread

from mlflow.entities import Metric
from mlflow.tracking import MlflowClient

from denoising_pipeline.datasets.metric_names import epoch_name
from denoising_pipeline.hooks.outbox import Outbox, Step


def metrics_step(metrics: Mapping[str, float], step: int = 0) -> Step:
    """Return the step that logs metrics with the time that it is now.

    Those that are no finite number are text, which JSON has.
    """
    values = {k: float(v) if math.isfinite(v) else str(float(v)) for k, v in metrics.items()}
    return {"do": "metrics", "values": values, "step": step, "time": int(time.time() * 1000)}


def log_metrics(
    client: MlflowClient,
    run_id: str,
    metrics: Mapping[str, float | str],
    step: int = 0,
    when: int | None = None,
) -> None:
    """Log metrics in one request; those that are no finite number become a tag instead.

    MLflow stores NaN as 0 and infinity as 1.8e308, which nobody could tell from a result.

    Args:
        client: Of the store.
        run_id: The run.
        metrics: Value by name.
        step: Which it is of several.
        when: Milliseconds since 1970; None: now.
    """
    now = when or int(time.time() * 1000)
    numbers = {key: float(value) for key, value in metrics.items()}
    finite = {key: value for key, value in numbers.items() if math.isfinite(value)}
    client.log_batch(run_id, [Metric(key, value, now, step) for key, value in finite.items()])
    for key in numbers.keys() - finite.keys():
        client.set_tag(run_id, f"non_finite.{key}", f"{numbers[key]} at step {step}")


@dataclass(frozen=True)
class EpochLogger:
    """Log each epoch's metrics to a run from any thread or process; without a run, do nothing.

    A store that cannot be reached costs no training: what it was to be told is kept.

    They are written in a thread of their own: Ctrl-C in the middle of it would hold SQLite's lock
    as long as the exception is kept, and nothing could write how the run ended.
    """

    outbox: Outbox | None

    def __call__(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Log the metrics of one epoch.

        Names that begin with `val_` go to the group `val`, others to `train`.

        Args:
            epoch: From 1; the step in MLflow.
            metrics: Value by name.
        """
        if self.outbox is not None:
            named = {epoch_name(key): value for key, value in metrics.items()}
            put_in_thread(self.outbox, metrics_step(named, epoch))


def put_in_thread(outbox: Outbox, step: Step) -> None:
    """Put a step in a thread of its own, and wait for it: no signal interrupts it there.

    Raises:
        Exception: The store can be reached and refuses it.
    """
    refused: list[Exception] = []

    def put() -> None:
        try:
            outbox.put(step)
        except Exception as error:
            refused.append(error)

    told = Thread(target=put, daemon=True)
    told.start()
    told.join()
    if refused:
        raise refused[0]
