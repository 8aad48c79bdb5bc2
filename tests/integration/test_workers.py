"""Several workers train one network: as one alone would, and nothing is lost if one is killed."""

import importlib.util
import io
import shutil
import signal
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import h5py
import numpy as np
import psutil
import pytest
from limits import PATIENCE
from machines import Machines, address_of, network
from pages import block
from project_folder import Project, wait_until, write_source

from denoising_pipeline.core.workers import HEARTBEAT, NUMBER

if TYPE_CHECKING:
    import subprocess

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="needs the extra `jax`"),
]

TRAINING = {
    "model": {"name": "dense", "latent_dim": 4, "layers": 1, "nodes": 8},
    "optimizer": "adam",
    "epochs": 8,
    "batch_size": 40,
    "precision": "float32",
    "distribution": {"shards": 4},
}
ON_TWO = ("train-on-workers", "--workers", "2", "--env")
BEFORE = "ingestion,preprocessing,noise_injection"
WITHIN = 60.0
"""Seconds after which a job has ended that has lost a worker."""

UNANSWERED = HEARTBEAT + WITHIN
"""Seconds after which a job has ended of which a worker hangs."""


@pytest.fixture(scope="module")
def recipe(project: Project) -> str:
    """A recipe on images of noise, whose training images are ready: five blocks of a thousand."""
    draws = np.random.default_rng(0)
    arrays = {}
    for start, count in (("train", 4600), ("t10k", 60)):
        pixels = draws.integers(0, 256, (count, 12, 12), dtype=np.uint8)
        arrays[f"{start}-images-idx3-ubyte"] = pixels
        arrays[f"{start}-labels-idx1-ubyte"] = np.arange(count, dtype=np.uint8) % 10
    write_source(project.path / "data/01_raw/many", arrays)
    given = {"source": "many", "ingestion": {"limit": None}, "training": TRAINING}
    project.recipe("many", given)
    project.run("many", "--pipelines", BEFORE)
    return "many"


@pytest.fixture(scope="module")
def undisturbed(project: Project, recipe: str) -> dict[str, np.ndarray]:
    """The weights to which one process comes that nobody disturbs."""
    alone = project.kedro(*("run", "--env", recipe, "--pipelines", "training"), KERAS_BACKEND="jax")
    assert alone.returncode == 0, alone.stderr
    assert "epoch 1 of 8  loss" in alone.stdout
    return weights_of(versions(project)[-1])


@pytest.mark.parametrize(("killed", "then"), [(1, "421"), (0, "2")])
def test_a_killed_worker_ends_the_job_and_any_number_goes_on_to_the_same_weights(
    project: Project,
    recipe: str,
    undisturbed: dict[str, np.ndarray],
    tmp_path: Path,
    killed: int,
    then: str,
) -> None:
    before = len(project.runs(recipe))
    job = signalled(project, recipe, killed, signal.SIGKILL)
    assert job.seconds < WITHIN
    assert f"Worker {killed} of 2 was ended by SIGKILL" in job.output
    checkpoints = checkpoints_of(project, recipe)
    shutil.copytree(checkpoints, tmp_path / "kept")

    for workers in then:
        shutil.copytree(tmp_path / "kept", checkpoints, dirs_exist_ok=True)
        result = project.kedro("train-on-workers", "--workers", workers, "--env", recipe)
        assert result.returncode == 0, result.stderr
        assert "epoch 1 of 8  loss" not in result.stdout
        assert list(checkpoints.rglob("*.npz")) == []
        assert_near(weights_of(versions(project)[-1]), undisturbed)

    lost, *finished = project.runs(recipe)[before:]
    assert lost.info.status in {"FAILED", "KILLED"}
    assert [run.info.status for run in finished] == ["FINISHED"] * len(then)


@pytest.mark.parametrize("hung", [1, 0])
def test_a_worker_that_hangs_ends_the_job_and_the_same_command_goes_on(
    project: Project, recipe: str, undisturbed: dict[str, np.ndarray], hung: int
) -> None:
    before = len(project.runs(recipe))
    job = signalled(project, recipe, hung, signal.SIGSTOP)
    assert job.seconds < UNANSWERED
    assert f"Worker {hung} of 2 did not answer any more, and was killed" in job.output
    assert not any(process.is_running() for process in job.pair)

    result = project.kedro(*ON_TWO, recipe)
    assert result.returncode == 0, result.stderr
    assert "epoch 1 of 8  loss" not in result.stdout
    assert_near(weights_of(versions(project)[-1]), undisturbed)
    statuses = [run.info.status for run in project.runs(recipe)[before:]]
    assert statuses == ["KILLED", "FINISHED"]


def test_a_machine_that_is_cut_off_ends_the_job_and_both_go_on_to_the_same_weights(
    project: Project, recipe: str, undisturbed: dict[str, np.ndarray], tmp_path: Path
) -> None:
    """The commands of the page, on machines that share a folder and a network."""
    before = len(project.runs(recipe)), versions(project)
    checkpoints = checkpoints_of(project, recipe)
    blocks = block("docs/scaling.md", "# on A").replace("10.0.0.1", address_of("first"))
    commands = blocks.replace("kedro run", f"kedro run --env {recipe}").split("\n\n")

    def start(machines: Machines) -> "list[subprocess.Popen[str]]":
        folder = f"cd {project.path}\n"
        places = zip(("first", "second"), commands, strict=True)
        return [machines.start(name, folder + given, sees_folder=True) for name, given in places]

    with network(tmp_path) as machines:
        leading, following = start(machines)
        wait_until(lambda: list(checkpoints.rglob("0*.npz")), leading)
        machines.plug("second", "down")
        since = time.monotonic()
        for rank, process in enumerate((leading, following)):
            output = "".join(process.communicate(timeout=PATIENCE))
            assert time.monotonic() - since < WITHIN
            assert process.returncode == 1, output
            assert f"Worker {rank} of 2 has lost another one" in output
            assert "The same command goes on from there" in output
            assert "Traceback" not in output
        assert versions(project) == before[1]
        assert project.runs(recipe)[-1].info.status == "FAILED"

        machines.plug("second", "up")
        leading, following = start(machines)
        outputs = [process.communicate(timeout=PATIENCE) for process in (leading, following)]
    assert (leading.returncode, following.returncode) == (0, 0), outputs
    assert "epoch 1 of 8  loss" not in outputs[0][0]
    assert len(versions(project)) == len(before[1]) + 1
    assert_near(weights_of(versions(project)[-1]), undisturbed)
    statuses = [run.info.status for run in project.runs(recipe)[before[0] :]]
    assert statuses == ["FAILED", "FINISHED"]


def test_several_workers_do_nothing_but_train(project: Project, recipe: str) -> None:
    variables = {
        "KERAS_DISTRIBUTION_JOB_ADDRESSES": "127.0.0.1:1",
        "KERAS_DISTRIBUTION_NUM_PROCESSES": "2",
        NUMBER: "0",
    }
    result = project.kedro("run", "--env", recipe, "--pipelines", "evaluation", **variables)
    assert result.returncode == 1
    assert "add --pipelines=training" in result.stderr


class Signalled(NamedTuple):
    """A job of two workers, one of which got a signal.

    Attributes:
        seconds: How long it went on then.
        output: What it said.
        pair: The workers.
    """

    seconds: float
    output: str
    pair: list[psutil.Process]


def signalled(project: Project, recipe: str, rank: int, number: signal.Signals) -> Signalled:
    """Send a worker a signal after a checkpoint; the job says how to go on, and writes nothing."""
    before, checkpoints = versions(project), checkpoints_of(project, recipe)
    with project.start(*ON_TWO, recipe) as launcher:
        wait_until(lambda: list(checkpoints.rglob("0*.npz")), launcher)
        pair = [worker(launcher.pid, each) for each in range(2)]
        pair[rank].send_signal(number)
        since = time.monotonic()
        output = "".join(launcher.communicate(timeout=PATIENCE))
    seconds = time.monotonic() - since
    assert launcher.returncode == 1
    assert "the same command goes on from there" in output
    assert "Traceback" not in output
    assert versions(project) == before
    return Signalled(seconds, output, pair)


def checkpoints_of(project: Project, recipe: str) -> Path:
    """Return the folder of a recipe's checkpoints."""
    return project.path / f"data/{recipe}/06_models/training_checkpoints"


def worker(launcher: int, rank: int) -> psutil.Process:
    """Return a worker of a launcher."""
    children = psutil.Process(launcher).children()
    (found,) = (child for child in children if child.environ().get(NUMBER) == str(rank))
    return found


def versions(project: Project) -> list[Path]:
    """Return the denoisers, in the order in which they were trained."""
    return sorted(project.path.glob("data/many/06_models/denoiser.zip/*/denoiser.zip"))


def assert_near(weights: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    """Check that weights are the same, to the rounding of sums."""
    for name, values in expected.items():
        np.testing.assert_allclose(weights[name], values, rtol=0, atol=2e-6)


def weights_of(path: Path) -> dict[str, np.ndarray]:
    """Read the weights in a denoiser's file."""
    found: dict[str, np.ndarray] = {}

    def add(name: str, value: object) -> None:
        if isinstance(value, h5py.Dataset):
            found[name] = np.asarray(value)

    with zipfile.ZipFile(path) as archive:
        (weights,) = (name for name in archive.namelist() if name.endswith(".h5"))
        with h5py.File(io.BytesIO(archive.read(weights))) as file:
            file.visititems(add)
    assert found
    return found
