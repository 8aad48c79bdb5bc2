"""A tracking store of MLflow for tests that use it in their own process."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow
import pytest
from mlflow.tracking import MlflowClient


def empty_store(folder: Path) -> str:
    """Write a new database of MLflow, and return its URI; MLflow takes seconds to make one."""
    (folder / "mlflow.db").write_bytes(_empty_database())
    return f"sqlite:///{folder}/mlflow.db"


@cache
def _empty_database() -> bytes:
    with TemporaryDirectory() as folder:
        MlflowClient(f"sqlite:///{folder}/mlflow.db").search_experiments()
        return Path(folder, "mlflow.db").read_bytes()


@contextmanager
def tracking_in(folder: Path) -> Iterator[str]:
    """Let MLflow track in a new database, and give its URI."""
    with tracking_at(uri := empty_store(folder)):
        yield uri


@contextmanager
def tracking_at(uri: str) -> Iterator[None]:
    """Let MLflow track somewhere.

    MLflow writes where it tracks, and in which experiment, to variables of the process too, which
    the project obeys: the next test in this process would track there. They are put back.
    """
    before = mlflow.get_tracking_uri()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", uri)
        patch.setenv("MLFLOW_EXPERIMENT_ID", "")
        patch.delenv("MLFLOW_EXPERIMENT_ID")
        patch.setattr("mlflow.tracking.fluent._active_experiment_id", None)
        mlflow.set_tracking_uri(uri)
        yield
        mlflow.set_tracking_uri(before)
