"""One MLflow run per `kedro run`: how it starts, how it ends, and what it is called.

kedro-mlflow reads `mlflow.yml` and opens the run; what it leaves to be wished for is added here.
"""

import atexit
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import mlflow
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro_mlflow.framework.hooks.mlflow_hook import MlflowHook
from mlflow.tracking import MlflowClient

from denoising_pipeline.config import Parameters, flatten
from denoising_pipeline.hooks.epoch_logger import EpochLogger
from denoising_pipeline.hooks.publishing import log_parameters, publish
from denoising_pipeline.hooks.run_tags import (
    conf_source,
    end_abandoned_runs,
    kedro_command,
    link_training,
    run_facts,
    run_tags,
)
from denoising_pipeline.hooks.store import absolute_store, store_lock
from denoising_pipeline.hooks.variables import own_tracking
from denoising_pipeline.hooks.versions import VersionHooks

MAX_RUN_NAME = 250
"""Characters that the database has for a run's name."""


class TrackingHooks(MlflowHook):  # type: ignore[misc]
    """Track every run: parameters, live metrics, results, and an end that tells what happened."""

    def __init__(self, versions: VersionHooks) -> None:
        """Start without a run.

        Args:
            versions: Knows what a run loads, and what that was made with.
        """
        super().__init__()
        self._versions = versions
        self._open_run: str | None = None
        self._previous_sigterm: Any = None
        self._atexit_registered = False

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Set up the tracking store, whatever folder the command was given in."""
        self._end_open_run("KILLED")
        context.config_loader["mlflow"] = absolute_store(
            context.config_loader["mlflow"], Path(context.project_path)
        )
        uri = context.config_loader["mlflow"]["server"]["mlflow_tracking_uri"]
        with own_tracking(), store_lock(uri):
            super().after_context_created(context)
        self._parameters = Parameters.model_validate(context.config_loader["parameters"])
        self._project_path = Path(context.project_path)
        self._conf_source = Path(context.config_loader.conf_source)

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Open the run and record what is known before it starts."""
        # Kedro gives the names of pipelines in the order of a set.
        run_params = {**run_params, "pipeline_names": sorted(run_params["pipeline_names"] or [])}
        parameters = self._versions.effective(self._parameters)
        if self.mlflow_config.tracking.run.name is None:
            self.mlflow_config.tracking.run.name = run_name(run_params, parameters)
        left_out = {"runner": "", "runtime_params": {}, "project_path": ""}
        super().before_pipeline_run({**run_params, **left_out}, pipeline, catalog)
        repeated = {**run_params, "load_versions": self._versions.loaded}
        command = kedro_command(repeated, conf_source(self._conf_source, self._project_path))
        tags = {"kedro_command": command, "source": parameters.source}
        tags |= run_tags(self._project_path)
        mlflow_run, logger = None, EpochLogger(None, None)
        if self._is_mlflow_enabled:
            mlflow_run = self.run_id
            self._watch_for_the_end()
            try:
                self._record_start(tags, parameters)
            except Exception:  # Kedro calls `on_pipeline_error` for errors of nodes only.
                self._end_open_run("FAILED")
                raise
            logger = EpochLogger(mlflow.get_tracking_uri(), mlflow_run)
        facts = run_facts(tags, parameters, run_params["run_id"], mlflow_run)
        for name, value in {"epoch_logger": logger, "run_facts": facts}.items():
            if name in pipeline.inputs():
                catalog.save(name, value)

    def _record_start(self, tags: dict[str, str], parameters: Parameters) -> None:
        mlflow.set_tags(tags)
        end_abandoned_runs(self._client, self.run_id)
        log_parameters(parameters.model_dump(mode="json"))
        if trained := self._versions.loaded.get("denoiser"):
            link_training(self._client, self.run_id, trained)

    @hook_impl
    def before_node_run(self) -> None:
        """Log nothing here: parameters are logged once, and nodes know no tracking."""

    @hook_impl
    def after_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Publish the results and close the run: FINISHED, or FAILED if publishing failed."""
        if self._is_mlflow_enabled:
            try:
                publish(pipeline, catalog, self._parameters)
            except BaseException:
                self._end_open_run("FAILED")
                raise
        self._stop_watching()
        super().after_pipeline_run(run_params, pipeline, catalog)

    @hook_impl
    def on_pipeline_error(
        self,
        error: Exception,
        run_params: dict[str, Any],
        pipeline: Pipeline,
        catalog: DataCatalog,
    ) -> None:
        """Close the run as FAILED."""
        self._stop_watching()
        super().on_pipeline_error(error, run_params, pipeline, catalog)

    @property
    def _client(self) -> MlflowClient:
        client: MlflowClient = self.mlflow_config.server._mlflow_client
        return client

    def _watch_for_the_end(self) -> None:
        """See to it that a run that is interrupted or terminated ends as KILLED.

        Kedro calls `on_pipeline_error` for exceptions only, and MLflow ends what is still open
        when the process exits as FINISHED. Exit functions run last in, first out: this one is
        registered after MLflow's and so comes before it.
        """
        if self._already_active_mlflow:
            return
        self._open_run = self.run_id
        if not self._atexit_registered:
            atexit.register(self._end_open_run, "KILLED")
            self._atexit_registered = True
        if threading.current_thread() is threading.main_thread():
            self._previous_sigterm = signal.signal(signal.SIGTERM, _exit_on_sigterm)

    def _stop_watching(self) -> None:
        self._open_run = None
        if self._previous_sigterm is not None:
            signal.signal(signal.SIGTERM, self._previous_sigterm)
            self._previous_sigterm = None

    def _end_open_run(self, status: str) -> None:
        if self._open_run is None:
            return
        while mlflow.active_run():
            mlflow.end_run(status)
        self._client.set_terminated(self._open_run, status)
        self._stop_watching()


def _exit_on_sigterm(signal_number: int, frame: FrameType | None) -> None:
    sys.exit(128 + signal_number)


def run_name(run_params: dict[str, Any], parameters: Parameters) -> str:
    """Return what tells a run from others in a list, the most telling first: lists cut names short.

    Args:
        run_params: What Kedro passes to `before_pipeline_run`.
        parameters: The parameters of the run.

    Returns:
        Options given on the command line, noise, architecture, pipelines if named, and recipe,
        such as `"epochs 3 · gaussian 0.5 · dense · smoke"`.
    """
    noise = parameters.noise_injection.root
    named = {"noise_injection.name", f"noise_injection.{noise.level}", "training.model.name"}
    given = flatten(run_params["runtime_params"] or {})
    parts = [f"{key.split('.')[-1]} {value}" for key, value in given.items() if key not in named]
    parts += [noise.describe(), parameters.training.model.name]
    if run_params["pipeline_names"]:
        parts.append("+".join(run_params["pipeline_names"]))
    recipe = run_params["env"]
    parts.append("base" if recipe in {None, "local"} else recipe)
    return " · ".join(parts)[:MAX_RUN_NAME]
