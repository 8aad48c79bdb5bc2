"""Whether a tracking store can be reached: how long it is waited for, and what its errors mean."""

import logging
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from requests import RequestException

from denoising_pipeline.core.files import is_of_the_disk
from denoising_pipeline.hooks.store import SQLITE

BRIEF = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_TIMEOUT": "5"}
"""How long a server is waited for, in seconds; MLflow's own patience is minutes."""

ONCE_MORE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
"""How often a server is tried again with what is large, which may take its time."""

BUSY = 3.0
"""Seconds that a SQLite database may be locked by somebody else."""


def is_outage(error: Exception, uri: str) -> bool:
    """Tell whether a store fails, such as on a full disk, and does not refuse what it is told."""
    if isinstance(error, MlflowException):
        failing = ["TEMPORARILY_UNAVAILABLE"]
        if not uri.startswith(SQLITE):  # So many answers that it fails, which is all that is known.
            failing.append("INTERNAL_ERROR")
        return error.error_code in failing
    return isinstance(error, RequestException) or (
        isinstance(error, OSError) and is_of_the_disk(error)
    )


@contextmanager
def errors_raised_only() -> Iterator[None]:
    """Keep MLflow from printing the traceback of an error that it raises as well."""
    database = logging.getLogger("mlflow.store.db.utils")
    before = database.level
    database.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        database.setLevel(before)


@contextmanager
def brief(limits: Mapping[str, str] = BRIEF) -> Iterator[None]:
    """Let MLflow wait for a server as briefly as limits say, where the user does not say else."""
    ours = {name: value for name, value in limits.items() if name not in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            os.environ.pop(name, None)


def check_store(uri: str, run_id: str) -> None:
    """Look for a few seconds whether a store can be written to, or a server answers.

    MLflow itself waits 20 seconds for a SQLite database that somebody has locked, and prints a
    traceback then.

    Raises:
        Exception: It cannot.
    """
    if uri.startswith(SQLITE):
        check_database(uri)
        return
    with brief():
        MlflowClient(uri).get_run(run_id)


def check_database(uri: str, patience: float = BUSY) -> None:
    """Look whether a database can be written to, without a word of MLflow's about it.

    Args:
        uri: The tracking store; another one than SQLite is passed over.
        patience: Seconds that somebody else may have it locked.

    Raises:
        OSError: It cannot; the message says why.
    """
    path = uri.removeprefix(SQLITE)
    if path == uri or not Path(path).exists():
        return
    try:
        where = f"file:{quote(path)}?mode=rw"
        with closing(sqlite3.connect(where, patience, uri=True)) as database:
            database.execute("BEGIN IMMEDIATE")
            database.rollback()
    except sqlite3.Error as error:
        raise OSError(
            f"'{path}', where runs are tracked, cannot be written to: {error}. See to it that it "
            "may be, or let MLFLOW_TRACKING_URI name another store."
        ) from error
