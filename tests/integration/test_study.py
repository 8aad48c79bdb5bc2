"""`kedro run --pipelines study` from raw files, with real trainings and a real store."""

import importlib.util
import json
import socket
import subprocess
import sys
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pandas as pd
import psutil
import pytest
import yaml
from databases import PAGE, PASSWORD, documented, programs
from limits import PATIENCE
from mlflow.entities import Run
from pages import block, filled, shell
from project_folder import TRAINING, Project, environment, wait_until

from denoising_pipeline.training.study.storage import open_storage
from denoising_pipeline.training.study.trials import load_optuna

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
    assert run.data.metrics["with_study/best_psnr"] == summary["best_psnr"]
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


@pytest.mark.skipif(programs() is None, reason="needs PostgreSQL: apt-get install postgresql")
@pytest.mark.skipif(importlib.util.find_spec("psycopg") is None, reason="needs `postgres`")
def test_of_two_commands_of_the_page_one_is_killed_and_no_trial_is_lost_or_counted_twice(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both share a study in PostgreSQL and a store of runs; the next command tidies up."""
    grid: dict[str, list[Any]] = {
        "training.model.latent_dim": [2, 4, 8],
        "training.loss": ["binary_crossentropy", "mse"],
    }
    given = {
        "study": {**STUDY, "parameters": grid, "trials": None, "pruning": False},
        "training": {**TRAINING, "epochs": 25},
    }
    recipe = project.recipe("shared_study", given)
    project.run(recipe, "--pipelines", "ingestion,preprocessing,noise_injection")
    _, _, page = block(PAGE, "pip install -e '.[study,postgres]'").partition("\n")
    page = filled(page, PGPASSWORD=PASSWORD).replace("db.example.org", "127.0.0.1")
    page = page.replace("trials=200", "trials=6")
    script = page.replace("kedro run", f"kedro run --env {recipe}")

    with documented("denoising") as there:
        for name, value in {**there, "PGPASSWORD": PASSWORD}.items():
            monkeypatch.setenv(name, value)

        def start() -> "subprocess.Popen[str]":
            pipe = subprocess.PIPE
            command = ["bash", "-c", script]
            return subprocess.Popen(
                command, cwd=project.path, env=shell(), stdout=pipe, stderr=pipe, text=True
            )

        def study() -> Any:
            storage = open_storage("postgresql+psycopg://denoising@127.0.0.1/studies")
            return load_optuna().load_study(study_name="study", storage=storage)

        def both() -> set[int]:
            """Return the processes of trials, when two have one."""
            with suppress(KeyError, ValueError):  # There is none yet.
                trials = [trial for trial in study().get_trials() if trial.state.name == "RUNNING"]
                found = {int(trial.user_attrs.get("process.id", 0)) for trial in trials}
                return found if len(found - {0}) == 2 else set()
            return set()

        started = [start(), start()]
        victim = wait_until(both).pop()
        psutil.Process(victim).kill()
        said = [process.communicate(timeout=PATIENCE) for process in started]
        assert sorted(process.returncode == 0 for process in started) == [False, True], said
        last = start()
        said = [last.communicate(timeout=PATIENCE)]
        assert last.returncode == 0, said
        trials = study().get_trials()

    done = [trial for trial in trials if trial.state.name == "COMPLETE"]
    (lost,) = (trial for trial in trials if trial.state.name != "COMPLETE")
    assert lost.user_attrs["abandoned"]
    assert int(lost.user_attrs["process.id"]) == victim
    wanted = sorted(tuple(map(str, values)) for values in product(*grid.values()))
    assert sorted(tuple(str(trial.params[key]) for key in grid) for trial in done) == wanted

    runs = project.runs(recipe)[1:]
    assert sorted(run.info.status for run in runs) == ["FINISHED", "FINISHED", "KILLED"]
    table = pd.read_csv(project.saved(runs[-1], "study_trials.csv"))
    assert list(table["state"]).count("complete") == 6
    below = [child for run in runs for child in trials_of(project, run)]
    children = {int(child.data.tags["trial"]): child for child in below}
    assert len(below) == len(children) == len(trials)
    for trial in done:
        child = children[trial.number]
        assert (child.info.status, child.data.tags["trial.state"]) == ("FINISHED", "complete")
        assert child.data.metrics["final/val_psnr"] == pytest.approx(trial.value, abs=1e-3)
    assert children[lost.number].info.status == "KILLED"
