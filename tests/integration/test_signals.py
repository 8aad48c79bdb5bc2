"""Whoever ends a run, and wherever its nodes run: it ends soon, and MLflow tells the truth."""

import os
import signal
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
from limits import PATIENCE
from project_folder import TO_DENOISER, TRAINING, Project, wait_until
from psutil import Process

pytestmark = pytest.mark.slow

NO_END = {"training": {**TRAINING, "epochs": 1_000_000}}
SOON = 10.0
"""Seconds that a run may take to end; a slow machine is given four times as many."""

WAYS = {
    "SIGINT ten times": ("SequentialRunner", [signal.SIGINT] * 10),
    "SIGHUP": ("SequentialRunner", [signal.SIGHUP]),
    "SIGQUIT": ("SequentialRunner", [signal.SIGQUIT]),
    "SIGTERM twice": ("SequentialRunner", [signal.SIGTERM] * 2),
    "SIGINT to threads": ("ThreadRunner", [signal.SIGINT]),
    "SIGTERM to threads": ("ThreadRunner", [signal.SIGTERM]),
    "SIGINT to processes": ("ParallelRunner", [signal.SIGINT] * 3),
    "SIGTERM to processes": ("ParallelRunner", [signal.SIGTERM]),
}

POOLS = {"OPENBLAS_NUM_THREADS": "4", "OMP_NUM_THREADS": "4"}
"""Of threads that a library begins before a run is watched: a signal may reach any of them."""


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    """One of `WAYS`."""
    return str(request.param)


def test_fault_p05_p06_it_ends_soon_as_killed_without_a_traceback_or_a_part(
    project: Project, way: str
) -> None:
    """In the middle of training; Ctrl-C reaches all of its processes, and all of them end."""
    runner, signals = WAYS[way]
    recipe = project.recipe("signal_" + way.lower().replace(" ", "_"), NO_END)
    command = ("run", "--env", recipe, "--pipelines", TO_DENOISER, "--runner", runner)
    with project.start(*command, **POOLS) as process:
        wait_until(lambda: trains(project, recipe), process)
        workers = [process.pid, *(child.pid for child in Process(process.pid).children(True))]
        began = time.monotonic()
        for number in signals:
            for worker in workers if number == signal.SIGINT else workers[:1]:
                with suppress(ProcessLookupError):
                    os.kill(worker, number)
            time.sleep(0.01)
        _, stderr = process.communicate(timeout=PATIENCE)
        took = time.monotonic() - began
    assert took < 4 * SOON
    assert process.returncode != 0
    assert "Traceback" not in stderr
    said = signal.SIGINT in signals or runner != "SequentialRunner"
    assert ("The same command goes on" in stderr) is said
    assert [run.info.status for run in project.runs(recipe)] == ["KILLED"]
    wait_until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))
    project.run(recipe, "--pipelines", "ingestion")
    assert [file for file in project.files(recipe) if file.endswith(".part")] == []


def trains(project: Project, recipe: str) -> bool:
    """Tell whether the first epoch of a run is over."""
    runs = project.runs(recipe)
    return bool(runs) and "val/loss" in runs[-1].data.metrics


def test_fault_p02_before_its_run_exists_nothing_is_left(project: Project, tmp_path: Path) -> None:
    """Git is slow, and the run would say what commit it is of."""
    (tmp_path / "git").write_text("#!/bin/sh\ntouch asked\nexec sleep 60\n")
    (tmp_path / "git").chmod(0o755)
    recipe = project.recipe("signal_before", NO_END)
    path = f"{tmp_path}:{os.environ['PATH']}"
    with project.start("run", "--env", recipe, PATH=path) as process:
        wait_until((project.path / "asked").exists, process)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in stderr
    assert process.returncode != 0
    assert project.runs(recipe) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_fault_p03_while_results_are_published_it_is_killed(
    project: Project, number: signal.Signals
) -> None:
    """The metrics are there, the model is not yet."""
    recipe = project.recipe(f"signal_published_{number.name.lower()}")

    def publishes() -> bool:
        return any("test/psnr" in run.data.metrics for run in project.runs(recipe))

    with project.start("run", "--env", recipe) as process:
        wait_until(publishes, process)
        process.send_signal(number)
        _, stderr = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in stderr
    assert process.returncode != 0
    assert [run.info.status for run in project.runs(recipe)] == ["KILLED"]
    assert ("The same command goes on" in stderr) is (number == signal.SIGINT)


def test_fault_p04_while_the_database_is_locked_the_end_is_told_by_the_next_run(
    project: Project,
) -> None:
    """Ctrl-C twice: the process ends all the same, and says nothing else."""
    recipe = project.recipe("signal_locked", NO_END)
    command = ("run", "--env", recipe, "--pipelines", TO_DENOISER)
    with project.start(*command) as process:
        wait_until(lambda: trains(project, recipe), process)
        with closing(sqlite3.connect(project.path / "data/smoke/mlflow.db", timeout=60)) as other:
            other.execute("BEGIN IMMEDIATE")
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            time.sleep(1)
            process.send_signal(signal.SIGINT)
            _, stderr = process.communicate(timeout=PATIENCE)
            took = time.monotonic() - began
            other.rollback()
    assert took < 4 * SOON
    assert "Traceback" not in stderr
    assert [run.info.status for run in project.runs(recipe)] == ["RUNNING"]
    project.run(recipe, "--pipelines", "ingestion")
    assert [run.info.status for run in project.runs(recipe)] == ["KILLED", "FINISHED"]
