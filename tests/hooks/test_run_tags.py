"""A run says where it comes from."""

import os
import socket
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import psutil
import pytest

from denoising_pipeline.hooks.run_tags import LIBRARIES, run_tags


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
