"""One MLflow run per `kedro run`: how it starts, how it ends, and what it is called.

kedro-mlflow reads `mlflow.yml` and opens the run; what it leaves to be wished for is added here.
"""

import atexit
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import mlflow
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from kedro_mlflow.framework.hooks.mlflow_hook import MlflowHook
from mlflow.tracking import MlflowClient, fluent
from mlflow.tracking.context.registry import resolve_tags
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE
from mlflow.utils.validation import MAX_TAG_VAL_LENGTH

from denoising_pipeline.config import Parameters
from denoising_pipeline.hooks.descriptions import EXPERIMENT
from denoising_pipeline.hooks.epoch_logger import EpochLogger
from denoising_pipeline.hooks.outbox import ENDING, Outbox, deliver_left
from denoising_pipeline.hooks.picture_logger import PictureLogger
from denoising_pipeline.hooks.publishing import (
    HEAVY,
    carry_out,
    end_step,
    log_parameters,
    to_publish,
)
from denoising_pipeline.hooks.reach import check_database, check_room, starting
from denoising_pipeline.hooks.run_name import Address, run_name
from denoising_pipeline.hooks.run_tags import (
    conf_source,
    end_abandoned_runs,
    kedro_command,
    link_training,
    run_facts,
    run_tags,
    shortened,
)
from denoising_pipeline.hooks.shared_run import (
    goes_on,
    shared_run,
    tracked_as,
    without_process,
)
from denoising_pipeline.hooks.signals import Signals
from denoising_pipeline.hooks.store import (
    UNTRACKED,
    database_of,
    in_store,
    store_lock,
    store_uri,
)
from denoising_pipeline.hooks.system_metrics import SystemMetrics
from denoising_pipeline.hooks.trial_runs import TrialRuns
from denoising_pipeline.hooks.variables import own_tracking
from denoising_pipeline.hooks.versions import VersionHooks

COMMAND = "command.txt"
"""Artifact that has the command of a run, if it is too long for a tag."""

OTHERS = 15.0
"""Seconds that a run waits at its start for others that begin at once."""

KEPT = "data/.to_mlflow"
"""Where in the project what MLflow could not be told is kept."""


class TrackingHooks(MlflowHook):  # type: ignore[misc]
    """Track every run: parameters, live metrics, results, and an end that tells what happened.

    Attributes:
        address: Where the latest run is seen; None: it was not tracked.
    """

    def __init__(self, versions: VersionHooks) -> None:
        """Start without a run.

        Args:
            versions: Knows what a run loads, and what that was made with.
        """
        super().__init__()
        self._versions = versions
        self._outbox: Outbox | None = None
        self._load: SystemMetrics | None = None
        self.address: Address | None = None
        self._failed_check: str | None = None
        self._trials = TrialRuns(None)
        self._signals = Signals(lambda: self._end("KILLED"))
        self._atexit_registered = False

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Set up the tracking store, whatever folder the command was given in."""
        self._end("KILLED")
        if UNTRACKED.get():
            return
        configuration = context.config_loader["mlflow"]
        uri = store_uri(configuration, Path(context.project_path))
        with own_tracking(), starting(uri):
            if (database := database_of(uri)) and not database.exists():
                check_room(uri)
            check_database(uri, OTHERS, reading=True)
            context.config_loader["mlflow"] = in_store(configuration, uri)
            with store_lock(uri):
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
        repeated = {**run_params, "load_versions": self._versions.loaded}
        command = kedro_command(repeated, conf_source(self._conf_source, self._project_path))
        facts = {"kedro_command": command, "source": parameters.source}
        facts |= run_tags(self._project_path)
        short = shortened(command, MAX_TAG_VAL_LENGTH, COMMAND)
        tags = facts | {"kedro_command": short}
        if self._is_tracked(run_params):
            runner = str(run_params["runner"])
            self._signals.watch(runner != "None" and "SequentialRunner" not in runner)
            named = {**run_params, "pipeline_names": []} if shared_run() else run_params
            name = run_name(named, parameters, datetime.now())
            with starting(mlflow.get_tracking_uri()):
                self._create(name, tags)
        left_out = {"runner": "", "runtime_params": {}, "project_path": ""}
        mlflow_run = None
        try:
            with starting(mlflow.get_tracking_uri()):
                super().before_pipeline_run({**run_params, **left_out}, pipeline, catalog)
                self.address = self._address(run_params["env"])
                if self._is_mlflow_enabled:
                    mlflow_run = self.run_id
                    self._record_start(tags, command, parameters, self._about(pipeline))
        except Exception:  # Kedro calls `on_pipeline_error` for errors of nodes only.
            self._end("FAILED")
            raise
        known = run_facts(facts, parameters, run_params["run_id"], mlflow_run, self.address)
        self._trials = TrialRuns(self._box())
        doors = {
            "epoch_logger": EpochLogger(self._box()),
            "picture_logger": PictureLogger(self._box()),
            "trial_logger": self._trials,
        }
        for name, value in {**doors, "run_facts": known}.items():
            if name in pipeline.inputs():
                catalog.save(name, value)

    def _is_tracked(self, run_params: dict[str, Any]) -> bool:
        """Tell whether this process is to open a run for these pipelines."""
        untracked = self.mlflow_config.tracking.disable_tracking.pipelines
        names = run_params["pipeline_names"] or ["__default__"]
        return not self._already_active_mlflow and not set(names) <= set(untracked)

    def _create(self, name: str, tags: dict[str, str]) -> None:
        """Create the run with the tags that tell whose it is: nobody can end another one's."""
        uri = mlflow.get_tracking_uri()
        check_database(uri, OTHERS)
        check_room(uri)
        deliver_left(self._project_path / KEPT, uri, carry_out)
        tracking = self.mlflow_config.tracking
        experiment = tracking.experiment._experiment
        if MLFLOW_RUN_NOTE not in experiment.tags:  # the tag of every description
            about = (experiment.experiment_id, MLFLOW_RUN_NOTE, EXPERIMENT)
            self._client.set_experiment_tag(*about)
        tracking.run.name = tracking.run.name or name  # for kedro-mlflow, which names it again
        run = None
        if shared_run():
            tags = without_process(tags)
            run = tracked_as(self._client, experiment.experiment_id)
        if run:
            tracking.run.name = run.info.run_name
        run = run or self._client.create_run(
            experiment.experiment_id,
            tags=resolve_tags(tags),
            run_name=tracking.run.name,
        )
        self._outbox = Outbox(self._project_path / KEPT, uri, run.info.run_id, carry_out)
        if not self._atexit_registered:
            atexit.register(self._end, "KILLED")
            self._atexit_registered = True
        tracking.run.id = run.info.run_id
        self._load = SystemMetrics(self._outbox)
        self._load.start()

    def _address(self, env: str | None) -> Address | None:
        """Return where the run is seen."""
        if not self._is_mlflow_enabled:
            return None
        config = self.mlflow_config
        experiment = config.tracking.experiment._experiment.experiment_id
        ui = f"http://{config.ui.host}:{config.ui.port}"
        return Address(
            mlflow.get_tracking_uri(), experiment, self.run_id, ui, env, self._project_path
        )

    def _about(self, pipeline: Pipeline) -> set[str]:
        """Return the sections of the parameters that a run, or what it loads, was made with."""
        read = {
            name.removeprefix("params:").partition(".")[0]
            for name in pipeline.inputs()
            if name.startswith("params:")
        }
        made_with = (whole.record.all_parameters for whole in self._versions.chosen.values())
        return {"source", "seed"}.union(read, *made_with)

    def _box(self) -> Outbox | None:
        """Return where things about the run are put: its own, or that of an orchestrator's run."""
        if self._outbox or not self._is_mlflow_enabled:
            return self._outbox
        uri = mlflow.get_tracking_uri()
        return Outbox(self._project_path / KEPT, uri, self.run_id, carry_out)

    def _record_start(
        self, tags: dict[str, str], command: str, parameters: Parameters, about: set[str]
    ) -> None:
        mlflow.set_tags(without_process(tags) if shared_run() else tags)
        if tags["kedro_command"] != command:
            mlflow.log_text(command, COMMAND)
        end_abandoned_runs(self._client, self.run_id)
        log_parameters(parameters.model_dump(mode="json"), about)
        if trained := self._versions.loaded.get("denoiser"):
            link_training(self._client, self.run_id, trained)

    @hook_impl
    def before_node_run(self) -> None:
        """Log nothing here: parameters are logged once, and nodes know no tracking."""

    @hook_impl
    def after_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Publish the results and close the run.

        It ends as FINISHED, as FAILED if MLflow refuses a result, or as KILLED.
        """
        if box := self._box():
            try:
                results = to_publish(pipeline, catalog, self._parameters, box.run_id)
                box.put(*results, urgent=True)
            except BaseException as error:
                self._end("FAILED" if isinstance(error, Exception) else "KILLED")
                raise
        self._end("FINISHED")

    @hook_impl
    def on_node_error(self, node: Node) -> None:
        """Remember a node that only checks: all that it judged is written."""
        self._failed_check = None if node.outputs else node.name

    @hook_impl
    def on_pipeline_error(
        self,
        error: Exception,
        run_params: dict[str, Any],
        pipeline: Pipeline,
        catalog: DataCatalog,
    ) -> None:
        """Close the run as FAILED, with the results that a node which only checks did not like."""
        check, self._failed_check = self._failed_check, None
        if check and (box := self._box()):
            with suppress(Exception):  # The run's own error is what counts.
                judged = pipeline.to_nodes(check)
                results = to_publish(judged, catalog, self._parameters, box.run_id)
                box.put(*results, urgent=True)
        self._end("FAILED")

    @property
    def _client(self) -> MlflowClient:
        client: MlflowClient = self.mlflow_config.server._mlflow_client
        return client

    def _end(self, status: str) -> None:
        """Close the run that is open, if one is, and watch for signals no more.

        Kedro calls `on_pipeline_error` for exceptions only, and MLflow ends what is still open
        when the process exits as FINISHED. Exit functions run last in, first out: this one is
        registered after MLflow's and so comes before it.
        """
        with self._signals.ending:
            self._tell_end(status)
        self._signals.release()

    def _tell_end(self, status: str) -> None:
        if self._load:
            self._load.finish()
        outbox, self._outbox = self._outbox, None
        if outbox is not None:
            _forget_active_runs()
            self.mlflow_config.tracking.run.id = None
            finished = status == "FINISHED"
            wait, dropped = (None, ()) if finished else (ENDING, tuple(HEAVY))
            self._trials.end(wait)
            if not (finished and goes_on()):
                outbox.put(end_step(status), urgent=True, wait=wait, dropped=dropped)


def _forget_active_runs() -> None:
    """Leave nothing open that MLflow would end in its own way, and wait for, when it exits."""
    stack: Any = fluent._active_run_stack
    stack.get().clear()
