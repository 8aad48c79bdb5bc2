"""`kedro run --pipelines robustness`: on what it was not trained on, a real denoiser is scored."""

import json

import pandas as pd
import pytest
from mlflow.entities import Run
from project_folder import Project, load_versions, raw_source

from denoising_pipeline.baselines.options import RobustnessParameters
from denoising_pipeline.degradations import NOISES

pytestmark = pytest.mark.slow

SMALL = (
    "robustness.images=60,robustness.levels=[0.0],robustness.severities=[1.0],"
    "robustness.classical=median filter + tone"
)
LOADED = ("denoiser", "train_clean", "val_clean", "val_noisy", "test_clean")


@pytest.fixture(scope="module")
def run(project: Project, tiny: Run) -> Run:
    """The tiny run's denoiser tried, with another source of the same size beside the digits."""
    raw_source(project, "signs", shape=(28, 28))
    options = f"{SMALL},robustness.other_source=signs"
    versions = load_versions(tiny, *LOADED)
    return project.run("tiny", "--pipelines", "robustness", "--params", options, *versions)


def table(project: Project, run: Run, name: str) -> pd.DataFrame:
    return pd.read_csv(project.saved(run, f"{name}.csv"))


def test_on_the_noise_of_the_training_scores_are_those_of_evaluation(
    project: Project, tiny: Run, run: Run
) -> None:
    sweeps = table(project, run, "noise_sweeps")
    own = sweeps[sweeps["trained"]].set_index("denoiser")
    summary = json.loads(project.saved(tiny, "summary.json").read_text())
    for key in ("psnr", "psnr_ci_low", "psnr_ci_high", "ssim"):
        assert own.loc["trained", key] == pytest.approx(summary[key], rel=1e-6)
        assert own.loc["nothing", key] == pytest.approx(summary[f"noisy_{key}"], rel=1e-6)


def test_every_shift_is_in_its_table(project: Project, run: Run) -> None:
    sweeps, degradations, sources, roc = (
        table(project, run, name)
        for name in ("noise_sweeps", "degradation_scores", "source_scores", "ood_roc")
    )
    assert set(sweeps["noise"]) == NOISES.keys()
    assert len(sweeps) == 3 * (len(NOISES) + 1)
    tried = RobustnessParameters().degradations
    assert set(degradations["degradation"]) == {*tried}
    assert len(degradations) == 3 * 2 * len(tried)
    assert list(sources["source"].unique()) == ["digits", "signs"]
    assert len(roc) == len(NOISES) + 1 + 2 * len(tried) + 1


def test_random_bytes_and_clean_images_are_told_from_noisy_digits(
    project: Project, run: Run
) -> None:
    """The source "signs" is random; at noise level 0 there is no noise to take away."""
    rows = table(project, run, "ood_roc").to_dict("records")
    area = {(row["kind"], row["name"], row["level"]): row["auc"] for row in rows}
    assert area["source", "signs", 0.5] > 0.99
    assert area["noise", "gaussian", 0.0] > 0.99
    assert area["noise", "gaussian", 0.5] == 0.5


def test_tables_and_figures_reach_mlflow(project: Project, run: Run) -> None:
    artifacts = {
        folder: {
            file.path.removeprefix(f"{folder}/")
            for file in project.client.list_artifacts(run.info.run_id, folder)
        }
        for folder in ("figures", "tables")
    }
    assert artifacts["figures"] >= {
        "noise_sweeps_figure.png",
        "degradation_examples.png",
        "ood_curves.png",
    }
    assert artifacts["tables"] >= {
        "noise_sweeps.csv",
        "degradation_scores.csv",
        "source_scores.csv",
        "ood_roc.csv",
        "ood_detector.json",
        "classical_calibration.json",
        "shift_scores.parquet",
    }


def test_a_source_that_is_not_there_is_said_without_a_traceback(
    project: Project, tiny: Run
) -> None:
    result = project.invoke(
        *("run", "--env", "tiny", "--pipelines", "robustness"),
        *("--params", "robustness.other_source=nowhere"),
        *load_versions(tiny, *LOADED),
    )
    assert result.exit_code != 0
    assert "data/01_raw/nowhere' does not exist or holds no files" in result.output
    assert "Traceback" not in result.output
