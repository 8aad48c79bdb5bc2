"""The pipeline as tasks of Dagster, each in a process of its own."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from limits import PATIENCE
from project_folder import ROOT, TINY, Project, environment, wait_until

from denoising_pipeline.hooks.shared_run import TAG

DAGSTER = os.environ.get("DAGSTER_PYTHON", sys.executable)
"""Dagster lives in an environment of its own, as it pins older versions than this one has."""

HOW = "needs Dagster, as docs/collections.md says, and DAGSTER_PYTHON=$PWD/build/dagster/bin/python"


def has_dagster() -> bool:
    if sys.executable == DAGSTER:
        return importlib.util.find_spec("dagster") is not None
    return Path(DAGSTER).exists()


def task_of(orchestrator: psutil.Process, stage: str) -> psutil.Process | None:
    """Return the process of `kedro run` that does a stage; None: there is none yet."""
    for child in orchestrator.children(recursive=True):
        try:
            if {"kedro", f"--pipelines={stage}"} <= set(child.cmdline()):
                return child
        except psutil.Error:
            continue
    return None


@pytest.mark.slow
@pytest.mark.skipif(not has_dagster(), reason=HOW)
def test_every_stage_is_a_task_all_are_one_run_and_killed_ones_are_tried_again(
    tmp_path: Path,
) -> None:
    """Six processes: one version of everything, one MLflow run, which ends with the last.

    Killed are the project's process of one stage, and Dagster's own process of another.
    """
    (tmp_path / "project").mkdir()
    (tmp_path / "home").mkdir()
    (tmp_path / "home/dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    project = Project.create(tmp_path / "project")
    project.create_store()
    config = tmp_path / "run.yaml"
    recipe = {"config": {"env": "smoke", "params": {"source": "digits", **TINY}}}
    config.write_text(json.dumps({"resources": {"recipe": recipe}}))
    jobs = ["-f", f"{ROOT}/orchestration/dagster_jobs.py", "-j", "pipeline", "-c", str(config)]
    log = tmp_path / "log"
    with log.open("w") as file:
        job = subprocess.Popen(
            [DAGSTER, "-m", "dagster", "job", "execute", *jobs],
            env=environment(
                DAGSTER_HOME=str(tmp_path / "home"),
                DENOISING_PROJECT=str(project.path),
                DENOISING_PYTHON=sys.executable,
            ),
            stdout=file,
            stderr=file,
            text=True,
        )
    there = psutil.Process(job.pid)
    wait_until(lambda: task_of(there, "ingestion"), job).kill()
    wait_until(lambda: task_of(there, "noise_injection"), job).parent().kill()
    assert job.wait(PATIENCE) == 0, log.read_text()
    for stage in ("ingestion", "noise_injection"):
        assert f'(attempt # 2) of step "{stage}"' in log.read_text()
    (run,) = project.runs("smoke")
    assert run.info.status == "FINISHED"
    data = project.path / "data/smoke"
    versions = {path.name for path in data.glob("0[2-8]_*/*/*") if path.is_dir()}
    assert versions - {"training_checkpoints"} == {run.data.tags[TAG]}
    assert {"train/loss", "val/loss", "test/psnr", "test_noisy/ssim"} <= run.data.metrics.keys()
    found = {each.path for each in project.client.list_artifacts(run.info.run_id)}
    assert found == {"parameters.yml", "tables", "images", "previews", "report", "figures"}
