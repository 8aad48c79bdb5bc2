"""What runs that end at once hand to one database of MLflow."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mlflow
import numpy as np
import pytest
from tracking_store import tracking_in

from denoising_pipeline.hooks.publishing import log_images


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
