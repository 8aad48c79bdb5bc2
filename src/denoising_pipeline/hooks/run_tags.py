"""What a run says of where it comes from."""

import platform
import re
import shlex
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mlflow.entities import LoggedModelInput
from mlflow.tracking import MlflowClient

from denoising_pipeline.config import Parameters, flatten, format_params
from denoising_pipeline.core.processes import is_alive, process_tags
from denoising_pipeline.core.secrets import masked
from denoising_pipeline.hooks.run_name import Address
from denoising_pipeline.report import RunFacts

LIBRARIES = (
    "denoising-pipeline",
    "kedro",
    "kedro-datasets",
    "kedro-mlflow",
    "keras",
    "mlflow",
    "numpy",
    "pandas",
    "tensorflow",
)


def run_tags(project_path: Path) -> dict[str, str]:
    """Return git commit, library versions, and the process that the run lives in."""
    tags = {f"version.{name}": version(name) for name in LIBRARIES}
    tags["version.python"] = platform.python_version()
    return tags | process_tags() | _git_tags(project_path)


def run_facts(
    tags: dict[str, str],
    parameters: Parameters,
    version: str,
    mlflow_run: str | None,
    address: Address | None = None,
) -> RunFacts:
    """Return what the report says of the run itself.

    Args:
        tags: What `run_tags` and `kedro_command` return, the latter under its own name.
        parameters: The parameters of the run.
        version: What its files are filed under.
        mlflow_run: Identity of the tracked run, if it is tracked.
        address: Where it is seen.
    """
    is_checkout = "git.dirty" in tags
    prefix = "version."
    return RunFacts(
        command=tags["kedro_command"],
        version=version,
        commit=tags["git.commit"] if is_checkout else None,
        dirty=tags.get("git.dirty") == "true",
        mlflow_run=mlflow_run,
        mlflow_address=address.url if address else None,
        mlflow_serves=address.serves if address else None,
        parameters=masked(flatten(parameters.model_dump(mode="json"))),
        libraries={k.removeprefix(prefix): v for k, v in tags.items() if k.startswith(prefix)},
    )


def _git_tags(project_path: Path) -> dict[str, str]:
    def git(*arguments: str) -> str:
        command = ["git", "-C", str(project_path), *arguments]
        # Words of this file, and no shell.
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603

    try:
        dirty = bool(git("status", "--porcelain", "--untracked-files=no"))
        return {"git.commit": git("rev-parse", "HEAD"), "git.dirty": str(dirty).lower()}
    except (OSError, subprocess.CalledProcessError):
        return {"git.commit": "none: not a git checkout"}


def conf_source(folder: Path, project_path: Path) -> str | None:
    """Return where the configuration was read from, if it is not the project's own."""
    return None if folder.resolve() == (project_path / "conf").resolve() else str(folder)


def kedro_command(run_params: dict[str, Any], conf: str | None = None) -> str:
    """Return the command line that repeats a run.

    Args:
        run_params: What Kedro passes to `before_pipeline_run`; `load_versions` are those of all
            that the run loads, named or not.
        conf: Where the configuration was read from, if it is not the project's own.

    Returns:
        `kedro run` with every option that was given, and without what looks like a secret.
    """
    pairs = {
        "conf-source": conf,
        "env": run_params["env"] if run_params["env"] not in {None, "local"} else None,
        "pipelines": ",".join(run_params["pipeline_names"] or []),
        "tags": ",".join(run_params["tags"] or []),
        "nodes": ",".join(run_params["node_names"] or []),
        "from-nodes": ",".join(run_params["from_nodes"] or []),
        "to-nodes": ",".join(run_params["to_nodes"] or []),
        "from-inputs": ",".join(run_params["from_inputs"] or []),
        "to-outputs": ",".join(run_params["to_outputs"] or []),
        "namespaces": ",".join(run_params["namespaces"] or []),
        "load-versions": ",".join(
            f"{k}:{v}" for k, v in (run_params["load_versions"] or {}).items()
        ),
        "params": format_params(run_params["runtime_params"] or {}),
    }
    options = [f"--{name}={value}" for name, value in pairs.items() if value]
    runner = _runner_name(run_params["runner"])
    options += [f"--runner={runner}"] if runner not in {"None", "SequentialRunner"} else []
    options += ["--only-missing-outputs"] if run_params["only_missing_outputs"] else []
    return str(masked(shlex.join(["kedro", "run", *options])))


def shortened(text: str, length: int, whole: str) -> str:
    """Return a text that is no longer than MLflow allows; a cut one names the artifact with all."""
    note = f" ... whole in {whole}"
    return text if len(text) <= length else text[: length - len(note)] + note


def _runner_name(runner: str) -> str:
    """Return the class in Kedro's text of a runner, `<kedro.runner.x.Class object ...>`."""
    return re.sub(r"^<(?:\w+\.)*(\w+) object.*$", r"\1", runner)


def link_training(client: MlflowClient, run_id: str, version: str) -> None:
    """Tell a run which denoiser it is about: the run that trained it, and its logged model.

    Args:
        client: Of the tracking store.
        run_id: The run that loads the denoiser.
        version: Version of the denoiser, which is the id of the Kedro run that trained it.
    """
    client.set_tag(run_id, "denoiser.version", version)
    experiment = client.get_run(run_id).info.experiment_id
    trained = client.search_runs([experiment], f"tags.run_id = '{version}'")
    if not trained:
        return
    training_run = trained[0].info.run_id
    client.set_tag(run_id, "training_run", training_run)
    models = client.search_logged_models(
        experiment_ids=[experiment], filter_string=f"source_run_id = '{training_run}'"
    )
    if models:
        client.log_inputs(run_id, models=[LoggedModelInput(models[0].model_id)])


def end_abandoned_runs(client: MlflowClient, run_id: str) -> None:
    """End runs of this host whose process is gone, as after `kill -9`, as KILLED."""
    experiment = client.get_run(run_id).info.experiment_id
    host = process_tags()["process.host"]
    query = f"attributes.status = 'RUNNING' AND tags.`process.host` = '{host}'"
    for run in client.search_runs([experiment], query):
        if not is_alive(run.data.tags):
            client.set_terminated(run.info.run_id, "KILLED")
