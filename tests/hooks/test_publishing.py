"""What runs that end at once hand to one database of MLflow."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mlflow
import numpy as np
import pytest
from mlflow.entities import LoggedModelOutput, LoggedModelStatus
from tracking_store import tracking_in

from denoising_pipeline.hooks.publishing import log_images, whole_model


@pytest.mark.slow
def test_runs_that_used_the_same_images_at_once_all_log_them(tmp_path: Path) -> None:
    """MLflow keeps one row for equal images: of two runs that both miss it, both would add it."""
    images = [np.full((2, 3, 3, 1), value, np.float32) for value in range(8)]

    def run(number: int) -> int:
        with mlflow.start_run(run_name=str(number)) as active:
            for values in images:
                log_images("features", values, "features.npy", "training")
        inputs = mlflow.get_run(active.info.run_id).inputs
        return len(inputs.dataset_inputs) if inputs else 0

    with tracking_in(tmp_path):
        mlflow.create_experiment("runs", (tmp_path / "artifacts").as_uri())
        mlflow.set_experiment("runs")
        with ThreadPoolExecutor(6) as pool:
            assert list(pool.map(run, range(6))) == [len(images)] * 6


def test_fault_p08_half_a_model_is_removed_once_and_a_whole_one_found(tmp_path: Path) -> None:
    """Killed while it is logged, and again while it is logged anew."""
    with tracking_in(tmp_path), mlflow.start_run() as active:
        client, run = mlflow.MlflowClient(), active.info

        def begun() -> str:
            model = client.create_logged_model(run.experiment_id, "denoiser", run.run_id)
            client.log_outputs(run.run_id, [LoggedModelOutput(model.model_id, step=0)])
            return str(model.model_id)

        begun()
        assert whole_model("denoiser") is None
        begun()
        assert whole_model("denoiser") is None
        whole = begun()
        client.finalize_logged_model(whole, LoggedModelStatus.READY)
        assert whole_model("denoiser") == whole
        assert whole_model("another") is None
        left = client.search_logged_models([run.experiment_id])
        assert [model.model_id for model in left] == [whole]
