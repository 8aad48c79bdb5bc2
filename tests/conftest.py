"""What all tests share: the switch for the long ones, and a project folder with a finished run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from xdist.scheduler import LoadFileScheduling

if TYPE_CHECKING:  # The small tests do not wait for MLflow.
    from mlflow.entities import Run
    from project_folder import Project, Smoke

pytest_plugins = ["fault_table"]

ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "TF_NUM_INTRAOP_THREADS",
)
"""Test processes share the cores: threads would spend most of their time waiting for each other."""

os.environ.setdefault("MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING", "false")  # no run twice the same
for variable in ONE_THREAD:  # Read when the libraries are imported, which nothing has done yet.
    os.environ.setdefault(variable, "1")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="also run the tests marked slow")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes long, alone or with its kind; run with --slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--slow"):
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason="needs --slow"))


class ByRun(LoadFileScheduling):  # type: ignore[misc]  # the library has no types
    """Hands out whole files, and those that look at one run to one process, which runs it."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        folder = Path(file).parent
        return folder.name if folder.parent.name == "integration" else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByRun:
    return ByRun(config, log)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project folder, committed, in which nothing has been run yet.

    The database exists: looking into one that a run is about to create would create it, too.
    """
    from project_folder import Project

    created = Project.create(tmp_path_factory.mktemp("project"))
    created.create_store()
    return created


@pytest.fixture(scope="session")
def smoke(project: Project) -> Smoke:
    """The smoke recipe on fewer images, run once as a process of its own."""
    from project_folder import FEWER, Smoke

    load = {"MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "true"}
    process = project.kedro("run", "--env", "smoke", *FEWER, **load)
    return Smoke(project, process, project.runs("smoke"))


@pytest.fixture(scope="session")
def tiny(project: Project) -> Run:
    """A tiny recipe, run once in this process."""
    return project.run(project.recipe("tiny"))
