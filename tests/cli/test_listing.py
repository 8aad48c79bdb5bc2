"""The help of the commands names every pipeline and recipe, on a line each."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from limits import PATIENCE
from project_folder import ROOT, environment

from denoising_pipeline import __version__
from denoising_pipeline.cli import cli
from denoising_pipeline.cli.listing import pipelines_listed, recipes_listed
from denoising_pipeline.pipeline_registry import register_pipelines

LINE = 60
"""Characters that a terminal of 80 has beside the longest name."""


def test_every_pipeline_has_a_line() -> None:
    listed = dict(pipelines_listed())
    assert listed.keys() == register_pipelines().keys() - {"__default__"}
    assert all(0 < len(line) < LINE for line in listed.values())


def test_every_recipe_has_a_line() -> None:
    listed = dict(recipes_listed(ROOT))
    assert {"smoke", "photos", "article"} <= listed.keys()
    assert not {"base", "local"} & listed.keys()
    assert all(0 < len(line) < LINE for line in listed.values())


def test_a_recipe_without_a_comment_is_listed_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "conf/own").mkdir(parents=True)
    (tmp_path / "conf/own/parameters.yml").write_text("seed: 1\n")
    assert recipes_listed(tmp_path) == [("own", "")]


@pytest.mark.parametrize("words", [["-h"], ["--help"], ["run", "-h"]])
def test_the_help_lists_both(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    shown = CliRunner().invoke(cli, words)
    assert shown.exit_code == 0, shown.output
    lines = [line.split()[0] for line in shown.output.splitlines() if line.startswith("  ")]
    assert {"benchmark", "training", "smoke", "photos"} <= {*lines}


def test_outside_of_a_project_there_are_no_recipes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "Recipes" not in CliRunner().invoke(cli, ["-h"]).output
    for command in ("run", "prune", "export"):
        done = CliRunner().invoke(cli, [command])
        assert done.exit_code == 1
        assert "is no project. Go to the folder of one" in done.output


def test_the_module_is_the_same_group_and_says_nothing_else_outside_of_a_project(
    tmp_path: Path,
) -> None:
    """Not what Kedro and MLflow tell of themselves."""
    command = [sys.executable, "-m", "denoising_pipeline", "--version"]
    found = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    assert found.stdout == f"denoising-pipeline, version {__version__}\n"
    assert found.stderr == ""
