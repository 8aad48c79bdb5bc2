"""A study in PostgreSQL: several machines share it, and no trial is lost or counted twice."""

import ctypes
import importlib.util
import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from databases import postgresql, programs
from project_folder import wait_until

from denoising_pipeline.images.arrays import Values
from denoising_pipeline.training import EpochLogger
from denoising_pipeline.training.options import TrainingParameters
from denoising_pipeline.training.study import storage
from denoising_pipeline.training.study.options import StudyParameters
from denoising_pipeline.training.study.space import Space
from denoising_pipeline.training.study.storage import open_storage, turn
from denoising_pipeline.training.study.trials import run_trials

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(programs() is None, reason="needs PostgreSQL: apt-get install postgresql"),
    pytest.mark.skipif(importlib.util.find_spec("psycopg") is None, reason="needs `postgres`"),
]

GRID: dict[str, Any] = {
    "training.model.name": ["dense"],
    "training.model.latent_dim": [2, 4, 8, 16],
    "training.loss": ["binary_crossentropy", "mse"],
}
OTHER_MACHINE = "another-machine"
NEW_HOST_NAME = 0x04000000
"""CLONE_NEWUTS of unshare(2): a host name that is this process's own."""


class Untold:
    """A run that nobody follows."""

    def log(self, epoch: int, metrics: Any) -> None:  # noqa: D102
        pass

    def end(self, state: str, metrics: Any) -> None:  # noqa: D102
        pass


def scored(options: TrainingParameters, log_epoch: EpochLogger) -> Values:
    time.sleep(0.2)
    return np.asarray([10.0 + getattr(options.model, "latent_dim", 0), 12.0])


def endless(options: TrainingParameters, log_epoch: EpochLogger) -> Values:
    Path(os.environ["BEGUN"]).touch()
    time.sleep(1000)
    return np.zeros(1)


def study(address: str, experiment: Any) -> Any:
    """Do what is left of the study; processes are given up after a few seconds of silence."""
    storage.BEAT, storage.SILENCE = 1, 3
    given = StudyParameters.model_validate({"parameters": GRID, "sampler": "grid"})
    space = Space.of(given.space, TrainingParameters(epochs=4))
    return run_trials(space, given, address, {}, 0, experiment, lambda number, values: Untold())


def on_another_machine(address: str, experiment: Any) -> None:
    if ctypes.CDLL(None, use_errno=True).unshare(NEW_HOST_NAME):
        raise OSError(ctypes.get_errno(), "unshare")
    socket.sethostname(OTHER_MACHINE)
    study(address, experiment)


def start(target: Any, *arguments: Any) -> Any:
    process = multiprocessing.get_context("spawn").Process(target=target, args=arguments)
    process.start()
    return process


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgresql("here", "elsewhere", "turns") as address:
        yield address


def outcome(found: Any) -> tuple[list[Any], list[str]]:
    """Return the parameters of all trials that count, and the states of all that there are."""
    trials = found.get_trials()
    done = [trial.params for trial in trials if "abandoned" not in trial.user_attrs]
    return done, sorted(trial.state.name for trial in trials)


def everything() -> list[Any]:
    given = StudyParameters.model_validate({"parameters": GRID, "sampler": "grid"})
    return Space.of(given.space, TrainingParameters()).grid()


def in_order(trials: list[Any]) -> list[str]:
    return sorted(map(str, (sorted(trial.items()) for trial in trials)))


@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_of_two_processes_one_is_killed_and_every_trial_is_done_once(
    server: str, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that dies here is missed at once; one of another machine, when nothing is heard of it."""
    if where == "elsewhere" and os.geteuid():
        pytest.skip("only root may take another host name")
    address, begun = f"{server}/{where}", tmp_path / "begun"
    monkeypatch.setenv("BEGUN", str(begun))
    lost = start(study if where == "here" else on_another_machine, address, endless)
    wait_until(begun.exists)
    other = start(study, address, scored)
    time.sleep(1)
    os.kill(lost.pid, signal.SIGKILL)
    lost.join()
    other.join()
    assert other.exitcode == 0
    silence = time.monotonic() + 4
    while time.monotonic() < silence:  # Nobody is there to do it: the next one does.
        time.sleep(0.1)
    done, states = outcome(study(address, scored))
    assert in_order(done) == in_order(everything())
    assert states == ["COMPLETE"] * 8 + ["FAIL"]


def test_a_process_that_dies_while_it_chooses_holds_up_nobody(server: str) -> None:
    address = f"{server}/turns"
    lost = start(chooses_for_ever, address)
    time.sleep(3)
    os.kill(lost.pid, signal.SIGKILL)
    lost.join()
    with turn(address):
        pass


def chooses_for_ever(address: str) -> None:
    with turn(address):
        time.sleep(1000)


def test_a_database_that_is_not_there_and_one_without_turns_are_refused() -> None:
    with pytest.raises(ValueError, match=r"cannot be used: .*PGPASSWORD"):
        open_storage("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    with pytest.raises(ValueError, match=r"kept in SQLite .* or PostgreSQL"):
        open_storage("mysql://nobody@127.0.0.1:1/nothing")
