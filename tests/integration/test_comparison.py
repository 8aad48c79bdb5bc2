"""`kedro run --pipelines comparison` says of tracked runs what MLflow says of them."""

from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
from click.testing import Result
from mlflow.entities import Run
from project_folder import TO_SCORES, Project

from denoising_pipeline.datasets.metric_names import tracked_name

pytestmark = pytest.mark.slow

FILTER = "comparison.filter=tags.env = 'compared'"


class Comparison(NamedTuple):
    """What the comparison of some runs left behind."""

    project: Project
    runs: list[Run]
    before: int
    result: Result
    folder: Path

    def table(self, name: str = "comparison_table") -> pd.DataFrame:
        """Return a table that the comparison wrote."""
        (path,) = self.folder.glob(f"{name}.parquet/*/*.parquet")
        return pd.read_parquet(path)


def tracked(project: Project) -> int:
    """Return the number of runs in the store, whatever they are."""
    experiment = project.client.get_experiment_by_name("denoising_pipeline")
    assert experiment is not None
    return len(project.client.search_runs([experiment.experiment_id]))


@pytest.fixture(scope="module")
def comparison(project: Project) -> Comparison:
    """Two trainings, one on other noise, a failed run, one without scores; compared."""
    recipe = project.recipe("compared", {"comparison": {"resamples": 200}})
    changes = ((), ("--params", "training.epochs=1"), ("--params", "noise_injection.sigma=0.3"))
    runs = [project.run(recipe, "--pipelines", TO_SCORES, *change) for change in changes]
    for status in ("FAILED", "FINISHED"):
        run = project.client.create_run(runs[0].info.experiment_id, tags={"env": recipe})
        project.client.set_terminated(run.info.run_id, status)
    before = tracked(project)
    arguments = ("run", "--env", recipe, "--pipelines", "comparison", "--params", FILTER)
    result = project.invoke(*arguments)
    return Comparison(project, runs, before, result, project.path / "data/compared/08_reporting")


def test_scores_and_intervals_are_those_of_mlflow_to_the_last_bit(comparison: Comparison) -> None:
    assert comparison.result.exit_code == 0, comparison.result.output
    table = comparison.table()
    assert table["run_id"].tolist() == [run.info.run_id for run in comparison.runs]
    keys = [column for column in table.columns if column.startswith("metrics.")]
    ends = ("", "_ci_low", "_ci_high")
    assert keys == [f"metrics.{metric}{end}" for metric in ("psnr", "ssim") for end in ends]
    for run_id, row in table.set_index("run_id").iterrows():
        stored = comparison.project.client.get_run(str(run_id)).data.metrics
        names = {key: tracked_name(key.removeprefix("metrics."), "test") for key in keys}
        assert row[keys].to_dict() == {key: stored[name] for key, name in names.items()}


def test_parameters_are_those_that_differ_in_mlflow(comparison: Comparison) -> None:
    params = comparison.table().filter(regex=r"^params\.")
    stored = [run.data.params for run in comparison.runs]
    differing = {key for key in stored[0] if len({found[key] for found in stored}) > 1}
    assert differing == {"noise_injection.sigma", "training.epochs"}
    assert set(params.columns) == {f"params.{key}" for key in differing}
    for key in differing:
        assert params[f"params.{key}"].tolist() == [found[key] for found in stored]


def test_differences_are_those_of_the_scores_of_each_image(comparison: Comparison) -> None:
    """A run with other noisy images has the reason instead."""
    table = comparison.table()
    unpaired = "not paired: other noisy images"
    assert table["pairing"].tolist() == ["reference", "paired", unpaired]
    first, second = (
        pd.read_parquet(comparison.project.saved(run, "image_metrics.parquet"))
        for run in comparison.runs[:2]
    )
    for metric in ("psnr", "ssim"):
        change = (second[metric] - first[metric]).mean()
        low = table[f"difference.{metric}_ci_low"][1]
        high = table[f"difference.{metric}_ci_high"][1]
        assert table[f"difference.{metric}"][1] == pytest.approx(change, rel=1e-12)
        assert low <= change <= high
        assert 0 < table[f"p_value.{metric}"][1] <= 1


def test_learning_curves_are_those_of_mlflow(comparison: Comparison) -> None:
    curves = dict(list(comparison.table("comparison_history").groupby("run")))
    assert curves.keys() == {1, 2, 3}
    for number, curve in curves.items():
        run_id = comparison.runs[int(str(number)) - 1].info.run_id
        logged = comparison.project.client.get_metric_history(run_id, "val/psnr")
        assert dict(zip(curve["epoch"], curve["val_psnr"], strict=True)) == {
            metric.step: metric.value for metric in logged
        }


def test_runs_that_take_no_part_are_named_with_the_reason(comparison: Comparison) -> None:
    left_out = comparison.table("comparison_left_out")
    assert sorted(left_out["reason"]) == ["FAILED", "no scores of test images"]
    assert "FAILED (1)" in comparison.result.output


def test_everything_is_written_and_nothing_tracked(comparison: Comparison) -> None:
    """Neither this nor a later comparison finds the comparison among the runs."""
    written = {path.name for path in comparison.folder.glob("comparison_*/*/*")}
    assert written == {
        "provenance.json",
        "comparison_figure.png",
        "comparison_history.parquet",
        "comparison_learning_curves.png",
        "comparison_left_out.parquet",
        "comparison_markdown.md",
        "comparison_table.parquet",
    }
    assert tracked(comparison.project) == comparison.before


def test_a_wrong_filter_or_reference_is_a_message(comparison: Comparison) -> None:
    """No traceback; the filter, or the runs that there are, stand in it."""
    command = ("run", "--env", "compared", "--pipelines", "comparison", "--params")
    wrong = comparison.project.invoke(*command, "comparison.filter=sigma is large")
    unknown = comparison.project.invoke(*command, f"{FILTER},comparison.reference=wide")
    for result, words in ((wrong, "sigma is large"), (unknown, comparison.runs[0].info.run_id)):
        assert result.exit_code == 1
        assert words in result.output
        assert "Traceback" not in result.output
