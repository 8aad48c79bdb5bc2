"""Several workers train one network: as one alone would, and nothing is lost if one is killed."""

import importlib.util
import io
import shutil
import signal
import time
import zipfile
from pathlib import Path

import h5py
import numpy as np
import psutil
import pytest
from limits import PATIENCE
from project_folder import Project, wait_until, write_source

from denoising_pipeline.core.workers import NUMBER

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
BEFORE = "ingestion,preprocessing,noise_injection"
WITHIN = 60.0
"""Seconds after which a job has ended that has lost a worker."""


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


def test_a_killed_worker_ends_the_job_and_any_number_goes_on_to_the_same_weights(
    project: Project, recipe: str, tmp_path: Path
) -> None:
    checkpoints = project.path / f"data/{recipe}/06_models/training_checkpoints"
    options = ("--env", recipe)
    with project.start("train-on-workers", "--workers", "2", *options) as launcher:
        wait_until(lambda: list(checkpoints.rglob("0*.npz")), launcher)
        worker(launcher.pid, 1).send_signal(signal.SIGKILL)
        killed = time.monotonic()
        output = "".join(launcher.communicate(timeout=PATIENCE))
    assert time.monotonic() - killed < WITHIN
    assert launcher.returncode == 1
    assert "Worker 1 of 2 was ended by SIGKILL" in output
    assert "the same command goes on from there" in output
    assert "Traceback" not in output
    assert versions(project) == []
    shutil.copytree(checkpoints, tmp_path / "kept")

    for workers in ("4", "1"):
        shutil.copytree(tmp_path / "kept", checkpoints, dirs_exist_ok=True)
        result = project.kedro("train-on-workers", "--workers", workers, *options)
        assert result.returncode == 0, result.stderr
        assert "epoch 1 of 8  loss" not in result.stdout
        assert list(checkpoints.rglob("*.npz")) == []
    alone = project.kedro("run", *options, "--pipelines", "training", KERAS_BACKEND="jax")
    assert alone.returncode == 0, alone.stderr
    assert "epoch 1 of 8  loss" in alone.stdout

    lost, *finished = project.runs(recipe)[1:]
    assert lost.info.status in {"FAILED", "KILLED"}
    assert [run.info.status for run in finished] == ["FINISHED"] * 3
    by_four, by_one, undisturbed = map(weights_of, versions(project))
    for name, weights in undisturbed.items():
        np.testing.assert_allclose(by_four[name], weights, rtol=0, atol=2e-6)
        np.testing.assert_allclose(by_one[name], weights, rtol=0, atol=2e-6)


def test_several_workers_do_nothing_but_train(project: Project, recipe: str) -> None:
    variables = {
        "KERAS_DISTRIBUTION_JOB_ADDRESSES": "127.0.0.1:1",
        "KERAS_DISTRIBUTION_NUM_PROCESSES": "2",
        NUMBER: "0",
    }
    result = project.kedro("run", "--env", recipe, "--pipelines", "evaluation", **variables)
    assert result.returncode == 1
    assert "add --pipelines=training" in result.stderr


def worker(launcher: int, rank: int) -> psutil.Process:
    """Return a worker of a launcher."""
    children = psutil.Process(launcher).children()
    (found,) = (child for child in children if child.environ().get(NUMBER) == str(rank))
    return found


def versions(project: Project) -> list[Path]:
    """Return the denoisers, in the order in which they were trained."""
    return sorted(project.path.glob("data/many/06_models/denoiser.zip/*/denoiser.zip"))


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
