"""Metrics on their way to MLflow while training goes on."""

import math
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from mlflow.entities import Metric
from mlflow.tracking import MlflowClient


def log_metrics(
    client: MlflowClient, run_id: str, metrics: Mapping[str, float], step: int = 0
) -> None:
    """Log metrics in one request; those that are no finite number become a tag instead.

    MLflow stores NaN as 0 and infinity as 1.8e308, which nobody could tell from a result.
    """
    now = int(time.time() * 1000)
    finite = {key: float(value) for key, value in metrics.items() if math.isfinite(value)}
    client.log_batch(run_id, [Metric(key, value, now, step) for key, value in finite.items()])
    for key in metrics.keys() - finite.keys():
        client.set_tag(run_id, f"non_finite.{key}", f"{metrics[key]} at step {step}")


@dataclass(frozen=True)
class EpochLogger:
    """Log each epoch's metrics to a run from any thread or process; without a run, do nothing.

    An interruption (Ctrl-C) waits until they are written: in the middle of it, SQLite's lock would
    be held as long as the exception is, and nothing could write how the run ended.
    """

    tracking_uri: str | None
    run_id: str | None

    def __call__(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Log the metrics of one epoch.

        Names that do not begin with `val_` are given the prefix `train_`: in a run, a bare `psnr`
        is the score on the test images.

        Args:
            epoch: From 1; the step in MLflow.
            metrics: Value by name.
        """
        if self.run_id is None:
            return
        named = {k if k.startswith("val_") else f"train_{k}": v for k, v in metrics.items()}
        client = MlflowClient(self.tracking_uri)
        with ThreadPoolExecutor(1) as uninterrupted:  # signals reach the main thread alone
            uninterrupted.submit(log_metrics, client, self.run_id, named, epoch).result()
