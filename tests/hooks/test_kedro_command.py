"""The command that a run records is the command that repeats it."""

import shlex
from pathlib import Path
from typing import Any

import pytest
from kedro.runner import SequentialRunner, ThreadRunner

from denoising_pipeline.cli import run
from denoising_pipeline.hooks.run_tags import kedro_command

PLAIN: dict[str, Any] = {
    "env": None,
    "tags": None,
    "from_nodes": None,
    "to_nodes": None,
    "node_names": None,
    "from_inputs": None,
    "to_outputs": None,
    "load_versions": None,
    "runtime_params": {},
    "pipeline_names": None,
    "namespaces": None,
    "runner": str(SequentialRunner()),
    "only_missing_outputs": False,
}
"""What Kedro tells its hooks of `kedro run` without options."""


def parsed(command: str) -> dict[str, Any]:
    """Read a command line as Kedro's own command does."""
    program, name, *options = shlex.split(command)
    assert (program, name) == ("kedro", "run")
    with run.make_context("run", options) as context:
        return dict(context.params)


@pytest.mark.parametrize("env", [None, "local"])
@pytest.mark.parametrize("runner", [str(SequentialRunner()), "None"], ids=["given", "none"])
def test_a_plain_run_is_a_plain_command(env: str | None, runner: str) -> None:
    assert kedro_command({**PLAIN, "env": env, "runner": runner}) == "kedro run"


@pytest.mark.parametrize(
    ("told", "option", "expected"),
    [
        ({"env": "smoke"}, "env", "smoke"),
        ({"pipeline_names": ["training", "evaluation"]}, "pipelines", ["training", "evaluation"]),
        ({"tags": ("a", "b")}, "tags", ["a", "b"]),
        ({"node_names": ("a", "b")}, "node_names", ["a", "b"]),
        ({"from_nodes": ["a", "b"]}, "from_nodes", ["a", "b"]),
        ({"to_nodes": ["a"]}, "to_nodes", ["a"]),
        ({"from_inputs": ["a"]}, "from_inputs", ["a"]),
        ({"to_outputs": ["a", "b"]}, "to_outputs", ["a", "b"]),
        ({"namespaces": ["a"]}, "namespaces", ["a"]),
        ({"only_missing_outputs": True}, "only_missing_outputs", True),
        ({"runner": str(ThreadRunner())}, "runner", "ThreadRunner"),
        (
            {"load_versions": {"a": "2020-01-01T00.00.00.000Z", "b": "2"}},
            "load_versions",
            {"a": "2020-01-01T00.00.00.000Z", "b": "2"},
        ),
        (
            {"runtime_params": {"training": {"epochs": 3, "fresh_noise": False}, "seed": 1}},
            "params",
            {"training": {"epochs": 3, "fresh_noise": False}, "seed": 1},
        ),
        (
            {"runtime_params": {"training": {"learning_rate": 1e-05, "loss": "mse"}}},
            "params",
            {"training": {"learning_rate": 1e-05, "loss": "mse"}},
        ),
        ({"runtime_params": {"source": "two words; $x"}}, "params", {"source": "two words; $x"}),
    ],
)
def test_every_option_comes_back_as_it_was(
    told: dict[str, Any], option: str, expected: Any
) -> None:
    """Kedro reads from the command what it was told, and nothing else."""
    usual = parsed("kedro run")
    again = parsed(kedro_command({**PLAIN, **told}))
    assert again == {**usual, option: expected}


def test_all_options_together() -> None:
    told = {"env": "smoke", "pipeline_names": ["training"], "runtime_params": {"seed": 1}}
    command = kedro_command({**PLAIN, **told})
    assert command == "kedro run --env=smoke --pipelines=training --params=seed=1"


def test_lists_and_texts_come_back_as_they_were(tmp_path: Path) -> None:
    told = {"training": {"model": {"widths": [64, 128]}}, "source": "2024", "x": "a, b"}
    command = kedro_command({**PLAIN, "runtime_params": told}, conf=str(tmp_path))
    assert f"--conf-source={tmp_path}" in command
    assert parsed(command)["params"] == told


def test_a_parameter_without_a_value_stays_without() -> None:
    """YAML's null, such as no early stopping."""
    told = {"runtime_params": {"training": {"early_stopping_patience": None}}}
    assert parsed(kedro_command({**PLAIN, **told}))["params"] == told["runtime_params"]
