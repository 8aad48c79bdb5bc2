"""Metrics reach MLflow while training goes on, and runs of the dead are ended: on a real store."""

import gc
import math
import os
import pickle
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import mlflow
import numpy as np
import psutil
import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient
from tracking_store import empty_store

from denoising_pipeline.hooks.epoch_logger import EpochLogger, log_metrics
from denoising_pipeline.hooks.outbox import Outbox
from denoising_pipeline.hooks.publishing import carry_out
from denoising_pipeline.hooks.run_tags import end_abandoned_runs

EXPERIMENTS = count()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> MlflowClient:
    """A client of a database of its own."""
    return MlflowClient(empty_store(tmp_path_factory.mktemp("mlflow")))


@pytest.fixture
def run(client: MlflowClient) -> Run:
    """A running run, alone in its experiment."""
    experiment = client.create_experiment(f"experiment {next(EXPERIMENTS)}", "file:///nowhere")
    return client.create_run(experiment)


@pytest.fixture
def outbox(client: MlflowClient, run: Run, tmp_path: Path) -> Outbox:
    """The outbox of the run."""
    return Outbox(tmp_path, client.tracking_uri, run.info.run_id, carry_out)


def history(client: MlflowClient, run: Run, key: str) -> list[tuple[int, float]]:
    found = client.get_metric_history(run.info.run_id, key)
    return sorted((metric.step, metric.value) for metric in found)


def stored(client: MlflowClient, run: Run) -> set[str]:
    return set(client.get_run(run.info.run_id).data.metrics)


def test_each_epoch_is_a_step_and_training_is_told_apart(
    client: MlflowClient, run: Run, outbox: Outbox
) -> None:
    """MLflow shows what is before the slash as a group."""
    logger = EpochLogger(outbox)
    for epoch, loss in ((1, 0.5), (2, 0.25)):
        logger(epoch, {"loss": loss, "val_loss": loss + 0.1, "seconds": 3.0})
    assert stored(client, run) == {"train/loss", "val/loss", "train/seconds"}
    assert history(client, run, "train/loss") == [(1, 0.5), (2, 0.25)]
    assert history(client, run, "val/loss") == [(1, 0.6), (2, 0.35)]


def test_it_works_from_threads_and_after_a_journey_to_another_process(
    client: MlflowClient, run: Run, outbox: Outbox
) -> None:
    """Neither has an active run; the logger knows where to."""
    logger = EpochLogger(outbox)
    travelled = pickle.loads(pickle.dumps(logger))
    thread = threading.Thread(target=travelled, args=(3, {"psnr": 20.0}))
    thread.start()
    thread.join()
    assert mlflow.active_run() is None
    assert history(client, run, "train/psnr") == [(3, 20.0)]


@pytest.fixture
def _interruptible() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt; a shell may have had it ignored.

    Threads are not traced: for coverage, those of CPython 3.11 spin at a call while a signal is
    waiting for the main thread, and here that one waits for them. No garbage is collected: what
    is raised in a callback of that, as Hypothesis has one, is lost.
    """
    before, trace = signal.signal(signal.SIGINT, signal.default_int_handler), threading.gettrace()
    threading.settrace(None)
    gc.disable()
    yield
    gc.enable()
    threading.settrace(trace)
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interruptible")
def test_an_interruption_leaves_no_lock(client: MlflowClient, outbox: Outbox) -> None:
    """Ctrl-C at moments of a write, the exceptions kept as a notebook keeps its last one."""
    logger = EpochLogger(outbox)
    kept: list[KeyboardInterrupt] = []
    database = client.tracking_uri.removeprefix("sqlite:///")
    for wait in np.linspace(0, 0.03, 20):
        interruption = threading.Timer(wait, os.kill, (os.getpid(), signal.SIGINT))
        with pytest.raises(KeyboardInterrupt) as interrupted:
            interruption.start()
            for epoch in count(1):
                logger(epoch, {"loss": 1.0})
        interruption.join()
        kept.append(interrupted.value)
        with closing(sqlite3.connect(database, timeout=600)) as other:
            other.execute("BEGIN IMMEDIATE")


def test_without_a_run_nothing_happens() -> None:
    """The store of this address could not even be opened."""
    EpochLogger(None)(1, {"loss": 1.0})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_fault_r43_what_is_no_finite_number_is_a_tag_not_a_metric(
    client: MlflowClient, run: Run, value: float
) -> None:
    log_metrics(client, run.info.run_id, {"loss": value, "psnr": 20}, step=4)
    data = client.get_run(run.info.run_id).data
    assert data.metrics == {"psnr": 20.0}
    assert data.tags["non_finite.loss"] == f"{value} at step 4"


def test_nothing_to_log_is_no_error(client: MlflowClient, run: Run) -> None:
    log_metrics(client, run.info.run_id, {})
    assert stored(client, run) == set()


@pytest.fixture
def neighbour() -> Iterator[psutil.Process]:
    """Another process that lives."""
    command = [sys.executable, "-c", "input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        yield psutil.Process(process.pid)
        process.kill()


@pytest.fixture
def gone() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def status_after(
    client: MlflowClient, run: Run, process_id: int, started: float, host: str | None = None
) -> str:
    """Return the status of a run of some process once another run has looked around."""
    experiment = run.info.experiment_id
    tags = {"process.host": host or socket.gethostname(), "process.started": str(started)}
    other = client.create_run(experiment, tags=tags | {"process.id": str(process_id)})
    end_abandoned_runs(client, run.info.run_id)
    assert client.get_run(run.info.run_id).info.status == "RUNNING"
    return str(client.get_run(other.info.run_id).info.status)


def test_the_run_of_a_process_that_is_gone_is_ended_as_killed(
    client: MlflowClient, run: Run, gone: int
) -> None:
    assert status_after(client, run, gone, 1.0) == "KILLED"


def test_an_id_that_another_process_has_now_is_told_apart_by_its_start(
    client: MlflowClient, run: Run, neighbour: psutil.Process
) -> None:
    earlier = neighbour.create_time() - 60
    assert status_after(client, run, neighbour.pid, earlier) == "KILLED"


def test_runs_of_living_processes_go_on(
    client: MlflowClient, run: Run, neighbour: psutil.Process
) -> None:
    """Those of other processes and those of this one, as the trials of a sweep."""
    for process in (neighbour, psutil.Process()):
        assert status_after(client, run, process.pid, process.create_time()) == "RUNNING"


def test_runs_of_other_hosts_are_left_alone(client: MlflowClient, run: Run, gone: int) -> None:
    """Nobody here can know whether they live."""
    assert status_after(client, run, gone, 1.0, host="elsewhere") == "RUNNING"


def test_runs_that_ended_keep_their_status(client: MlflowClient, run: Run, gone: int) -> None:
    tags = {"process.host": socket.gethostname(), "process.id": str(gone), "process.started": "1"}
    ended = client.create_run(run.info.experiment_id, tags=tags)
    client.set_terminated(ended.info.run_id, "FAILED")
    end_abandoned_runs(client, run.info.run_id)
    assert client.get_run(ended.info.run_id).info.status == "FAILED"
