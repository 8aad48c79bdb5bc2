"""The pipeline as tasks of Dagster, each in a process of its own."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from project_folder import ROOT, TINY, Project, environment

from denoising_pipeline.config import format_params
from denoising_pipeline.hooks.shared_run import TAG

DAGSTER = os.environ.get("DAGSTER_PYTHON", sys.executable)
"""Dagster may be installed in an environment of its own."""


def has_dagster() -> bool:
    if sys.executable == DAGSTER:
        return importlib.util.find_spec("dagster") is not None
    return Path(DAGSTER).exists()


@pytest.mark.slow
@pytest.mark.skipif(not has_dagster(), reason="Dagster is not installed; DAGSTER_PYTHON names it")
def test_every_stage_is_a_task_and_all_are_one_run(tmp_path: Path) -> None:
    """Six processes: one version of everything, one MLflow run, which ends with the last."""
    (tmp_path / "project").mkdir()
    (tmp_path / "home").mkdir()
    project = Project.create(tmp_path / "project")
    project.create_store()
    params = format_params({"source": "digits", **TINY})
    config = tmp_path / "run.yaml"
    recipe = {"config": {"env": "smoke", "params": params}}
    config.write_text(json.dumps({"resources": {"recipe": recipe}}))
    jobs = ["-f", f"{ROOT}/orchestration/dagster_jobs.py", "-j", "pipeline", "-c", str(config)]
    subprocess.run(
        [DAGSTER, "-m", "dagster", "job", "execute", *jobs],
        env=environment(
            DAGSTER_HOME=str(tmp_path / "home"),
            DENOISING_PROJECT=str(project.path),
            DENOISING_PYTHON=sys.executable,
        ),
        check=True,
    )
    (run,) = project.runs("smoke")
    assert run.info.status == "FINISHED"
    data = project.path / "data/smoke"
    versions = {path.name for path in data.glob("0[2-8]_*/*/*") if path.is_dir()}
    assert versions - {"training_checkpoints"} == {run.data.tags[TAG]}
    assert "test/psnr" in run.data.metrics
