"""A tracking server instead of a file: `MLFLOW_TRACKING_URI` is all that it takes."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import mlflow
import numpy as np
import pytest
from mlflow.tracking import MlflowClient
from project_folder import PATIENCE, Project, environment, models_of, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of an `mlflow server` with a database and a folder of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    options: tuple[str, ...] = (
        "--backend-store-uri",
        f"sqlite:///{tmp_path}/mlflow.db",
        "--workers",
        "1",
    )
    options += ("--artifacts-destination", str(tmp_path / "artifacts"))
    options += ("--host", "127.0.0.1", "--port", str(port))
    process = subprocess.Popen(
        [sys.executable, "-m", "mlflow", "server", *options],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )

    def healthy() -> bool:
        try:
            with urlopen(f"{address}/health") as answer:  # noqa: S310
                return bool(answer.status == 200)
        except URLError:
            return False

    try:
        wait_until(healthy, process)
        yield address
    finally:
        process.terminate()
        process.wait(PATIENCE)


def test_server_receives_the_run(
    project: Project, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable wins over mlflow.yml: run, artifacts and model are on the server alone.

    A comparison reads them from there, and leaves nothing.
    """
    recipe = project.recipe("served")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    result = project.invoke("run", "--env", recipe)
    assert result.exit_code == 0, result.output
    client = MlflowClient(server)
    experiment = client.get_experiment_by_name("denoising_pipeline")
    assert experiment
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.status == "FINISHED"
    assert len(client.get_metric_history(run.info.run_id, "val_loss")) == 2
    artifact = client.download_artifacts(run.info.run_id, "tables/image_metrics.parquet")
    saved = project.saved(run, "image_metrics.parquet")
    assert Path(artifact).read_bytes() == saved.read_bytes()
    assert len(client.list_artifacts(run.info.run_id, "figures")) == 6
    assert len(models_of(run)) == 1
    model = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/denoiser")
    noisy = np.load(project.saved(run, "test_noisy.npy"))
    denoised = np.load(project.saved(run, "test_denoised.npy"))
    np.testing.assert_allclose(model.predict(noisy), denoised, rtol=0, atol=1e-6)
    assert project.runs(recipe) == []
    compared = project.invoke("run", "--env", recipe, "--pipelines", "comparison")
    assert run.info.run_id[:8] in compared.output
    assert len(client.search_runs([experiment.experiment_id])) == 1
