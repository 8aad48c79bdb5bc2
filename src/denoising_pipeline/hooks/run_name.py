"""What a run is called, and where it is seen."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from denoising_pipeline.config import Parameters, flatten
from denoising_pipeline.core.secrets import masked

MAX_RUN_NAME = 250
"""Characters that the database has for a run's name."""

STAGES = ("ingestion", "preprocessing", "noise_injection", "training", "evaluation", "reporting")
"""The default pipeline, in its order."""


def run_name(run_params: Mapping[str, Any], parameters: Parameters, when: datetime) -> str:
    """Return what tells a run from others in a list, the most telling first: lists cut names short.

    Args:
        run_params: What Kedro passes to `before_pipeline_run`.
        parameters: The parameters of the run.
        when: It begins, in local time.

    Returns:
        The time, options given on the command line, pipelines if named, recipe, noise and
        architecture, such as `"14:05 epochs 3 · smoke · gaussian 0.5 · dense"`.
    """
    noise = parameters.noise_injection.root
    named = {"noise_injection.name", f"noise_injection.{noise.level}", "training.model.name"}
    given = flatten(run_params["runtime_params"] or {})
    parts = [f"{key.split('.')[-1]} {value}" for key, value in given.items() if key not in named]
    parts += [_together(run_params["pipeline_names"])] if run_params["pipeline_names"] else []
    recipe = run_params["env"]
    parts.append("base" if recipe in {None, "local"} else recipe)
    parts += [noise.describe(), parameters.training.model.name]
    return str(masked(f"{when:%H:%M} {' · '.join(parts)}"))[:MAX_RUN_NAME]


def _together(pipelines: list[str]) -> str:
    """Return the names of pipelines; of stages in a row the first and the last."""
    stages = [stage for stage in STAGES if stage in pipelines]
    first = STAGES.index(stages[0]) if stages else 0
    if len(stages) > 2 and tuple(stages) == STAGES[first : first + len(stages)]:  # noqa: PLR2004
        others = [name for name in pipelines if name not in stages]
        return "+".join([f"{stages[0]} to {stages[-1]}", *others])
    return "+".join(pipelines)


class Address(NamedTuple):
    """Where a run is seen.

    Attributes:
        store: The tracking store.
        experiment: Identity of the experiment.
        run: Identity of the run.
        ui: Where `kedro mlflow ui` serves, such as `http://127.0.0.1:5000`.
        env: The recipe that the command was given, if any.
        project: The project's folder.
    """

    store: str
    experiment: str
    run: str
    ui: str
    env: str | None
    project: Path

    @property
    def url(self) -> str:
        """The page of the run; without the query MLflow opens its side for language models."""
        place = masked(self.store).rstrip("/") if self._is_server else self.ui
        return (
            f"{place}/#/experiments/{self.experiment}/runs/{self.run}?workflowType=machine_learning"
        )

    @property
    def serves(self) -> str | None:
        """The command that makes the page answer; None: a server does."""
        if self._is_server:
            return None
        if not (self.project / "pyproject.toml").is_file():
            return f"mlflow server --backend-store-uri '{masked(self.store)}'"
        return f"kedro mlflow ui --env {self.env}" if self.env else "kedro mlflow ui"

    @property
    def _is_server(self) -> bool:
        return self.store.startswith(("http://", "https://"))

    def __str__(self) -> str:
        """Return what opens the page: of a server its address, else a command and the address."""
        return f"MLflow: {self.serves}, then {self.url}" if self.serves else f"MLflow: {self.url}"
