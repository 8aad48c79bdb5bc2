"""Trials in a real database: what is tried, what is pruned, and what an interruption leaves."""

import json
import multiprocessing
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from denoising_pipeline.images.arrays import Values
from denoising_pipeline.training import EpochLogger, TrainingDivergedError
from denoising_pipeline.training.options import TrainingParameters
from denoising_pipeline.training.study.options import StudyParameters
from denoising_pipeline.training.study.results import best_recipe, importances, trial_tables
from denoising_pipeline.training.study.space import Space
from denoising_pipeline.training.study.trials import (
    StudyRefusedError,
    TrialRun,
    load_optuna,
    run_trials,
)

SPACE: dict[str, Any] = {
    "training.model.name": ["dense", "convolutional"],
    "training.model.latent_dim": [4, 16],
    "training.model.filters": [8, 32],
    "training.loss": ["binary_crossentropy", "mse"],
    "training.learning_rate": {"low": 1e-4, "high": 1e-2, "log": True},
}
GRID = {key: values for key, values in SPACE.items() if isinstance(values, list)}


class Told:
    """Keeps what a study tells of its trials; called, it begins to follow one."""

    def __init__(self) -> None:
        self.ends: dict[int, str] = {}
        self.epochs: dict[int, int] = {}

    def __call__(self, number: int, parameters: Mapping[str, Any]) -> TrialRun:  # noqa: D102
        told = self

        class Run:
            def log(self, epoch: int, metrics: Mapping[str, float]) -> None:
                told.epochs[number] = epoch

            def end(self, state: str, metrics: Mapping[str, float]) -> None:
                told.ends[number] = state

        return Run()


def quality(options: TrainingParameters, log_epoch: EpochLogger) -> Values:
    """Score without training: binary cross-entropy and larger codes are better."""
    score = 15 + (options.loss == "binary_crossentropy") + options.learning_rate
    score += getattr(options.model, "latent_dim", 10) / 16
    for epoch in range(1, options.epochs + 1):
        log_epoch(epoch, {"val_psnr": score - 1 / epoch, "loss": 0.1})
    return np.asarray(score + np.arange(5) / 10)


def run(
    folder: Path,
    options: dict[str, Any],
    seed: int = 0,
    experiment: Any = quality,
    facts: dict[str, Any] | None = None,
    told: Told | None = None,
) -> Any:
    given = StudyParameters.model_validate({"parameters": SPACE, **options})
    space = Space.of(given.space, TrainingParameters(epochs=4))
    address = f"sqlite:///{folder}/study.db"
    return run_trials(space, given, address, facts or {}, seed, experiment, told or Told())


def tried(study: Any) -> list[dict[str, Any]]:
    return [trial.params for trial in study.get_trials() if "abandoned" not in trial.user_attrs]


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_equal_seeds_give_equal_trials_also_after_an_interruption(
    tmp_path: Path, sampler: str
) -> None:
    (tmp_path / "other").mkdir()
    whole = run(tmp_path, {"sampler": sampler, "trials": 14})

    left = 12

    def interrupted(options: TrainingParameters, log_epoch: EpochLogger) -> Values:
        nonlocal left
        left -= 1
        if not left:
            raise KeyboardInterrupt
        return quality(options, log_epoch)

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "other", {"sampler": sampler, "trials": 14}, experiment=interrupted)
    resumed = run(tmp_path / "other", {"sampler": sampler, "trials": 14})
    assert tried(resumed) == tried(whole)
    assert len(resumed.get_trials()) == 15
    assert len({json.dumps(params) for params in tried(whole)}) == 14


def test_a_grid_tries_each_combination_once_and_then_ends(tmp_path: Path) -> None:
    study = run(tmp_path, {"sampler": "grid", "parameters": GRID, "pruning": False})
    space = Space.of(GRID, TrainingParameters())
    assert tried(study) == space.grid()
    assert len(tried(run(tmp_path, {"sampler": "grid", "parameters": GRID}))) == len(space.grid())


def test_more_trials_are_added_to_those_that_are_there(tmp_path: Path) -> None:
    run(tmp_path, {"trials": 2})
    told = Told()
    assert len(tried(run(tmp_path, {"trials": 3}, told=told))) == 3
    assert told.ends == {2: "complete"}


@pytest.mark.parametrize(
    "change",
    [
        {"parameters": GRID},
        {"parameters": {**SPACE, "training.loss": ["mse"]}},
    ],
)
def test_a_study_of_other_parameters_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    run(tmp_path, {"trials": 1})
    with pytest.raises(StudyRefusedError, match=r"'study'.* another parameters: .*study\.name"):
        run(tmp_path, {"trials": 1, **change})
    assert len(tried(run(tmp_path, {"trials": 1, "name": "other", **change}))) == 1


def test_a_study_on_other_images_is_refused(tmp_path: Path) -> None:
    run(tmp_path, {"trials": 1}, facts={"images": 10, "source": "a"})
    with pytest.raises(StudyRefusedError, match="another images and another source"):
        run(tmp_path, {"trials": 1}, facts={"images": 20, "source": "b"})


def test_trials_worse_than_the_median_end_early(tmp_path: Path) -> None:
    level, told = 20, Told()

    def worse(options: TrainingParameters, log_epoch: EpochLogger) -> Values:
        nonlocal level
        level -= 1
        for epoch in range(1, 5):
            log_epoch(epoch, {"val_psnr": level})
        return np.full(5, float(level))

    study = run(tmp_path, {"trials": 8}, experiment=worse, told=told)
    assert [told.ends[number] for number in range(8)] == ["complete"] * 5 + ["pruned"] * 3
    assert told.epochs[7] < 4
    assert [trial.state.name for trial in study.get_trials()][5:] == ["PRUNED"] * 3
    level, told = 20, Told()
    run(tmp_path, {"trials": 8, "name": "off", "pruning": False}, experiment=worse, told=told)
    assert set(told.ends.values()) == {"complete"}


def test_a_training_that_diverges_is_a_failed_trial_and_the_study_goes_on(tmp_path: Path) -> None:
    def diverging(options: TrainingParameters, log_epoch: EpochLogger) -> Values:
        if options.loss == "mse":
            raise TrainingDivergedError("The loss is not a finite number.")
        return quality(options, log_epoch)

    told = Told()
    study = run(tmp_path, {"trials": 6, "sampler": "random"}, experiment=diverging, told=told)
    assert set(told.ends.values()) == {"complete", "failed"}
    values = StudyParameters.model_validate({"parameters": SPACE}).space
    table, _ = trial_tables(study, Space.of(values, TrainingParameters(epochs=4)), 0.95)
    assert set(table.loc[table["state"] == "failed", "training.loss"]) == {"mse"}
    assert set(table["reason"]) == {"", "The loss is not a finite number."}


def test_an_error_ends_the_study_and_is_kept_with_its_trial(tmp_path: Path) -> None:
    def broken(options: TrainingParameters, log_epoch: EpochLogger) -> Values:
        raise MemoryError("too large")

    told = Told()
    with pytest.raises(MemoryError):
        run(tmp_path, {"trials": 3}, experiment=broken, told=told)
    assert told.ends == {0: "failed"}


def _dies(options: TrainingParameters, log_epoch: EpochLogger) -> Values:
    os._exit(9)


def _slow(options: TrainingParameters, log_epoch: EpochLogger) -> Values:
    import time

    time.sleep(0.1)
    return quality(options, log_epoch)


def _share(folder: Path, experiment: Any) -> None:
    options = {"sampler": "grid", "parameters": GRID, "pruning": False}
    run(folder, options, experiment=experiment)


def _process(folder: Path, experiment: Any) -> Any:
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_share, args=(folder, experiment))
    process.start()
    return process


@pytest.mark.slow
def test_a_trial_of_a_process_that_died_is_done_again(tmp_path: Path) -> None:
    process = _process(tmp_path, _dies)
    process.join()
    assert process.exitcode == 9
    study = run(tmp_path, {"sampler": "grid", "parameters": GRID})
    assert tried(study) == Space.of(GRID, TrainingParameters()).grid()
    assert [trial.state.name for trial in study.get_trials()].count("FAIL") == 1


@pytest.mark.slow
def test_two_processes_share_a_study_and_do_each_trial_once(tmp_path: Path) -> None:
    both = [_process(tmp_path, _slow) for _ in range(2)]
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    study = run(tmp_path, {"sampler": "grid", "parameters": GRID})
    assert tried(study) == Space.of(GRID, TrainingParameters()).grid()
    assert {trial.state.name for trial in study.get_trials()} == {"COMPLETE"}
    assert len({trial.user_attrs["process.id"] for trial in study.get_trials()}) == 2


def test_the_best_is_a_recipe_of_what_differs(tmp_path: Path) -> None:
    import yaml

    study = run(tmp_path, {"sampler": "grid", "parameters": GRID})
    space = Space.of(GRID, TrainingParameters(epochs=4))
    text = best_recipe(study, space, trial_tables(study, space, 0.95)[0])
    found = yaml.safe_load(text)["training"]
    assert found["model"]["name"] == "dense"
    assert found["model"]["latent_dim"] == 16
    assert found["loss"] == "binary_crossentropy"
    assert found.keys() == {"model", "loss"}
    assert "Trial 1 of the study 'study'" in text


@pytest.mark.slow
def test_what_decides_is_found_among_trials_of_one_architecture(tmp_path: Path) -> None:
    study = run(tmp_path, {"trials": 40, "sampler": "random", "pruning": False})
    found = importances(study, 0)
    assert set(found["group"]) == {"dense", "convolutional"}
    first = found.groupby("group").first()
    assert set(first["parameter"]) == {"training.loss"}
    assert "training.model.filters" not in set(found.loc[found["group"] == "dense", "parameter"])
    np.testing.assert_allclose(found.groupby("group")["importance"].sum(), 1)


def test_without_optuna_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ImportError, match=r"pip install 'denoising-pipeline\[study\]'"):
        load_optuna()
