"""A store that no run can be tracked in is said at once: which, why, what to do, and no more."""

import resource
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from limits import PATIENCE, obey_permissions
from project_folder import KEDRO, Project, environment

pytestmark = pytest.mark.slow

INGESTION = ("--pipelines", "ingestion")
QUICKLY = 120
"""Seconds, of which a start takes ten, on a machine that is four times slower."""


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which a run has been tracked."""
    project = Project.create(tmp_path_factory.mktemp("tracked"))
    project.create_store()
    project.recipe("tiny")
    project.run("tiny", *INGESTION)
    return project


def database_of(project: Project) -> Path:
    return project.path / "data/smoke/mlflow.db"


def refusal(project: Project, prepare: Callable[[], None] | None = None, **variables: str) -> str:
    """Start a run that is to be refused; return what it says, in one line."""
    before = sorted(project.path.rglob("*"))
    started = time.monotonic()
    process = subprocess.run(
        [*KEDRO, "run", "--env", "tiny", *INGESTION],
        cwd=project.path,
        env=environment(**variables),
        preexec_fn=prepare,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert time.monotonic() - started < QUICKLY
    said = process.stdout + process.stderr
    assert process.returncode == 1, said
    for word in ("Traceback", "SQL:", "sqlalche", "INSERT", "Retrying", "Error: Operational"):
        assert word not in said
    errors = [line for line in process.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1, said
    locks = (".session.lock", "mlflow.db.lock")
    left = [path for path in sorted(project.path.rglob("*")) if path.name not in locks]
    assert left == [path for path in before if path.name not in locks]
    return errors[0]


def write_no_more_than(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("there", [True, False])
def test_fault_p07_p12_a_full_disk_is_said_before_a_run_exists(
    tracked: Project, tmp_path: Path, there: bool
) -> None:
    """With a real limit of the system; the database of earlier runs is there, or none."""
    project = tracked if there else Project.create(tmp_path)
    if not there:
        project.recipe("tiny")
        database_of(project).parent.mkdir()
    said = refusal(project, lambda: write_no_more_than(50_000))
    assert f"'{database_of(project)}'" in said
    assert "File too large" in said
    assert "Make room on its disk" in said
    assert database_of(project).exists() == there


def test_a_disk_without_a_free_byte_is_said_before_a_run_exists(tmp_path: Path) -> None:
    """A real one: a file system in memory that is filled."""
    project = Project.create(tmp_path)
    project.recipe("tiny")
    place = database_of(project).parent
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount")
    try:
        with pytest.raises(OSError, match="space"), (place / "filling").open("wb") as file:
            file.write(bytes(2**20))
        said = refusal(project)
    finally:
        subprocess.run(["umount", str(place)], check=True)
    assert "No space left on device. Make room" in said


@contextmanager
def read_only(path: Path) -> Iterator[None]:
    """Have a file or folder that nobody may write to."""
    mode = path.stat().st_mode
    path.chmod(mode & 0o555)
    try:
        yield
    finally:
        path.chmod(mode)


@pytest.mark.parametrize("what", ["file", "folder"])
def test_fault_p12_a_database_that_is_read_only_is_said_before_a_run_exists(
    tracked: Project, what: str
) -> None:
    path = database_of(tracked) if what == "file" else database_of(tracked).parent
    with read_only(path):
        said = refusal(tracked, obey_permissions)
    assert f"'{database_of(tracked)}'" in said
    assert "See to it that it and its folder may be written to" in said


def test_fault_p12_a_database_that_is_locked_is_said_before_a_run_exists(tracked: Project) -> None:
    with closing(sqlite3.connect(database_of(tracked))) as other:
        other.execute("BEGIN EXCLUSIVE")
        said = refusal(tracked)
    assert f"'{database_of(tracked)}'" in said
    assert "database is locked. Another program has it locked: wait for its end" in said


def test_fault_p12_a_database_that_is_cut_off_is_said_before_a_run_exists(
    tracked: Project,
) -> None:
    whole = database_of(tracked).read_bytes()
    database_of(tracked).write_bytes(whole[:300_000])
    try:
        said = refusal(tracked)
    finally:
        database_of(tracked).write_bytes(whole)
    assert f"'{database_of(tracked)}'" in said
    assert "Move it away, for a new one to be made" in said


def test_fault_p08_a_server_that_is_not_there_is_said_before_a_run_exists(
    tracked: Project,
) -> None:
    """MLflow's own patience is four minutes."""
    said = refusal(tracked, MLFLOW_TRACKING_URI="http://somebody:hunter2@127.0.0.1:9")
    assert "the store that MLFLOW_TRACKING_URI names. See to it that it answers" in said
    assert "Connection refused" in said
    assert "hunter2" not in said


def test_fault_p12_a_project_that_is_read_only_is_said(tracked: Project) -> None:
    (tracked.path / ".session.lock").unlink(missing_ok=True)
    with read_only(tracked.path):
        said = refusal(tracked, obey_permissions)
    assert f"'{tracked.path}/.session.lock' cannot be written (Permission denied)" in said
    assert "see to it that the folder may be written to" in said
