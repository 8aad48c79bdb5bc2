"""Where runs are tracked, and how processes that share a database there take turns."""

import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import mlflow
from filelock import FileLock

SQLITE = "sqlite:///"


def absolute_store(configuration: dict[str, Any], project_path: Path) -> dict[str, Any]:
    """Complete `mlflow.yml`: `MLFLOW_TRACKING_URI` wins, and SQLite files lie in the project.

    Args:
        configuration: The content of `mlflow.yml`.
        project_path: The folder that a relative SQLite path starts from.

    Returns:
        The configuration with `server.mlflow_tracking_uri` absolute and, for SQLite, a folder
        `mlruns` for artifacts beside the database.
    """
    server = dict(configuration.get("server") or {})
    tracking = dict(configuration.get("tracking") or {})
    uri = os.environ.get("MLFLOW_TRACKING_URI") or server.get("mlflow_tracking_uri") or ""
    if uri.startswith(SQLITE):
        database = project_path / uri.removeprefix(SQLITE)
        database.parent.mkdir(parents=True, exist_ok=True)
        uri = f"{SQLITE}{database}"
        experiment = dict(tracking.get("experiment") or {})
        location = {"artifact_location": (database.parent / "mlruns").as_uri()}
        experiment["create_experiment_kwargs"] = location | (
            experiment.get("create_experiment_kwargs") or {}
        )
        tracking["experiment"] = experiment
    server["mlflow_tracking_uri"] = uri or None
    return {**configuration, "server": server, "tracking": tracking}


def store_lock(uri: str | None = None) -> AbstractContextManager[Any]:
    """Return what is held while MLflow looks whether something is there before it writes it.

    MLflow does so for the tables of a new database, for the images that a run has used, and for
    registered models; two processes that both find nothing would both write, and the second
    fails. Who decides by what is there, such as which model is the best, holds it as well. It is
    a lock on a file beside a SQLite database, and the system releases it when the process ends. A
    server answers an error of this kind as one that MLflow's client tries again.

    Args:
        uri: The store; MLflow's present one by default.
    """
    uri = uri or mlflow.get_tracking_uri()
    if not uri.startswith(SQLITE):
        return nullcontext()
    return FileLock(f"{uri.removeprefix(SQLITE)}.lock")
