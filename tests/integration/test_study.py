"""`kedro run --pipelines study` from raw files, with real trainings and a real store."""

import json
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pandas as pd
import pytest
import yaml
from limits import PATIENCE
from mlflow.entities import Run
from project_folder import Project, environment, wait_until

pytestmark = pytest.mark.slow

PIPELINES = ("--pipelines", "ingestion,preprocessing,noise_injection,study")
STUDY = {
    "parameters": {
        "training.model.latent_dim": [2, 8],
        "training.model.layers": [1],
        "training.loss": ["binary_crossentropy", "mse"],
    },
    "sampler": "grid",
    "trials": 3,
    "images": 30,
    "validation_images": 10,
}


@pytest.fixture(scope="module")
def run(project: Project) -> Run:
    """Three trials on a few digits."""
    return project.run(project.recipe("studied", {"study": STUDY}), *PIPELINES)


def trials_of(project: Project, run: Run) -> list[Run]:
    query = f"tags.`mlflow.parentRunId` = '{run.info.run_id}'"
    found = project.client.search_runs([run.info.experiment_id], query)
    return sorted(found, key=lambda trial: int(trial.data.tags["trial"]))


def test_each_trial_is_a_run_below_that_of_the_study(project: Project, run: Run) -> None:
    assert run.info.status == "FINISHED"
    trials = trials_of(project, run)
    table = pd.read_csv(project.saved(run, "study_trials.csv"))
    assert [trial.info.status for trial in trials] == ["FINISHED"] * 3
    assert [trial.data.tags["trial.state"] for trial in trials] == ["complete"] * 3
    for trial, (_, row) in zip(trials, table.iterrows(), strict=True):
        assert trial.data.params["training.model.latent_dim"] == str(
            row["training.model.latent_dim"]
        )
        assert trial.data.metrics["final/val_psnr"] == pytest.approx(row["psnr"], abs=1e-3)
        curve = project.client.get_metric_history(trial.info.run_id, "val/psnr")
        assert [point.step for point in curve] == [1, 2]


def test_tables_and_figures_are_artifacts_and_the_summary_metrics(
    project: Project, run: Run
) -> None:
    summary = json.loads(project.saved(run, "study_summary.json").read_text())
    assert summary["n_complete"] == 3
    assert summary["bce_over_mse_pairs"] == 1
    assert run.data.metrics["study/best_psnr"] == summary["best_psnr"]
    logged = {
        file.path
        for folder in ("figures", "tables")
        for file in project.client.list_artifacts(run.info.run_id, folder)
    }
    assert logged >= {
        "figures/study_quality_figure.png",
        "figures/study_importance_figure.png",
        "figures/study_parallel_figure.png",
        "figures/study_slices_figure.png",
        "tables/study_trials.csv",
        "tables/study_recipe.yml",
    }


def test_optunas_dashboard_shows_the_study_by_its_storage(project: Project, run: Run) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    storage = f"sqlite:///{project.path}/data/studied/06_models/study_storage.db"
    program = Path(sys.executable).with_name("optuna-dashboard")
    dashboard = subprocess.Popen(
        [program, storage, "--host", "127.0.0.1", "--port", str(port)],
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )

    def asked(what: str) -> Any:
        with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/api/{what}", timeout=10) as found:
            return json.load(found)
        return None

    try:
        (study,) = wait_until(lambda: asked("studies"), dashboard)["study_summaries"]
        assert study["study_name"] == "study"
        trials = asked(f"studies/{study['study_id']}?after=0")["trials"]
        assert [trial["state"] for trial in trials] == ["Complete"] * 3
    finally:
        dashboard.terminate()
        dashboard.wait(PATIENCE)


def test_the_same_command_finds_the_study_done_and_goes_on_with_more(
    project: Project, run: Run
) -> None:
    again = project.run("studied", "--pipelines", "study", "--params", "study.trials=4")
    table = pd.read_csv(project.saved(again, "study_trials.csv"))
    assert list(table["state"]) == ["complete"] * 4
    assert [trial.data.tags["trial"] for trial in trials_of(project, again)] == ["3"]


def test_the_best_is_a_recipe_that_can_be_run(project: Project, run: Run) -> None:
    text = project.saved(run, "study_recipe.yml").read_text()
    assert yaml.safe_load(text)["training"]["model"]["name"] == "dense"
    (project.path / "conf" / "studied_best").mkdir()
    (project.path / "conf" / "studied_best" / "parameters.yml").write_text(text)
    result = project.invoke("run", "--env", "studied_best", "--pipelines", "ingestion")
    assert result.exit_code == 0, result.output


def test_what_cannot_be_tried_is_said_before_anything_is_read(project: Project, run: Run) -> None:
    before = len(project.runs()), project.files("studied")
    options = "study.parameters={training.model.latent_dim: [0]}"
    result = project.invoke("run", "--env", "studied", *PIPELINES, "--params", options)
    assert result.exit_code != 0
    assert "study.parameters: training.model.latent_dim: 0 is not allowed" in result.output
    assert "Traceback" not in result.output
    assert (len(project.runs()), project.files("studied")) == before


def test_other_parameters_under_the_same_name_are_refused(project: Project, run: Run) -> None:
    result = project.invoke(
        *("run", "--env", "studied", "--pipelines", "study", "--params", "study.images=20"),
    )
    assert result.exit_code != 0
    assert "The study 'study'" in result.output
    assert "another images" in result.output
    assert "Traceback" not in result.output
