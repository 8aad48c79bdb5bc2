"""A run says where it comes from."""

import os
import socket
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import psutil
import pytest

from denoising_pipeline.config import Parameters, flatten
from denoising_pipeline.hooks.run_tags import LIBRARIES, run_facts, run_tags
from denoising_pipeline.report import RunFacts


def git(folder: Path, *arguments: str) -> str:
    author = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    command = ["git", "-C", str(folder), *author, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "file").write_text("committed")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "--quiet", "--message=first")
    return tmp_path


def test_the_commit_is_recorded_and_whether_files_differ_from_it(checkout: Path) -> None:
    """Files that git does not know, such as data, are no difference."""
    (checkout / "untracked").write_text("data")
    tags = run_tags(checkout)
    assert tags["git.commit"] == git(checkout, "rev-parse", "HEAD")
    assert tags["git.dirty"] == "false"
    (checkout / "file").write_text("changed")
    assert run_tags(checkout)["git.dirty"] == "true"


@pytest.mark.parametrize("reason", ["no checkout", "no commit", "no git"])
def test_without_git_the_run_says_so(
    reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    if reason == "no commit":
        git(tmp_path, "init", "--quiet")
    if reason == "no git":
        monkeypatch.setenv("PATH", str(tmp_path))
    tags = run_tags(tmp_path)
    assert tags["git.commit"] == "none: not a git checkout"
    assert "git.dirty" not in tags


def test_versions_and_the_process_are_recorded(tmp_path: Path) -> None:
    tags = run_tags(tmp_path)
    assert {name: tags[f"version.{name}"] for name in LIBRARIES} == {
        name: version(name) for name in LIBRARIES
    }
    assert {"keras", "tensorflow", "numpy", "kedro", "mlflow"} <= set(LIBRARIES)
    assert tags["version.python"] == sys.version.split()[0]
    assert (tags["process.host"], tags["process.id"]) == (socket.gethostname(), str(os.getpid()))
    assert float(tags["process.started"]) == psutil.Process().create_time()


def facts(folder: Path, mlflow_run: str | None = "c0ffee") -> RunFacts:
    tags = {"kedro_command": "kedro run --env=smoke", **run_tags(folder)}
    return run_facts(tags, Parameters(seed=3), "2026", mlflow_run)


def test_the_report_is_told_what_the_tags_tell(checkout: Path) -> None:
    (checkout / "file").write_text("changed")
    found = facts(checkout)
    assert (found.command, found.version) == ("kedro run --env=smoke", "2026")
    assert (found.commit, found.dirty) == (git(checkout, "rev-parse", "HEAD"), True)
    assert found.mlflow_run == "c0ffee"
    assert found.parameters == flatten(Parameters(seed=3).model_dump(mode="json"))
    assert found.libraries["keras"] == version("keras")
    assert found.libraries.keys() == {*LIBRARIES, "python"}


def test_the_report_is_told_of_no_commit_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    found = facts(tmp_path, None)
    assert (found.commit, found.dirty, found.mlflow_run) == (None, False, None)
