"""Every run has a version of its own."""

import logging
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from project_folder import Project

from denoising_pipeline.hooks.session import UniqueSession

RUNS = 12


def ids(session_class: type[KedroSession], project: Project) -> set[str]:
    """Return the ids of sessions that are created at once, each behind a lock of its own."""
    together = Barrier(RUNS)

    def create(_: int) -> str:
        together.wait()
        return session_class.create(project.path, save_on_close=False).session_id

    with ThreadPoolExecutor(RUNS) as pool:
        return set(pool.map(create, range(RUNS)))


def test_sessions_that_start_at_once_have_different_ids(project: Project) -> None:
    bootstrap_project(project.path)
    assert any(len(ids(KedroSession, project)) < RUNS for _ in range(20)), "Kedro has it now"
    assert len(ids(UniqueSession, project)) == RUNS


def test_a_recipe_that_a_variable_chooses_is_said(
    project: Project, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bootstrap_project(project.path)
    monkeypatch.setenv("KEDRO_ENV", "best")
    with caplog.at_level(logging.INFO):
        UniqueSession.create(project.path, env="smoke", save_on_close=False)
        assert "KEDRO_ENV" not in caplog.text
        UniqueSession.create(project.path, save_on_close=False)
    assert "The recipe is 'best', by the variable KEDRO_ENV" in caplog.text


def test_a_folder_inside_the_project_has_the_same_lock(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    bootstrap_project(project.path)
    inside = project.path / "conf"
    monkeypatch.chdir(inside)
    UniqueSession.create(save_on_close=False)
    assert (project.path / ".session.lock").exists()
    assert not (inside / ".session.lock").exists()
