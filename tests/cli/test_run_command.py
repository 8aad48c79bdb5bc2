"""`kedro run` is Kedro's, with parameters of every kind."""

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.startup import bootstrap_project
from project_folder import ROOT

from denoising_pipeline.cli import cli, run


def parsed(*options: str) -> dict[str, Any]:
    """Read the options of a command line, without running anything."""
    with run.make_context("run", list(options)) as context:
        return dict(context.params)


def test_lists_are_given_by_params() -> None:
    given = parsed("--params", "training.model.widths=[64,128],source=2024")
    assert given["params"] == {"training": {"model": {"widths": [64, 128]}}, "source": "2024"}
    assert parsed()["params"] == {}


def test_every_option_of_kedro_is_there() -> None:
    assert [option.name for option in run.params] == [option.name for option in kedro_run.params]
    assert {**parsed("--env=smoke", "--pipelines=a,b")} == {
        **kedro_run.make_context("run", ["--env=smoke", "--pipelines=a,b"]).params
    }


def test_a_file_of_options_gives_parameters_too(tmp_path: Path) -> None:
    file = tmp_path / "run.yml"
    file.write_text(json.dumps({"run": {"params": {"robustness": {"levels": [0.1]}}}}))
    assert parsed("--config", str(file))["params"] == {"robustness": {"levels": [0.1]}}


def test_what_cannot_be_read_is_one_message_without_a_traceback() -> None:
    result = CliRunner().invoke(cli, ["run", "--params", "robustness.levels=0.1,0.2"])
    assert result.exit_code == click.UsageError.exit_code
    assert "'--params': '0.2' is no key=value. A list has brackets around it" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("words", ["robustness.levels=[0.1,0.2]", "null"])
def test_the_help_says_how(words: str) -> None:
    assert words in CliRunner().invoke(cli, ["run", "--help"]).output.replace("\n", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("run --env photoz", "has no recipe 'photoz'; did you mean 'photos'? Allowed: article, "),
        ("prune --env smok", "has no recipe 'smok'; did you mean 'smoke'?"),
        (
            "run --env smoke --conf-source tests",
            "tests' has no recipe 'smoke'; allowed: ",
        ),
        ("run --pipelines evaluation,trainin", "no pipeline 'trainin'; did you mean 'training'?"),
        ("run --pipelines foo", "There is no pipeline 'foo'; allowed: anomaly, benchmark, "),
        (
            "run --runner ThreadRuner",
            "There is no runner 'ThreadRuner'; did you mean 'ThreadRunner'?",
        ),
        (
            "run --tags foo",
            "--tags: there is no tag 'foo' in the default pipeline; allowed: array, ",
        ),
        ("run --pipelines evaluation,training --tags trainin", "did you mean 'training'?"),
        ("run --nodes train_denoiser", "did you mean 'training.train_denoiser'?"),
        (
            "run --nodes benchmark.score_denoisers",
            "--nodes: the node 'benchmark.score_denoisers' is not in the default pipeline; "
            "add --pipelines=benchmark",
        ),
        ("run --pipelines benchmark --tags training", "not in benchmark; add --pipelines=training"),
        (
            "run --from-nodes training.trane_denoiser",
            "--from-nodes: there is no node 'training.trane_denoiser' in the default pipeline; "
            "did you mean 'training.train_denoiser'? Allowed: evaluation.denoise_test_images, ",
        ),
        ("run --to-nodes reporting.write_raport", "did you mean 'reporting.write_report'?"),
        (
            "run --from-inputs train_cleen",
            "--from-inputs: there is no input 'train_cleen' in the default pipeline; "
            "did you mean 'train_clean'?",
        ),
        (
            "run --to-outputs denoisr",
            "--to-outputs: there is no output 'denoisr' in the default pipeline; "
            "did you mean 'denoiser'?",
        ),
        ("run --namespaces trainig", "did you mean 'training'?"),
        (
            "run --pipelines evaluation --load-versions denoisr:2020",
            "--load-versions: there is no entry 'denoisr'; did you mean 'denoiser'?",
        ),
        (
            "run --tags training --nodes evaluation.summarize",
            "No node is chosen by --tags and --nodes together: leave one out.",
        ),
    ],
)
def test_a_misspelt_name_is_told_the_nearest(
    words: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bootstrap_project(ROOT)
    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(cli, words.split())
    assert result.exit_code == 1
    assert said in result.output
    assert "Traceback" not in result.output
