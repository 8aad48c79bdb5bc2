"""Where trials are kept, and how processes on one machine or several take turns there."""

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from denoising_pipeline.core.processes import is_alive

if TYPE_CHECKING:
    import optuna

SQLITE, POSTGRESQL = "sqlite:///", "postgresql"

BEAT = 60
"""Seconds after which a process says again that it works on a trial, where others cannot see it."""

SILENCE = 3
"""Beats left out after which a trial is given up, and done again by somebody else."""

LOCK = 0x64656E6F
"""The number of the lock in PostgreSQL."""

logger = logging.getLogger(__name__)


def open_storage(address: str) -> Any:
    """Return Optuna's storage of a SQLite file or a PostgreSQL database.

    Raises:
        ValueError: It is another database, in which processes could not take turns; or the driver
            is not installed, or the database cannot be reached.
    """
    import optuna

    if address.startswith(SQLITE):
        return optuna.storages.RDBStorage(address)
    with _said_what_is_wrong(address), warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.storages.RDBStorage(
            address,
            engine_kwargs={"pool_pre_ping": True},
            heartbeat_interval=BEAT,
            grace_period=SILENCE * BEAT,
        )


@contextmanager
def _said_what_is_wrong(address: str) -> Iterator[None]:
    """Turn what a database's driver raises into what to do."""
    from sqlalchemy.exc import SQLAlchemyError

    if not address.startswith(POSTGRESQL):
        raise ValueError(
            f"study.storage is {address}. Studies are kept in SQLite (sqlite:////folder/study.db) "
            "or PostgreSQL (postgresql+psycopg://user@host/database)."
        )
    try:
        yield
    except (ImportError, SQLAlchemyError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(
            f"The database of study.storage, {address}, cannot be used: {reason}. Its driver is "
            "the extra `postgres`; a password is taken from the variable PGPASSWORD."
        ) from error


@contextmanager
def turn(address: str) -> Iterator[None]:
    """Hold inside what lets one process choose a trial at a time; whoever dies, lets it go."""
    if address.startswith(SQLITE):
        file = Path(address.removeprefix(SQLITE))
        file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(file.with_name(f"{file.name}.lock")):
            yield
        return
    from sqlalchemy import create_engine, text
    from sqlalchemy.pool import NullPool

    with _said_what_is_wrong(address):
        connection = create_engine(address, poolclass=NullPool).connect()
    with connection:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
        yield


def silent(study: "optuna.Study") -> set[int]:
    """Return the identities of running trials whose process was not heard of for too long."""
    storage: Any = study._storage
    if storage.get_heartbeat_interval() is None:
        return set()
    return set(storage._get_stale_trial_ids(study._study_id))


def lives(trial: "optuna.trial.FrozenTrial", silent_ones: set[int]) -> bool:
    """Whether somebody works on a trial.

    A process of this machine is looked for; of others it is known when they were last heard of.

    Args:
        trial: One that is signed with `process_tags`.
        silent_ones: What `silent` returned.
    """
    return trial._trial_id not in silent_ones and is_alive(trial.user_attrs)


def say_alive(study: "optuna.Study", trial: int) -> None:
    """Say that this process works on a trial, where others cannot see it."""
    storage: Any = study._storage
    if storage.get_heartbeat_interval() is not None:
        storage.record_heartbeat(trial)


@contextmanager
def heard_of(study: "optuna.Study", trial: int) -> Iterator[None]:
    """Say inside, from time to time, that this process works on a trial."""
    storage: Any = study._storage
    if storage.get_heartbeat_interval() is None:
        yield
        return
    done = threading.Event()
    speaking = threading.Thread(target=_speak, args=(storage, trial, done), daemon=True)
    speaking.start()
    try:
        yield
    finally:
        done.set()
        speaking.join()


def _speak(storage: Any, trial: int, done: threading.Event) -> None:
    while True:
        try:
            storage.record_heartbeat(trial)
        except Exception as error:  # The database may be back before anyone misses this process.
            logger.warning("The database of the study cannot be reached: %s", str(error)[:200])
        if done.wait(storage.get_heartbeat_interval()):
            return
