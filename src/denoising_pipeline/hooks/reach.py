"""Whether a tracking store can be reached: how long it is waited for, and what its errors mean."""

import errno
import logging
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from urllib.parse import quote

from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from requests import RequestException
from sqlalchemy.exc import SQLAlchemyError

from denoising_pipeline.core.files import is_of_the_disk
from denoising_pipeline.core.secrets import masked
from denoising_pipeline.hooks.store import SQLITE, STORE, database_of

BRIEF = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_TIMEOUT": "5"}
"""How long a server is waited for, in seconds; MLflow's own patience is minutes."""

ONCE_MORE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
"""How often a server is tried again with what is large, which may take its time."""

AT_START = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}
"""How a server is waited for when a run starts, which others may do at this moment."""

BUSY = 3.0
"""Seconds that a SQLite database may be locked by somebody else."""

ROOM = 2**21
"""Bytes that a database must be able to grow by: MLflow's first tables, and their journal."""

_ALLOW = "See to it that it and its folder may be written to"
_MAKE_ROOM = "Make room on its disk"
_REPLACE = "Move it away, for a new one to be made, or put back a copy that is whole"

_ADVICE = {
    sqlite3.SQLITE_BUSY: "Another program has it locked: wait for its end",
    sqlite3.SQLITE_FULL: _MAKE_ROOM,
    sqlite3.SQLITE_IOERR: _MAKE_ROOM,
    sqlite3.SQLITE_NOTADB: _REPLACE,
    sqlite3.SQLITE_CORRUPT: _REPLACE,
}
"""What to do, by the kind of SQLite's error."""


def is_outage(error: Exception, uri: str) -> bool:
    """Tell whether a store fails, such as on a full disk, and does not refuse what it is told."""
    if isinstance(error, MlflowException):
        failing = ["TEMPORARILY_UNAVAILABLE"]
        if not uri.startswith(SQLITE):  # So many answers that it fails, which is all that is known.
            failing.append("INTERNAL_ERROR")
        return error.error_code in failing
    return isinstance(error, RequestException) or (
        isinstance(error, OSError) and is_of_the_disk(error)
    )


@contextmanager
def errors_raised_only() -> Iterator[None]:
    """Keep MLflow from printing the traceback of an error that it raises as well, and each try."""
    talkers = [logging.getLogger(name) for name in ("mlflow.store.db.utils", "urllib3")]
    before = [talker.level for talker in talkers]
    for talker in talkers:
        talker.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for talker, level in zip(talkers, before, strict=True):
            talker.setLevel(level)


@contextmanager
def brief(limits: Mapping[str, str] = BRIEF) -> Iterator[None]:
    """Let MLflow wait for a server as briefly as limits say, where the user does not say else."""
    ours = {name: value for name, value in limits.items() if name not in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            os.environ.pop(name, None)


def check_store(uri: str, run_id: str) -> None:
    """Look for a few seconds whether a store can be written to, or a server answers.

    MLflow itself waits 20 seconds for a SQLite database that somebody has locked, and prints a
    traceback then.

    Raises:
        Exception: It cannot.
    """
    if uri.startswith(SQLITE):
        check_database(uri)
        return
    with brief():
        MlflowClient(uri).get_run(run_id)


def check_database(uri: str, patience: float = BUSY, reading: bool = False) -> None:
    """Look whether a database can be written to, without a word of MLflow's about it.

    Args:
        uri: The tracking store; another one than SQLite is passed over, and one that is new.
        patience: Seconds that somebody else may have it locked.
        reading: Pass over that it is read-only.

    Raises:
        OSError: It cannot; the message says why, and what to do.
    """
    database = database_of(uri)
    if not database or not database.exists():
        return
    try:
        where = f"file:{quote(str(database))}?mode=rw"
        with closing(sqlite3.connect(where, patience, uri=True)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.rollback()
    except sqlite3.Error as error:
        if not (reading and _code(error) == sqlite3.SQLITE_READONLY):
            raise _unusable(database, str(error), _advice(error)) from error


def check_room(uri: str) -> None:
    """Look whether a database can grow: whether its disk, and the system's limits, have room.

    Args:
        uri: The tracking store; another one than SQLite is passed over.

    Raises:
        OSError: It cannot; the message says why, and what to do.
    """
    if not (database := database_of(uri)):
        return
    size = database.stat().st_size if database.exists() else 0
    try:
        with TemporaryFile(dir=database.parent) as file:  # has no name that could be left
            file.seek(size)
            file.write(bytes(ROOM))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
        advice = _MAKE_ROOM if full else _ALLOW
        raise _unusable(database, error.strerror or str(error), advice) from error


@contextmanager
def starting(uri: str) -> Iterator[None]:
    """Let MLflow be asked inside; a store that fails is said in one sentence, and nothing else is.

    Args:
        uri: The tracking store.

    Raises:
        OSError: Its database cannot be used; the message says why, and what to do.
        ValueError: It is another store, or refuses what it is told.
    """
    by_variable = bool(os.environ.get(STORE))
    try:
        with errors_raised_only(), brief(AT_START):
            yield
    except (MlflowException, SQLAlchemyError, RequestException, sqlite3.Error) as error:
        database, causes = database_of(uri), list(_causes(error))
        of_sqlite = next((each for each in causes if isinstance(each, sqlite3.Error)), None)
        if database and of_sqlite:
            raise _unusable(database, str(of_sqlite), _advice(of_sqlite)) from error
        where = STORE if by_variable else "server.mlflow_tracking_uri in mlflow.yml"
        away = is_outage(error, uri)
        raise ValueError(
            f"Runs cannot be tracked in the store that {where} names. "
            f"{'See to it that it answers, or correct it' if away else 'Correct it'}"
            f"{', or unset it' if by_variable else ''}. {reason(causes[-1] if away else error)}"
        ) from error


def reason(error: BaseException) -> str:
    """Return what an error says, without the statements and values that SQLAlchemy adds."""
    return str(masked(str(error))).partition("\n")[0]


def _unusable(database: Path, why: str, advice: str) -> OSError:
    return OSError(
        f"'{database}', where runs are tracked, cannot be written to: {why}. {advice}, or let "
        f"{STORE} name another store."
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error, and what it came of, the first cause last."""
    while error:
        yield error
        error = error.__cause__ or error.__context__


def _advice(error: sqlite3.Error) -> str:
    return _ADVICE.get(_code(error), _ALLOW)


def _code(error: sqlite3.Error) -> int:
    """Return the kind of an error; the upper bits say more about it (https://sqlite.org/rescode)."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
