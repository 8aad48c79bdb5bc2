"""A run is seen while it lives, and its end in MLflow tells what happened to it."""

import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from limits import PATIENCE
from mlflow.entities import Run
from project_folder import TO_DENOISER, TO_SCORES, TRAINING, Project, wait_until

from denoising_pipeline.datasets import DenoiserDataset
from denoising_pipeline.degradations import draw_noisy
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.evaluation.options import EvaluationParameters
from denoising_pipeline.pipelines.evaluation.nodes import score_test_images

pytestmark = pytest.mark.slow

FUTURE = "2999-01-01T00.00.00.000Z"
LONG = {"training": {**TRAINING, "epochs": 80}}
NO_END = {"training": {**TRAINING, "epochs": 1_000_000}}
ENDINGS = {"SIGINT": "KILLED", "SIGTERM": "KILLED", "SIGKILL": "RUNNING"}


def in_training(project: Project, recipe: str) -> Callable[[], Run | None]:
    """Return what finds the newest run of a recipe once its first epoch is over."""

    def find() -> Run | None:
        runs = project.runs(recipe)
        return runs[-1] if runs and "val/loss" in runs[-1].data.metrics else None

    return find


class Together(NamedTuple):
    """A run at three moments, and another of other images that began and ended meanwhile."""

    seen: Run
    later: Run
    end: Run
    other: Run


@pytest.fixture(scope="module")
def together(project: Project) -> Together:
    """Two runs at once. Torn files dated in the future lie in wait for both."""
    recipe = project.recipe("together", LONG)
    command = ("run", "--env", recipe, "--pipelines", TO_SCORES, "--params")
    for name in ("06_models/denoiser.zip", "05_model_input/test_noisy.npy"):
        torn = project.path / "data" / recipe / name / FUTURE / Path(name).name
        torn.parent.mkdir(parents=True)
        torn.write_bytes(b"torn")
    with project.start(*command, "seed=1") as process:
        seen = wait_until(in_training(project, recipe), process)
        result = project.invoke(*command, "seed=2,ingestion.limit=80,training.epochs=1")
        assert result.exit_code == 0, result.output
        other = project.runs(recipe)[-1]
        later = project.client.get_run(seen.info.run_id)
        output = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output
    return Together(seen, later, project.client.get_run(seen.info.run_id), other)


def test_metrics_are_seen_while_the_run_lives(together: Together) -> None:
    """With the first epochs there, the run is RUNNING; at its end all of them are."""
    assert together.seen.info.status == "RUNNING"
    assert {"train/loss", "val/loss", "val/psnr"} <= together.seen.data.metrics.keys()
    assert "test/psnr" not in together.seen.data.metrics
    assert together.end.info.status == "FINISHED"


def test_a_new_run_lets_living_ones_be(together: Together) -> None:
    """What ends the runs of dead processes does not touch those of living ones."""
    assert together.later.info.status != "KILLED"


def test_every_epoch_has_its_step(project: Project, together: Together) -> None:
    """80 epochs give 80 values of each metric, at the steps 1 to 80."""
    for key in ("train/loss", "val/loss", "val/psnr"):
        history = project.client.get_metric_history(together.end.info.run_id, key)
        assert [metric.step for metric in history] == list(range(1, 81))


@pytest.mark.parametrize(("which", "seed", "count"), [("end", 1, 60), ("other", 2, 80)])
def test_runs_at_once_load_what_they_wrote(
    project: Project, together: Together, which: str, seed: int, count: int
) -> None:
    """Scores are those of the run's own denoiser on its own noise, whoever wrote meanwhile."""
    run: Run = getattr(together, which)
    noisy = np.load(project.saved(run, "test_noisy.npy"))
    denoised = np.load(project.saved(run, "test_denoised.npy"))
    table = pd.read_parquet(project.saved(run, "image_metrics.parquet"))
    denoiser = DenoiserDataset(filepath=project.saved(run, "denoiser.zip")).load()
    clean = np.load(project.saved(run, "test_clean.npy"))
    assert len(noisy) == len(table) == count
    np.testing.assert_array_equal(
        noisy, draw_noisy(clean, Gaussian(), seed=seed, split="test", epoch=0)
    )
    np.testing.assert_allclose(denoised, denoiser(noisy), rtol=0, atol=1e-6)
    splits = table[["index", "label"]].assign(split="test")
    again = score_test_images(clean, noisy, denoised, splits, EvaluationParameters())
    pd.testing.assert_frame_equal(again, table.drop(columns=table.filter(regex="^baseline_")))
    summary = json.loads(project.saved(run, "summary.json").read_text())
    assert summary["psnr"] == run.data.metrics["test/psnr"] == pytest.approx(table["psnr"].mean())


class Ended(NamedTuple):
    """What a process left that got a signal during training."""

    code: int
    stderr: str
    run: Run
    files: list[str]


@pytest.fixture(scope="module")
def ended(project: Project) -> dict[str, Ended]:
    """Processes that got a signal during training; that of SIGKILL would have come to an end."""
    for name in ENDINGS:
        project.recipe(name.lower(), LONG if name == "SIGKILL" else NO_END)
    command = ("run", "--pipelines", TO_DENOISER, "--env")
    processes = {name: project.start(*command, name.lower()) for name in ENDINGS}
    runs: dict[str, Run] = {}

    def end_those_in_training() -> bool:
        for name in processes.keys() - runs.keys():
            if run := in_training(project, name.lower())():
                processes[name].send_signal(getattr(signal, name))
                runs[name] = run
        return len(runs) == len(processes)

    try:
        wait_until(end_those_in_training)
        found = {}
        for name, process in processes.items():
            _, stderr = process.communicate(timeout=PATIENCE)
            end = project.client.get_run(runs[name].info.run_id)
            found[name] = Ended(process.returncode, stderr, end, project.files(name.lower()))
        return found
    finally:
        for process in processes.values():
            process.kill()


@pytest.mark.parametrize(("name", "status"), ENDINGS.items())
def test_fault_r28_r29_signal_ends_the_run(ended: dict[str, Ended], name: str, status: str) -> None:
    """Ctrl-C and SIGTERM leave the run KILLED; after SIGKILL nobody was there to tell."""
    assert ended[name].run.info.status == status
    assert ended[name].code != 0
    assert "Traceback" not in ended[name].stderr


@pytest.mark.parametrize("name", ENDINGS)
def test_interrupted_training_leaves_no_denoiser(ended: dict[str, Ended], name: str) -> None:
    """What was written is whole, and what was not finished is not there.

    Only SIGKILL can leave a torn checkpoint: under its temporary name, and until its training ends.
    """
    files = ended[name].files
    data = {"02_intermediate", "03_primary", "05_model_input"}
    assert {file.split("/")[0] for file in files} - {"06_models"} == data
    checkpoints = [f for f in files if f.startswith("06_models/training_checkpoints/")]
    assert [f for f in files if f.startswith("06_models")] == checkpoints
    torn = [file for file in files if file.endswith(".part")]
    assert torn == [] if name != "SIGKILL" else torn in ([], [f for f in checkpoints if f in torn])


@pytest.fixture(scope="module")
def resumed(project: Project, ended: dict[str, Ended]) -> Run:
    """The next run after SIGKILL."""
    assert ended
    return project.run("sigkill", "--pipelines", TO_DENOISER)


@pytest.mark.usefixtures("resumed")
def test_fault_r30_next_run_ends_those_whose_process_is_gone(
    project: Project, ended: dict[str, Ended]
) -> None:
    """After SIGKILL a run is RUNNING until the next one starts."""
    lost = ended["SIGKILL"].run.info.run_id
    assert project.client.get_run(lost).info.status == "KILLED"


def weights(project: Project, run: Run) -> list[Any]:
    """Return the weights of the denoiser that a run saved."""
    denoiser = DenoiserDataset(filepath=project.saved(run, "denoiser.zip")).load()
    found: list[Any] = denoiser.model.get_weights()
    return found


def epochs(project: Project, run: Run) -> list[int]:
    """Return the epochs that MLflow has of a run."""
    return [
        metric.step for metric in project.client.get_metric_history(run.info.run_id, "val/loss")
    ]


def test_fault_r27_a_run_killed_in_mid_epoch_is_resumed_by_the_next_to_the_same_bits(
    project: Project, ended: dict[str, Ended], resumed: Run
) -> None:
    """Same weights as without the interruption; its MLflow run has every epoch."""
    assert len(epochs(project, ended["SIGKILL"].run)) < 80
    whole = project.run(project.recipe("undisturbed", LONG), "--pipelines", TO_DENOISER)
    for one, other in zip(weights(project, resumed), weights(project, whole), strict=True):
        np.testing.assert_array_equal(one, other)
    assert epochs(project, resumed) == list(range(1, 81))
    assert not list(project.path.glob("data/sigkill/06_models/training_checkpoints/*"))


def test_after_an_interruption_the_process_can_go_on(project: Project) -> None:
    """Ctrl-C in a session, as in a notebook: the next run is one of its own."""
    recipe = project.recipe("interrupted", NO_END)

    def interrupt() -> None:
        try:
            wait_until(in_training(project, recipe))
        finally:  # The training has no end of its own.
            os.kill(os.getpid(), signal.SIGINT)

    bootstrap_project(project.path)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have had it ignored
    thread = threading.Thread(target=interrupt)
    with pytest.raises(KeyboardInterrupt), KedroSession.create(project.path, env=recipe) as session:
        thread.start()
        session.run()
    thread.join()
    project.run(recipe, "--pipelines", "ingestion")
    assert [run.info.status for run in project.runs(recipe)] == ["KILLED", "FINISHED"]
