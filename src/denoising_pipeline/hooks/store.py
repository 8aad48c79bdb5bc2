"""Where runs are tracked, and how processes that share a database there take turns."""

import logging
import os
import sqlite3
from contextlib import AbstractContextManager, closing, nullcontext
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import mlflow
from filelock import FileLock

SQLITE = "sqlite:///"

STORE = "MLFLOW_TRACKING_URI"
"""The variable that names another store than mlflow.yml."""

PLACES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
"""Tables and columns of MLflow's database that say where files lie."""

UNTRACKED: ContextVar[bool] = ContextVar("UNTRACKED", default=False)
"""Set where a context is wanted for its catalog alone: the store is then neither made nor asked."""

logger = logging.getLogger(__name__)


def store_uri(configuration: dict[str, Any], project_path: Path) -> str:
    """Return where runs are tracked: the variable wins, and SQLite files lie in the project.

    Args:
        configuration: The content of `mlflow.yml`.
        project_path: The folder that a relative SQLite path starts from.

    Returns:
        The address, whose folder is made, or nothing: MLflow's own default.

    Raises:
        ValueError: The database's path cannot be said in an address.
    """
    named = (configuration.get("server") or {}).get("mlflow_tracking_uri")
    uri: str = os.environ.get(STORE) or named or ""
    if uri.startswith(SQLITE):
        database = project_path / uri.removeprefix(SQLITE)
        if wrong := [mark for mark in "?%" if mark in str(database)]:
            raise ValueError(
                f"Runs cannot be tracked in '{database}': {wrong[0]!r} has a meaning of its own in "
                "the address of a database. Rename the folder, or let MLFLOW_TRACKING_URI name "
                "another store."
            )
        database.parent.mkdir(parents=True, exist_ok=True)
        uri = f"{SQLITE}{database}"
    return uri


def database_of(uri: str) -> Path | None:
    """Return the file of a SQLite database; None: the store is none."""
    return Path(uri.removeprefix(SQLITE)) if uri.startswith(SQLITE) else None


def in_store(configuration: dict[str, Any], uri: str) -> dict[str, Any]:
    """Complete `mlflow.yml`.

    Args:
        configuration: Its content.
        uri: Where runs are tracked.

    Returns:
        The configuration with this `server.mlflow_tracking_uri` and, for SQLite, a folder `mlruns`
        for artifacts beside the database.
    """
    server = dict(configuration.get("server") or {})
    tracking = dict(configuration.get("tracking") or {})
    if database := database_of(uri):
        experiment = dict(tracking.get("experiment") or {})
        chosen = experiment.get("create_experiment_kwargs") or {}
        location = (database.parent / "mlruns").as_uri()
        if "artifact_location" not in chosen and database.is_file():
            follow_move(database, location)
        experiment["create_experiment_kwargs"] = {"artifact_location": location, **chosen}
        tracking["experiment"] = experiment
    server["mlflow_tracking_uri"] = uri or None
    return {**configuration, "server": server, "tracking": tracking}


def follow_move(database: Path, location: str) -> None:
    """Correct where artifacts are said to lie, after their folder was moved, renamed or copied.

    MLflow writes down absolute addresses, and would go on writing to the old place.

    Args:
        database: MLflow's SQLite database.
        location: The address of the folder `mlruns` beside it.
    """
    if not Path(url2pathname(urlsplit(location).path)).is_dir():
        return
    with FileLock(f"{database}.lock"), closing(sqlite3.connect(database)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        if not tables >= {table for table, _ in PLACES}:
            return
        query = "SELECT DISTINCT artifact_location FROM experiments"
        known = [old for (old,) in connection.execute(query) if old and old != location]
        for old in known:
            if not (old.startswith("file:") and old.endswith("/mlruns")):
                continue
            for table, column in PLACES:  # The names are of this file; values are bound.
                connection.execute(
                    f"UPDATE {table} SET {column} = ? || substr({column}, ?) "  # noqa: S608
                    f"WHERE {column} = ? OR substr({column}, 1, ?) = ?",
                    (location, len(old) + 1, old, len(old) + 1, f"{old}/"),
                )
            logger.warning("What was tracked in %s is found in %s from now on.", old, location)
        connection.commit()


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
    database = database_of(uri or mlflow.get_tracking_uri())
    return FileLock(f"{database}.lock") if database else nullcontext()
