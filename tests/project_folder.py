"""A copy of the project in a folder of its own, with real processes, files and tracked runs."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import chdir
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml
from click.testing import CliRunner, Result
from kedro.framework.startup import bootstrap_project
from limits import PATIENCE
from mlflow.entities import Run
from mlflow.tracking import MlflowClient
from tracking_store import empty_store

from denoising_pipeline.cli import cli
from denoising_pipeline.images.idx import Array, read_idx, write_idx

ROOT = Path(__file__).parents[1]
KEDRO = (sys.executable, "-m", "kedro")
TRAINING: dict[str, Any] = {"model": {"name": "dense"}, "optimizer": "adam", "epochs": 2}
TINY: dict[str, Any] = {
    "ingestion": {"limit": 60},
    "preprocessing": {"validation_images": 20},
    "training": TRAINING,
    "evaluation": {"sweep_images": 20},
    "reporting": {"examples": 2, "best_and_worst": 1},
}
"""Parameters of a run that takes hardly longer than its imports, on the source `digits`."""

FEWER = ("--params", "ingestion.limit=300")
"""Of the images of the smoke recipe, most of which would only be waited for."""

TO_DENOISER = "ingestion,preprocessing,noise_injection,training"
TO_SCORES = f"{TO_DENOISER},evaluation"
"""Pipelines: all but the last stages of the default one."""

BESIDE_BASELINES = f"{TO_SCORES},benchmark,reporting"
"""Pipelines: the default one, with the baselines in its report."""


def environment(**more: str) -> dict[str, str]:
    """Return the variables that a process gets: none of MLflow's but those given.

    Nor those of coverage, which slows a process by a third: its lines are measured here as well.
    """
    others = ("MLFLOW_", "COVERAGE_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(others)}
    ours = {"DO_NOT_TRACK": "1", "NO_PROXY": "127.0.0.1"}
    switches = ("MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION")
    return kept | ours | dict.fromkeys(switches, "false") | more


def wait_until(condition: Callable[[], Any], process: subprocess.Popen[str] | None = None) -> Any:
    """Return what `condition` returns as soon as it is true, while the process lives."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := condition():
            return found
        if process and process.poll() is not None:
            raise AssertionError(f"the process ended: {process.communicate()}")
        time.sleep(0.25)
    raise AssertionError("it did not happen in time")


def _mind_signals() -> None:
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


@dataclass(frozen=True)
class Project:
    """A project folder. All its recipes are tracked in the database of `smoke`."""

    path: Path

    @classmethod
    def create(cls, path: Path) -> "Project":
        """Copy the configuration, link code and MNIST, write a few of its digits, and commit it."""
        for name in ("conf/article", "conf/base", "conf/local", "conf/smoke", "data/01_raw", "src"):
            (path / name).mkdir(parents=True)
        folders = ("article", "base", "smoke")
        copied = [file for name in folders for file in ROOT.glob(f"conf/{name}/*")]
        others = ("conf/logging.yml", "pyproject.toml", ".telemetry", ".gitignore")
        for file in (*copied, *(ROOT / name for name in others)):
            (path / file.relative_to(ROOT)).write_bytes(file.read_bytes())
        for name in ("src/denoising_pipeline", "data/01_raw/mnist"):
            (path / name).symlink_to(ROOT / name)
        write_source(path / "data/01_raw/digits", digits())
        project = cls(path)
        project.git("init", "--quiet")
        project.git("add", "pyproject.toml", "conf", ".gitignore")
        project.git("commit", "--quiet", "--message", "Start")
        return project

    def create_store(self) -> None:
        """Make the tracking store that a first run would make, which takes seconds."""
        (self.path / "data/smoke").mkdir()
        empty_store(self.path / "data/smoke")

    def git(self, *arguments: str) -> str:
        """Return what a git command prints."""
        who = ("-c", "user.name=Nobody", "-c", "user.email=nobody@example.org")
        command = ["git", "-C", str(self.path), *who, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def recipe(
        self,
        name: str,
        parameters: dict[str, Any] | None = None,
        catalog: dict[str, Any] | None = None,
    ) -> str:
        """Write a tiny recipe with a data folder of its own, and return its name.

        `source` among its parameters is the one that it reads.
        """
        given = {**TINY, **(parameters or {})}
        source = given.pop("source", "digits")
        files = {
            "parameters.yml": given,
            "globals.yml": {"data": f"data/{name}", "source": source},
            "mlflow.yml": {"server": {"mlflow_tracking_uri": "sqlite:///data/smoke/mlflow.db"}},
            "catalog.yml": catalog or {},
        }
        folder = self.path / "conf" / name
        folder.mkdir()
        for file, content in files.items():
            (folder / file).write_text(yaml.safe_dump(content))
        return name

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Start `kedro <arguments>` as a process that minds signals, even if this one does not."""
        return subprocess.Popen(
            [*KEDRO, *arguments],
            preexec_fn=_mind_signals,  # noqa: PLW1509
            cwd=self.path,
            env=environment(**variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",  # it may speak another locale
        )

    def kedro(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `kedro <arguments>` as a process and wait for its end."""
        with self.start(*arguments, **variables) as process:
            stdout, stderr = process.communicate(timeout=PATIENCE)
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    def invoke(self, *arguments: str) -> Result:
        """Run `kedro <arguments>` in this process; only the project's own commands are known."""
        bootstrap_project(self.path)
        with chdir(self.path):
            return CliRunner().invoke(cli, arguments)

    def main(self, *arguments: str) -> None:
        """Run `kedro <arguments>` as a process does that is nothing else, and exit."""
        os.chdir(self.path)
        bootstrap_project(self.path)
        cli.main(arguments, prog_name="kedro")

    def run(self, recipe: str, *arguments: str) -> Run:
        """Run `kedro run` in this process and return the finished MLflow run."""
        result = self.invoke("run", "--env", recipe, *arguments)
        assert result.exit_code == 0, result.output
        return self.runs(recipe)[-1]

    @property
    def client(self) -> MlflowClient:
        """The client of the tracking store."""
        return MlflowClient(f"sqlite:///{self.path}/data/smoke/mlflow.db")

    def runs(self, recipe: str | None = None) -> list[Run]:
        """Return the MLflow runs, all or those of a recipe, in the order in which they started."""
        experiment = self.client.get_experiment_by_name("denoising_pipeline")
        if experiment is None:
            return []
        query = f"tags.env = '{recipe}'" if recipe else ""
        found = self.client.search_runs([experiment.experiment_id], query)
        return sorted(found, key=lambda run: run.info.start_time)

    def saved(self, run: Run, name: str) -> Path:
        """Return the file that a run wrote for a versioned entry."""
        tags = run.data.tags
        (path,) = self.path.glob(f"data/{tags['env']}/0*/{name}/{tags['run_id']}/{name}")
        return path

    def files(self, recipe: str) -> list[str]:
        """Return every file in a recipe's data folder, those of MLflow aside."""
        folder = self.path / "data" / recipe
        return sorted(
            str(path.relative_to(folder)) for path in folder.rglob("0*/**/*.*") if path.is_file()
        )


def load_versions(run: Run, *names: str) -> tuple[str, str]:
    """Return the option that loads what a run wrote."""
    version = run.data.tags["run_id"]
    return "--load-versions", ",".join(f"{name}:{version}" for name in names)


def models_of(run: Run) -> list[str]:
    """Return the identities of the models that a run logged."""
    return [model.model_id for model in run.outputs.model_outputs] if run.outputs else []


def model_inputs_of(project: Project, run: Run) -> list[str]:
    """Return the identities of the models that a run recorded as its inputs."""
    inputs = project.client.get_run(run.info.run_id).inputs  # A search leaves them out.
    return [model.model_id for model in inputs.model_inputs] if inputs else []


def inputs_of(run: Run) -> set[tuple[str, str]]:
    """Return name and context of every dataset that a run recorded as its input."""
    return {
        (dataset.dataset.name, tag.value)
        for dataset in (run.inputs.dataset_inputs if run.inputs else [])
        for tag in dataset.tags
        if tag.key == "mlflow.data.context"
    }


class Smoke(NamedTuple):
    """What `kedro run --env smoke` as a process left behind, with `FEWER` images."""

    project: Project
    process: subprocess.CompletedProcess[str]
    runs: list[Run]

    @property
    def run(self) -> Run:
        """The one MLflow run that there should be."""
        return self.runs[0]


def raw_source(
    project: Project, name: str, labels: int = 60, shape: tuple[int, int] = (16, 12)
) -> Path:
    """Write four plain IDX files of 60 images each, and return their folder."""
    draws = np.random.default_rng(len(name))
    arrays = {}
    for start in ("train", "t10k"):
        count = labels if start == "train" else 60
        pixels = draws.integers(0, 256, (60, *shape), dtype=np.uint8)
        arrays[f"{start}-images-idx3-ubyte"] = pixels
        arrays[f"{start}-labels-idx1-ubyte"] = np.arange(count, dtype=np.uint8) % 10
    return write_source(project.path / "data/01_raw" / name, arrays)


@cache
def digits() -> Mapping[str, Array]:
    """Return the first 80 images and labels of each file of MNIST."""
    found = {}
    for path in (ROOT / "data/01_raw/mnist").glob("*.gz"):
        with path.open("rb") as file:
            found[path.stem] = read_idx(file)[:80]
    return found


def write_source(folder: Path, arrays: Mapping[str, Array]) -> Path:
    """Write plain IDX files into a new folder, and return it."""
    folder.mkdir()
    for name, array in arrays.items():
        with (folder / name).open("wb") as file:
            write_idx(array, file)
    return folder
