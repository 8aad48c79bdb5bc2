"""Every command of README and docs is one that there is, with options and parameters that exist."""

import importlib
import re
import subprocess
import sys
from functools import cache
from typing import Any

import click
import pytest
from documented import ROOT, Words, commands
from limits import PATIENCE
from project_folder import environment

from denoising_pipeline.cli.denoise import COMMANDS, denoise
from denoising_pipeline.cli.project import cli
from denoising_pipeline.config import merge_layers, validate_parameters
from denoising_pipeline.hooks.config_loader import ComponentConfigLoader
from denoising_pipeline.pipeline_registry import register_pipelines
from denoising_pipeline.settings import CONFIG_LOADER_ARGS

ALL = commands()
OTHERS = {
    "apt-get",
    "curl",
    "eval",
    "export",
    "git",
    "optuna-dashboard",
    "pip",
    "source",
    "tar",
    "uv",
}
"""Programs that are not of the project, and whose options are not looked at."""


def of(*programs: str) -> list[Words]:
    return [command for command in ALL if command.words[0].removeprefix(".venv/bin/") in programs]


def own(command: Words) -> bool:
    return len(command.words) > 1 and command.words[1] in cli.commands


@cache
def targets() -> set[str]:
    """Return the targets of the Makefile."""
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def parsed(command: click.Command, arguments: list[str]) -> dict[str, Any]:
    """Return what a command is given; click refuses what it does not know."""
    while isinstance(command, click.Group) and arguments:
        found = command.get_command(click.Context(command), arguments[0])
        assert found is not None, f"no command {arguments[0]}"
        command, arguments = found, arguments[1:]
    try:
        # A command keeps the names of its help option from then on.
        names = cli.context_settings["help_option_names"]
        return command.make_context(command.name, arguments, help_option_names=names).params
    except click.MissingParameter:  # In the text, a command may stand without its files.
        return {}


@cache
def recipe(name: str) -> dict[str, Any]:
    """Return the parameters of a recipe."""
    assert (ROOT / "conf" / name).is_dir(), f"no recipe {name}"
    arguments: dict[str, Any] = {**CONFIG_LOADER_ARGS, "env": name}
    return dict(ComponentConfigLoader(str(ROOT / "conf"), **arguments)["parameters"])


def test_programs_are_known() -> None:
    known = {"denoise", "denoising-pipeline", "kedro", "make", "mlflow", "python", "python3"}
    assert {words.words[0].removeprefix(".venv/bin/") for words in ALL} <= known | OTHERS


def test_targets_of_make_exist() -> None:
    named = {word for words in of("make") for word in words.words[1:] if "=" not in word}
    assert named <= targets()


def test_every_target_of_make_says_what_it_does() -> None:
    command = ["make", "--no-print-directory"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert {line.split()[0] for line in done.stdout.splitlines()} == targets()


@pytest.mark.parametrize("command", of("denoise"), ids=str)
def test_options_of_denoise_exist(command: Words) -> None:
    name = command.words[1] if len(command.words) > 1 else ""
    if name in COMMANDS:
        module = importlib.import_module(f"denoising_pipeline.cli.{name}")
        parsed(getattr(module, name), list(command.words[2:]))
    elif name:
        parsed(denoise, list(command.words[1:]))


@pytest.mark.parametrize(
    "command", [words for words in of("kedro", "denoising-pipeline") if own(words)], ids=str
)
def test_options_pipelines_recipes_and_parameters_of_the_project_exist(command: Words) -> None:
    given = parsed(cli, list(command.words[1:]))
    if command.words[1] != "run":
        return
    assert set(given.get("pipelines") or ()) <= register_pipelines().keys()
    parameters = merge_layers(recipe(given.get("env") or "local"), given.get("params") or {})
    parameters.pop("source", None)
    validate_parameters(parameters)


@pytest.mark.parametrize(
    "command",
    [words for words in of("python") if words.words[1].startswith("benchmarks/")],
    ids=str,
)
def test_benchmarks_and_their_options_exist(command: Words) -> None:
    text = (ROOT / command.words[1]).read_text("utf-8")
    options = [word.partition("=")[0] for word in command.words[2:] if word.startswith("--")]
    assert [option for option in options if f'"{option}"' not in text] == []


WORDS = """
import sys
from pathlib import Path
import click
from kedro.framework.cli.cli import KedroCLI
from mlflow.cli import cli as mlflow

PROGRAMS = {"kedro": KedroCLI(project_path=Path.cwd()), "mlflow": mlflow}
for line in sys.stdin:
    program, *words = line.split()
    command = PROGRAMS[program]
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        command = command.get_command(click.Context(command), words.pop(0))
        assert command, line
    known = {name for option in command.params for name in option.opts}
    assert {word for word in words if word.startswith("-")} <= known, line
"""


@pytest.mark.slow
def test_commands_of_kedro_and_mlflow_exist() -> None:
    """Loading both takes seconds."""
    lines = [" ".join(words.words) for words in of("kedro", "mlflow") if not own(words)]
    done = subprocess.run(
        [sys.executable, "-c", WORDS],
        cwd=ROOT,
        env=environment(),
        input="\n".join(lines),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
