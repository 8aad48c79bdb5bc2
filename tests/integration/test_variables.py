"""What a user has set for other work neither changes what a run is nor breaks it obscurely."""

import json
import os
from pathlib import Path

import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient
from project_folder import Project

INGESTION = ("--pipelines", "ingestion")


@pytest.fixture(scope="module")
def recipe(project: Project) -> str:
    return project.recipe("variables")


@pytest.fixture(scope="module")
def earlier(project: Project, recipe: str) -> Run:
    """A run that a variable may name."""
    return project.run(recipe, *INGESTION)


OTHER_WORK = {
    "KERAS_BACKEND": "",
    "LC_ALL": "C",
    "MLFLOW_ACTIVE_MODEL_ID": "m-123",
    "MLFLOW_ENABLE_ASYNC_LOGGING": "true",
    "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "true",
    "MLFLOW_EXPERIMENT_NAME": "another",
    "MLFLOW_RUN_CONTEXT": "nonsense",
    "MLFLOW_RUN_ID": "deadbeef",
    "PYTHONCOERCECLOCALE": "0",
    "PYTHONUTF8": "0",
    "TF_DETERMINISTIC_OPS": "1",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_USE_LEGACY_KERAS": "1",
    "TF_XLA_FLAGS": "--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit",
    "TZ": "Asia/Tokyo",
}
"""What people export for other projects; each has changed results or broken runs of some."""


@pytest.mark.slow
def test_a_whole_run_ends_with_the_same_scores_whatever_is_set(project: Project, tiny: Run) -> None:
    """From a process of its own, which nobody else may read the files of (umask)."""
    recipe = project.recipe("elsewhere")
    before = os.umask(0o077)
    try:
        process = project.kedro("run", KEDRO_ENV=recipe, **OTHER_WORK)
    finally:
        os.umask(before)
    assert process.returncode == 0, process.stderr
    (run,) = project.runs(recipe)
    assert run.info.status == "FINISHED"
    assert f"--env={recipe}" in run.data.tags["kedro_command"]
    summaries = [
        json.loads(project.saved(each, "summary.json").read_text()) for each in (run, tiny)
    ]
    assert summaries[0] == summaries[1]
    assert {key: run.data.metrics[key] for key in ("test/psnr", "val/loss")} == {
        key: tiny.data.metrics[key] for key in ("test/psnr", "val/loss")
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", ["MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID"])
def test_a_run_is_one_of_its_own_in_the_projects_experiment(
    project: Project, recipe: str, earlier: Run, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run's id, as of a script before, or the id of nothing."""
    before = len(project.runs(recipe))
    for value in (earlier.info.run_id, "77"):
        monkeypatch.setenv(name, value)
        result = project.invoke("run", "--env", recipe, *INGESTION)
        assert result.exit_code == 0, result.output
        assert f"{name} is set, and not followed" in " ".join(result.output.split())
        assert name not in os.environ
    runs = project.runs(recipe)
    assert len(runs) == before + 2
    assert {run.info.experiment_id for run in runs} == {earlier.info.experiment_id}
    again = project.client.get_run(earlier.info.run_id)
    assert again.info.end_time == earlier.info.end_time


def test_what_mlflow_sets_itself_is_not_taken_for_the_users(project: Project, recipe: str) -> None:
    for _ in range(2):
        result = project.invoke("run", "--env", recipe, *INGESTION)
        assert result.exit_code == 0, result.output
        assert "not followed" not in result.output
    assert not [name for name in os.environ if name.startswith("MLFLOW_EXPERIMENT")]


@pytest.mark.slow
def test_the_store_is_that_of_the_variable_and_it_is_said(
    project: Project, recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = f"sqlite:///{tmp_path}/elsewhere.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    before = len(project.runs(recipe))
    result = project.invoke("run", "--env", recipe, *INGESTION)
    assert result.exit_code == 0, result.output
    assert "store that MLFLOW_TRACKING_URI names" in " ".join(result.output.split())
    client = MlflowClient(uri)
    (experiment,) = client.search_experiments(filter_string="name = 'denoising_pipeline'")
    assert len(client.search_runs([experiment.experiment_id])) == 1
    assert len(project.runs(recipe)) == before


def test_a_store_that_cannot_be_used_is_named_by_its_variable(
    project: Project, recipe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nonsense")
    result = project.invoke("run", "--env", recipe, *INGESTION)
    assert result.exit_code == 1
    assert "the store that MLFLOW_TRACKING_URI names. Correct it, or unset it." in result.stderr
    assert "Traceback" not in result.output
