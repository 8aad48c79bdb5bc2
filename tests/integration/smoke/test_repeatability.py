"""A seed decides everything: in another process, on another runner, in another session."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow.entities import Run
from project_folder import FEWER, TO_SCORES, Project, Smoke

from denoising_pipeline.datasets import DenoiserDataset

pytestmark = pytest.mark.slow


def outcome(project: Project, run: Run) -> dict[str, Any]:
    """Return summary, history and weights that a run wrote."""
    history = pd.read_csv(project.saved(run, "history.csv")).drop(columns="seconds")
    denoiser = DenoiserDataset(filepath=project.saved(run, "denoiser.zip")).load()
    return {
        "summary": json.loads(project.saved(run, "summary.json").read_text()),
        "history": history.to_dict("records"),
        "weights": [weights.tobytes() for weights in denoiser.model.get_weights()],
        "test_denoised": np.load(project.saved(run, "test_denoised.npy")).tobytes(),
    }


def test_process_and_session_give_the_same_to_the_bit(smoke: Smoke) -> None:
    """The smoke recipe again as far as the scores, through a session in this process."""
    again = smoke.project.run("smoke", "--pipelines", TO_SCORES, *FEWER)
    assert again.info.run_id != smoke.run.info.run_id
    assert outcome(smoke.project, again) == outcome(smoke.project, smoke.run)


@pytest.mark.parametrize(
    "runner", ["ThreadRunner", pytest.param("ParallelRunner", marks=pytest.mark.slow)]
)
def test_runners_give_the_same_to_the_bit(project: Project, tiny: Run, runner: str) -> None:
    """Nodes at once, in threads or processes, and the run is tracked as ever."""
    if runner == "ThreadRunner":
        other = project.run("tiny", "--runner", runner)
    else:
        process = project.kedro("run", "--env", "tiny", "--runner", runner)
        assert process.returncode == 0, process.stderr
        other = project.runs("tiny")[-1]
    assert other.info.run_id != tiny.info.run_id
    assert other.info.status == "FINISHED"
    assert other.data.metrics.keys() == tiny.data.metrics.keys()
    assert outcome(project, other) == outcome(project, tiny)


def test_another_seed_gives_other_numbers(project: Project, tiny: Run) -> None:
    """Noise, weights and split hang on the seed."""
    run = project.run("tiny", "--pipelines", TO_SCORES, "--params", "seed=1")
    other = outcome(project, run)
    same = {key for key, value in outcome(project, tiny).items() if other[key] == value}
    assert same == set()
