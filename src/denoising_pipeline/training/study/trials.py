"""The trials of a study, which Optuna keeps in a database that several processes share."""

import json
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from denoising_pipeline.core.processes import process_tags
from denoising_pipeline.core.seeding import generator
from denoising_pipeline.images.arrays import Values as Scores
from denoising_pipeline.training.history import EpochLogger, TrainingDivergedError
from denoising_pipeline.training.options import TrainingParameters
from denoising_pipeline.training.study.options import Range, StudyParameters, Values
from denoising_pipeline.training.study.space import Space, Trial, label
from denoising_pipeline.training.study.storage import (
    heard_of,
    lives,
    open_storage,
    say_alive,
    silent,
    turn,
)

if TYPE_CHECKING:
    import optuna

MADE_OF, SCORES, REASON, ABANDONED = "made_of", "psnr_of_images", "reason", "abandoned"
"""What a study and its trials are told beside what Optuna knows itself."""

TRIALS = 20
"""Of a study that is no grid, if nobody says how many."""

log = logging.getLogger(__name__)

SETTLED = 60.0
"""Seconds after which a trial that nobody has signed is nobody's."""


class TrialRun(Protocol):
    """Follows one trial while it goes on."""

    def log(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Take the metrics of an epoch, from 1."""

    def end(self, state: str, metrics: Mapping[str, float]) -> None:
        """Take how it ended, `complete`, `pruned`, `failed` or `killed`, and its scores."""


TrialLogger = Callable[[int, Mapping[str, Any]], TrialRun]
"""Begins to follow a trial: its number and parameters."""


class StudyRefusedError(ValueError):
    """A study of that name is there, and it is another one."""


def load_optuna() -> Any:
    """Import Optuna, which is no dependency of the rest, and keep it quiet.

    Raises:
        ImportError: It is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise ImportError(
            "A study needs Optuna, which is not installed: pip install 'denoising-pipeline[study]'"
        ) from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def run_trials(
    space: Space,
    options: StudyParameters,
    address: str,
    facts: Mapping[str, Any],
    seed: int,
    experiment: Callable[[TrainingParameters, EpochLogger], Scores],
    logger: TrialLogger,
) -> "optuna.Study":
    """Try what is left to try of a study, and return it.

    Trials whose process is gone are done again. With one process, equal seeds give equal trials,
    whether the study was interrupted or not.

    Args:
        space: What is tried.
        options: How often, and under which name.
        address: Of the database.
        facts: All that decides what a score means, as JSON has it.
        seed: Root seed of the sampler.
        experiment: Trains by some parameters and returns the PSNR of each validation image.
        logger: Told of every trial.

    Raises:
        StudyRefusedError: The study of that name is about something else.
    """
    study: optuna.Study = _open(options, address, {**facts, "parameters": _plain(space.parameters)})
    while True:
        with turn(address):
            begun = _begin(study, space, options, seed)
        if begun is None:
            return study
        _perform(study, *begun, space, experiment, logger)


def _open(options: StudyParameters, address: str, facts: Mapping[str, Any]) -> Any:
    """Open a study, or begin it."""
    optuna = load_optuna()
    pruner = optuna.pruners.MedianPruner() if options.pruning else optuna.pruners.NopPruner()
    with turn(address):  # Two that make the tables of a new database at once would fail.
        study: Any = optuna.create_study(
            storage=open_storage(address),
            study_name=options.name,
            direction="maximize",
            pruner=pruner,
            load_if_exists=True,
        )
        made_of = study.user_attrs.get(MADE_OF)
        if made_of is None and not study.get_trials(deepcopy=False):
            study.set_user_attr(MADE_OF, json.dumps(facts, sort_keys=True))
            return study
    before = json.loads(made_of or "{}")
    now = json.loads(json.dumps(facts))
    if differing := [key for key in now if now[key] != before.get(key)]:
        raise StudyRefusedError(
            f"The study {options.name!r} in {address} has another {' and another '.join(differing)}"
            ": its trials cannot be compared with new ones. Give this one a name of its own by "
            "--params study.name=..., or take back what was changed."
        )
    return study


def _begin(
    study: "optuna.Study", space: Space, options: StudyParameters, seed: int
) -> "tuple[optuna.Trial, Trial] | None":
    """Take the next trial; None: there is nothing left to do."""
    optuna = load_optuna()
    states = optuna.trial.TrialState
    unheard = silent(study)
    for lost in study.get_trials(deepcopy=False, states=[states.RUNNING]):
        if not _lives(lost, unheard):
            with suppress(optuna.exceptions.UpdateFinishedTrialError):
                give_back(study, lost)
    known = [t for t in study.get_trials(deepcopy=False) if ABANDONED not in t.user_attrs]
    begun = [t for t in known if t.state != states.WAITING]
    grid = space.grid() if options.sampler == "grid" else []
    if len(begun) >= (options.trials or len(grid) or TRIALS):
        return None
    if grid and len(begun) == len(known):
        tried = [t.params for t in known]
        left = (trial for trial in grid if _stored(trial) not in tried)
        if (trial := next(left, None)) is None:
            return None
        study.add_trial(
            optuna.create_trial(
                state=states.WAITING,
                params=_stored(trial),
                distributions={key: _distribution(space.parameters[key]) for key in trial},
            )
        )
    draws = int(generator(seed, "study", index=len(begun)).integers(2**31))
    tpe = options.sampler == "tpe"
    study.sampler = (optuna.samplers.TPESampler if tpe else optuna.samplers.RandomSampler)(
        seed=draws
    )
    asked = study.ask()
    for key, value in process_tags().items():
        asked.set_user_attr(key, value)
    say_alive(study, asked._trial_id)
    return asked, space.draw(partial(_suggest, asked))


def _perform(
    study: "optuna.Study",
    trial: "optuna.Trial",
    values: Trial,
    space: Space,
    experiment: Callable[[TrainingParameters, EpochLogger], Scores],
    logger: TrialLogger,
) -> None:
    """Do a trial, and tell what became of it."""
    optuna = load_optuna()
    states = optuna.trial.TrialState
    options = space.options(values)
    run = logger(trial.number, _stored(values))

    def log_epoch(epoch: int, metrics: Mapping[str, float]) -> None:
        run.log(epoch, metrics)
        if "val_psnr" in metrics:
            trial.report(metrics["val_psnr"], epoch)
            if epoch < options.epochs and trial.should_prune():
                raise optuna.TrialPruned

    started = time.perf_counter()
    try:
        with heard_of(study, trial._trial_id):
            scores = experiment(options, log_epoch)
        trial.set_user_attr(SCORES, np.round(scores, 3).tolist())
        study.tell(trial, float(scores.mean()))
    except optuna.TrialPruned:
        study.tell(trial, state=states.PRUNED)
        run.end("pruned", {})
    except optuna.exceptions.UpdateFinishedTrialError:
        log.warning("Trial %d was given up by others meanwhile.", trial.number)
        run.end("killed", {})
    except TrainingDivergedError as error:
        trial.set_user_attr(REASON, str(error))
        study.tell(trial, state=states.FAIL)
        run.end("failed", {})
    except BaseException as error:
        if isinstance(error, Exception):
            trial.set_user_attr(REASON, str(error))
            study.tell(trial, state=states.FAIL)
        else:
            give_back(study, study.get_trials(deepcopy=False)[trial.number])
        run.end("failed" if isinstance(error, Exception) else "killed", {})
        raise
    else:
        seconds = time.perf_counter() - started
        run.end("complete", {"val_psnr": float(scores.mean()), "seconds": seconds})


def give_back(study: "optuna.Study", trial: "optuna.trial.FrozenTrial") -> None:
    """Let somebody do again a trial that nobody will finish."""
    optuna = load_optuna()
    study._storage.set_trial_user_attr(trial._trial_id, ABANDONED, True)
    study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    study.add_trial(
        optuna.create_trial(
            state=optuna.trial.TrialState.WAITING,
            params=trial.params,
            distributions=trial.distributions,
        )
    )


def _lives(trial: "optuna.trial.FrozenTrial", unheard: set[int]) -> bool:
    """Whether somebody works on a trial."""
    if "process.started" in trial.user_attrs:
        return lives(trial, unheard)
    began = trial.datetime_start
    return began is not None and (datetime.now() - began).total_seconds() < SETTLED


def _suggest(trial: "optuna.Trial", key: str, values: Values) -> Any:
    if isinstance(values, list):
        labels = [label(value) for value in values]
        return values[labels.index(trial.suggest_categorical(key, labels))]
    if isinstance(values.low, int) and isinstance(values.high, int):
        step = int(values.step or 1)
        return trial.suggest_int(key, values.low, values.high, step=step, log=values.log)
    return trial.suggest_float(key, values.low, values.high, step=values.step, log=values.log)


def _distribution(values: Values) -> Any:
    distributions = load_optuna().distributions
    if isinstance(values, list):
        return distributions.CategoricalDistribution([label(value) for value in values])
    if values.whole:
        step = int(values.step or 1)
        return distributions.IntDistribution(values.low, values.high, values.log, step)
    return distributions.FloatDistribution(values.low, values.high, values.log, values.step)


def _stored(trial: Trial) -> Trial:
    return {key: label(value) for key, value in trial.items()}


def _plain(parameters: Mapping[str, Values]) -> dict[str, Any]:
    return {
        key: values.model_dump() if isinstance(values, Range) else values
        for key, values in parameters.items()
    }
