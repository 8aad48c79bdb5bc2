"""Load of the machine while a run goes on, as MLflow measures it, on the way of all else."""

import logging
import os
from threading import Thread

from mlflow.environment_variables import MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING
from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

from denoising_pipeline.hooks.epoch_logger import metrics_step
from denoising_pipeline.hooks.outbox import Outbox

logger = logging.getLogger(__name__)


class SystemMetrics(SystemMetricsMonitor):
    """MLflow's own monitor, which writes to the outbox: a store that is away costs nothing."""

    def __init__(self, outbox: Outbox) -> None:
        """Measure nothing yet.

        Args:
            outbox: That of the run.
        """
        super().__init__(outbox.run_id, tracking_uri=outbox.uri)  # type: ignore[no-untyped-call]
        self._outbox = outbox

    def start(self) -> None:
        """Begin to measure in a thread, if the user's `MLFLOW_ENABLE_...` does not say no."""
        if os.environ.get(MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING.name, "true").lower() == "true":
            Thread(target=self.monitor, daemon=True, name="system metrics").start()

    def monitor(self) -> None:
        """Measure and tell, every ten seconds, until `finish`."""
        while True:
            for _ in range(self.samples_before_logging):
                self.collect_metrics()  # type: ignore[no-untyped-call]
                if self._shutdown_event.wait(self.sampling_interval):
                    return
            try:
                self.publish_metrics(self.aggregate_metrics())  # type: ignore[no-untyped-call]
            except Exception as error:
                logger.warning("The load of the machine is tracked no more: %s", error)
                return

    def publish_metrics(self, metrics: dict[str, float]) -> None:
        """Put what was measured into the outbox."""
        named = {f"{self._metrics_prefix}{key}": value for key, value in metrics.items()}
        self._outbox.put(metrics_step(named, self._logging_step))
        self._logging_step += 1
        for monitor in self.monitors:
            monitor.clear_metrics()  # type: ignore[no-untyped-call]

    def finish(self) -> None:
        """Stop, without waiting."""
        self._shutdown_event.set()
