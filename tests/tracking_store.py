"""A tracking store of MLflow for tests that use it in their own process."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
import pytest


@contextmanager
def tracking_in(folder: Path) -> Iterator[str]:
    """Let MLflow track in a new database, and give its URI.

    MLflow writes where it tracks, and in which experiment, to variables of the process too, which
    the project obeys: the next test in this process would track there. They are put back.
    """
    before, uri = mlflow.get_tracking_uri(), f"sqlite:///{folder}/mlflow.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", uri)
        patch.setenv("MLFLOW_EXPERIMENT_ID", "")
        patch.delenv("MLFLOW_EXPERIMENT_ID")
        mlflow.set_tracking_uri(uri)
        yield uri
        mlflow.set_tracking_uri(before)
