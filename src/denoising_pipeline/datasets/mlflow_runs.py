"""The tracked runs, for those who compare them."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import pandas as pd
from kedro.io.core import AbstractDataset, DatasetError

from denoising_pipeline.datasets.metric_names import short_name
from denoising_pipeline.evaluation.runs import SearchRuns, TrackedRun


class MlflowRunsDataset(AbstractDataset[NoReturn, SearchRuns]):
    """The runs of the experiment that this project tracks to; it cannot save.

    What is loaded is a search: called with a filter in MLflow's words (empty: all), it returns the
    runs, but not the trials of studies. What is large in a run (epochs, scores of each image) is
    read when it is asked for. Store and experiment are those of `mlflow.yml`, or of
    `MLFLOW_TRACKING_URI`: tracking sets them up for the process.

    Examples:
        ```yaml
        tracked_runs:
          type: denoising_pipeline.datasets.MlflowRunsDataset
        ```

        >>> search = catalog.load("tracked_runs")  # doctest: +SKIP
        >>> search("params.`seed` = '0' and metrics.`test/psnr` > 20")  # doctest: +SKIP
    """

    def __init__(self, *, metadata: dict[str, Any] | None = None) -> None:
        """Make the dataset.

        Args:
            metadata: Ignored here; plugins such as Kedro-Viz read it.
        """
        self.metadata = metadata

    def load(self) -> SearchRuns:
        """Return the search.

        Returns:
            A function of a filter; it raises `DatasetError` where MLflow refuses the filter or
            does not answer.
        """
        return _search

    def save(self, data: NoReturn) -> NoReturn:
        """Refuse: runs are written by running."""
        raise DatasetError(f"{type(self).__name__} only loads; tracking writes the runs.")

    def _describe(self) -> dict[str, Any]:
        return {}


TRIAL = "trial"
"""The tag of a run that is a trial of a study, with its number."""

DENOISER_FILE = "denoiser.zip"
"""Somewhere in the folder of a logged model: the denoiser with its card."""


def fetch_denoiser(uri: str, folder: Path) -> Path:
    """Download the denoiser of a logged or registered model.

    Args:
        uri: Such as `runs:/<run>/denoiser`, `models:/<name>/<version>` or `models:/<name>@<alias>`.
        folder: Where it goes.

    Returns:
        The denoiser's file.

    Raises:
        ValueError: MLflow does not find it, or it is no denoiser of this package.
    """
    import mlflow

    try:
        found = Path(mlflow.artifacts.download_artifacts(uri, dst_path=str(folder)))
    except (mlflow.MlflowException, OSError) as error:
        store = mlflow.get_tracking_uri()
        raise ValueError(f"'{uri}' is not found by MLflow at {store}: {error}") from error
    for file in sorted(found.rglob(DENOISER_FILE)):
        return file
    raise ValueError(
        f"'{uri}' has no {DENOISER_FILE} in it: it is no denoiser of this package, or an earlier "
        "version logged it. Train it again, or give its file."
    )


def _search(filter_string: str) -> list[TrackedRun]:
    import mlflow

    try:
        runs = mlflow.search_runs(filter_string=filter_string, output_format="list")
    except mlflow.MlflowException as error:
        raise DatasetError(
            f"MLflow does not find runs by the filter {filter_string!r}: {error.message}"
        ) from error
    client = mlflow.MlflowClient()
    return [tracked_run(client, run) for run in runs if TRIAL not in run.data.tags]


def tracked_run(client: Any, run: Any) -> TrackedRun:
    """Return a run as comparisons see it; what is large in it is read when it is asked for.

    Args:
        client: The `MlflowClient` of its store.
        run: The MLflow run.
    """
    epochs = [key for key in run.data.metrics if short_name(key).startswith(("train_", "val_"))]
    return TrackedRun(
        run_id=run.info.run_id,
        name=run.info.run_name,
        started=datetime.fromtimestamp(run.info.start_time / 1000, UTC),
        status=run.info.status,
        params=run.data.params,
        metrics={short_name(key): value for key, value in run.data.metrics.items()},
        tags=run.data.tags,
        history=partial(_history, client, run.info.run_id, epochs),
        image_metrics=partial(_image_metrics, client, run.info.run_id),
    )


def _history(client: Any, run_id: str, keys: list[str]) -> pd.DataFrame:
    columns = {
        short_name(key): {
            metric.step: metric.value for metric in client.get_metric_history(run_id, key)
        }
        for key in keys
    }
    return pd.DataFrame(columns).rename_axis("epoch").sort_index()


def _image_metrics(client: Any, run_id: str) -> pd.DataFrame | None:
    path = "tables/image_metrics.parquet"
    if path not in {file.path for file in client.list_artifacts(run_id, "tables")}:
        return None
    with TemporaryDirectory() as folder:
        return pd.read_parquet(client.download_artifacts(run_id, path, folder))
