"""What a run says of itself is whole, and without secrets."""

from pathlib import Path

import pytest
import yaml
from mlflow.tracking import MlflowClient
from project_folder import Project

pytestmark = pytest.mark.slow

SECRET = "hidden7439"


def artifact(client: MlflowClient, run_id: str, name: str) -> str:
    return Path(client.download_artifacts(run_id, name)).read_text("utf-8")


def test_fault_r39_r44_p17_p18_a_long_command_is_whole_in_an_artifact_and_a_secret_is_nowhere(
    project: Project,
) -> None:
    """8,000 characters are what MLflow has for a tag."""
    recipe = project.recipe("shown")
    url = f"s3://me:{SECRET}@bucket/{'long/' * 2000}"
    run = project.run(recipe, "--pipelines", "ingestion", "--params", f"inference.input={url}")
    tag, run_id = run.data.tags["kedro_command"], run.info.run_id
    whole = artifact(project.client, run_id, "command.txt")
    assert tag.endswith(" ... whole in command.txt")
    assert whole.startswith(tag.removesuffix(" ... whole in command.txt"))
    assert "long/" * 2000 in whole
    everything = [str(run.data.tags), str(run.data.params), whole, run.info.run_name or ""]
    parameters = artifact(project.client, run_id, "parameters.yml")
    kept = yaml.safe_load(parameters)["inference"]["input"]
    assert len(kept) > 10_000
    assert kept == url.replace(f"me:{SECRET}", "***")
    everything.append(parameters)
    assert SECRET not in "".join(everything)


def test_fault_p17_a_password_of_a_store_that_is_away_is_not_printed(project: Project) -> None:
    recipe = project.recipe("away")
    uri = f"http://me:{SECRET}@127.0.0.1:9"
    more = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_TRACKING_URI": uri}
    process = project.kedro("run", "--env", recipe, "--pipelines", "ingestion", **more)
    assert process.returncode == 1
    assert "Traceback" not in process.stderr
    assert SECRET not in process.stdout + process.stderr
    assert "MLFLOW_TRACKING_URI" in process.stdout + process.stderr


def test_fault_p16_a_misspelt_file_or_key_that_nobody_would_read_stops_the_run(
    project: Project,
) -> None:
    recipe = project.recipe("misnamed")
    folder = project.path / "conf" / recipe
    (folder / "paramters.yml").write_text("seed: 3\n")
    with (folder / "globals.yml").open("a") as file:
        file.write("dta: elsewhere\n")
    result = project.invoke("run", "--env", recipe)
    assert result.exit_code == 1
    said = " ".join(result.output.split())
    assert "did you mean 'parameters.yml'?" in said
    assert "did you mean 'data'?" in said
    assert project.runs(recipe) == []
