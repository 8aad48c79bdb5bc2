"""A tracking server instead of a file: `MLFLOW_TRACKING_URI` is all that it takes."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import mlflow
import numpy as np
import pytest
from limits import PATIENCE
from mlflow.tracking import MlflowClient
from mlflow_server import Server
from project_folder import TRAINING, Project, models_of, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server that answers."""
    served = Server(tmp_path)
    yield served
    served.stop()


@pytest.mark.parametrize("away", ["gone", "hung"])
def test_fault_r41_p08_an_outage_costs_no_training_and_is_made_up_for_by_the_next_run(
    project: Project, server: Server, away: str
) -> None:
    """The server is killed, or hangs, in the middle of training, and is there again afterwards."""
    epochs = {"training": {**TRAINING, "epochs": 60}}
    recipe = project.recipe(f"outage_{away}", epochs)
    variables = {"MLFLOW_TRACKING_URI": server.address}

    def trains() -> bool:
        return any("val/loss" in run.data.metrics for run in server.runs())

    with project.start("run", "--env", recipe, **variables) as process:
        wait_until(trains, process)
        server.signal(signal.SIGKILL if away == "gone" else signal.SIGSTOP)
        output = "".join(process.communicate(timeout=PATIENCE))
    assert process.returncode == 0, output
    assert output.count("cannot be reached") == 1
    assert "Traceback" not in output
    server.stop()
    server.start()
    result = project.kedro("run", "--env", recipe, "--pipelines", "ingestion", **variables)
    assert result.returncode == 0, result.stderr
    first, second = server.runs()
    client = MlflowClient(server.address)
    assert [first.info.status, second.info.status] == ["FINISHED", "FINISHED"]
    history = client.get_metric_history(first.info.run_id, "val/loss")
    assert [metric.step for metric in history] == list(range(1, 61))
    summary = json.loads(project.saved(first, "summary.json").read_text())
    assert first.data.metrics["test/psnr"] == summary["psnr"]
    assert len(client.list_artifacts(first.info.run_id, "figures")) == 6
    assert len(models_of(first)) == 1
    assert list((project.path / "data/.to_mlflow").glob("*.jsonl")) == []


def test_fault_r40_the_server_of_mlflow_refuses_foreign_hosts_and_pages(server: Server) -> None:
    """`SECURITY.md` says so."""
    address = f"{server.address}/api/2.0/mlflow/experiments"
    foreign = {"host": "evil.example"}, {"origin": "http://evil.example"}
    assert httpx.get(f"{address}/get?experiment_id=0").status_code == 200
    assert httpx.get(f"{address}/get?experiment_id=0", headers=foreign[0]).status_code == 403
    for headers in foreign:
        answer = httpx.post(f"{address}/create", json={"name": "theirs"}, headers=headers)
        assert answer.status_code == 403


def test_server_receives_the_run(
    project: Project, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable wins over mlflow.yml: run, artifacts and model are on the server alone.

    A comparison reads them from there, and leaves nothing.
    """
    recipe = project.recipe("served")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.address)
    result = project.invoke("run", "--env", recipe)
    assert result.exit_code == 0, result.output
    client = MlflowClient(server.address)
    experiment = client.get_experiment_by_name("denoising_pipeline")
    assert experiment
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.status == "FINISHED"
    assert len(client.get_metric_history(run.info.run_id, "val/loss")) == 2
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
