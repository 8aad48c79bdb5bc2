"""`MlflowRunsDataset` reads from a real store what was logged, to the last digit."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from kedro.io import DatasetError
from tracking_store import tracking_in

from denoising_pipeline.datasets import MlflowRunsDataset
from denoising_pipeline.evaluation.runs import TrackedRun

SCORES = pd.DataFrame({"index": [0, 1], "noisy_psnr": [9.1, 1 / 3], "psnr": [20.5, 2 / 3]})


@pytest.fixture(scope="module", autouse=True)
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A store with a full run, a bare one that failed, and one of another experiment."""
    folder = tmp_path_factory.mktemp("store")
    with tracking_in(folder):
        fill(folder)
        yield


def fill(folder: Path) -> None:
    for name in ("other", "mine"):
        mlflow.create_experiment(name, (folder / name).as_uri())
    mlflow.set_experiment("other")
    with mlflow.start_run(run_name="elsewhere"):
        mlflow.log_metric("psnr", 1.0)
    mlflow.set_experiment("mine")
    with mlflow.start_run(run_name="full"):
        mlflow.log_params({"seed": 0, "training.epochs": 2})
        mlflow.log_metrics({"test/psnr": 1 / 3, "within_ci/psnr_low": 0.1 + 0.2})
        for epoch in (2, 1):
            mlflow.log_metrics({"val/psnr": epoch / 7, "train/loss": -epoch / 9}, step=epoch)
        SCORES.to_parquet(folder / "image_metrics.parquet")
        mlflow.log_artifact(str(folder / "image_metrics.parquet"), "tables")
    with pytest.raises(KeyboardInterrupt), mlflow.start_run(run_name="bare"):
        raise KeyboardInterrupt


def found(filter_string: str = "") -> dict[str, TrackedRun]:
    return {run.name: run for run in MlflowRunsDataset().load()(filter_string)}


def test_every_run_of_the_experiment_is_found_and_no_other() -> None:
    assert {name: run.status for name, run in found().items()} == {
        "full": "FINISHED",
        "bare": "FAILED",
    }


def test_a_run_is_what_was_logged() -> None:
    run = found()["full"]
    client = mlflow.MlflowClient()
    stored = client.get_run(run.run_id)
    assert dict(run.params) == {"seed": "0", "training.epochs": "2"}
    assert sorted(run.metrics.values()) == sorted(stored.data.metrics.values())
    assert run.metrics["psnr"] == 1 / 3
    assert run.metrics["psnr_ci_low"] == 0.1 + 0.2
    assert run.tags["mlflow.runName"] == "full"
    assert run.started == datetime.fromtimestamp(stored.info.start_time / 1000, UTC)


def test_epochs_are_rows_in_their_order() -> None:
    history = found()["full"].history()
    assert history.index.tolist() == [1, 2]
    assert history["val_psnr"].tolist() == [1 / 7, 2 / 7]
    assert history["train_loss"].tolist() == [-1 / 9, -2 / 9]
    assert set(history.columns) == {"val_psnr", "train_loss"}


def test_scores_of_each_image_are_the_table_that_was_logged() -> None:
    table = found()["full"].image_metrics()
    assert table is not None
    pd.testing.assert_frame_equal(table, SCORES, check_exact=True)


def test_a_run_without_epochs_and_scores_is_read_all_the_same() -> None:
    run = found()["bare"]
    assert run.history().empty
    assert run.image_metrics() is None


@pytest.mark.parametrize(
    ("filter_string", "names"),
    [
        ("params.seed = '0'", {"full"}),
        ("metrics.`test/psnr` > 0.4", set()),
        ("attributes.status = 'FAILED'", {"bare"}),
    ],
)
def test_a_filter_in_the_words_of_mlflow_narrows_the_search(
    filter_string: str, names: set[str]
) -> None:
    assert found(filter_string).keys() == names


def test_a_filter_that_mlflow_does_not_know_is_named() -> None:
    with pytest.raises(DatasetError, match=r"by the filter 'sigma is large': "):
        found("sigma is large")


def test_runs_are_not_written() -> None:
    with pytest.raises(DatasetError, match="only loads"):
        MlflowRunsDataset().save([])  # type: ignore[arg-type]
