"""Noise that came with the images, of pairs and of noisy images alone: from files to report."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from mlflow.entities import Run
from PIL import Image
from project_folder import Project
from skimage import data

from denoising_pipeline.denoiser import Denoiser

pytestmark = pytest.mark.slow

SIDES = ("mean", "real")
TINY: dict[str, Any] = {
    "source": "shots",
    "ingestion": {"scene": "(.*)_", "pairs": {"clean": "*_mean", "noisy": "*_real"}},
    "preprocessing": {"validation_images": 2, "test_images": 4},
    "noise_injection": {"name": "recorded"},
    "training": {
        "model": {"name": "unet", "widths": [8, 8], "blocks": [1, 1]},
        "loss": "log_mse",
        "patch": 16,
        "patches_per_epoch": 16,
        "batch_size": 8,
        "epochs": 1,
        "flips": "all",
    },
    "reporting": {"examples": 2, "best_and_worst": 1},
}


@pytest.fixture(scope="module")
def recipe(project: Project) -> str:
    """A recipe on a dozen pairs of six scenes, two shots of each, of two sizes."""
    folder = project.path / "data/01_raw/shots"
    folder.mkdir()
    draws = np.random.default_rng(0)
    for number in range(12):
        scene, shot = divmod(number, 2)
        size = 48 + 8 * (scene % 2)
        clean = data.astronaut()[60 * scene :][:48, 150 : 150 + size]
        noisy = np.clip(clean + draws.normal(0, 5 + clean / 8), 0, 255).astype(np.uint8)
        Image.fromarray(clean).save(folder / f"{scene}_{shot}_mean.png")
        Image.fromarray(noisy).save(folder / f"{scene}_{shot}_real.png")
    return project.recipe("shots", TINY)


@pytest.fixture(scope="module")
def run(project: Project, recipe: str) -> Run:
    return project.run(recipe)


def test_the_noisy_partners_are_what_is_denoised_and_scored(project: Project, run: Run) -> None:
    splits = pd.read_parquet(project.saved(run, "splits.parquet"))
    assert splits["split"].value_counts().to_dict() == {"train": 6, "val": 2, "test": 4}
    assert splits.groupby("scene")["split"].nunique().eq(1).all()
    scores = pd.read_parquet(project.saved(run, "image_metrics.parquet"))
    assert scores["name"].tolist() == splits.loc[splits["split"] == "test", "name"].tolist()
    for row in scores.to_dict("records"):
        files = (project.path / "data/01_raw/shots" / f"{row['name']}_{side}.png" for side in SIDES)
        clean, noisy = (np.asarray(Image.open(file)) / 255 for file in files)
        assert row["noisy_psnr"] == pytest.approx(
            -10 * np.log10(np.mean((clean - noisy) ** 2)), 1e-4
        )


def test_every_file_is_on_record_and_the_noise_is_called_recorded(
    project: Project, run: Run
) -> None:
    manifest = json.loads(project.saved(run, "source_manifest.json").read_text())
    assert (manifest["kind"], len(manifest["pairs"]), len(manifest["files"])) == ("pairs", 12, 24)
    card = Denoiser.load(project.saved(run, "denoiser.zip")).card
    assert card.images.files == {name: f["sha256"] for name, f in manifest["files"].items()}
    assert card.noise.describe() == "recorded noise"
    assert "· recorded noise · unet" in run.info.run_name
    assert json.loads(project.saved(run, "summary.json").read_text())["degradation"] == {
        "name": "recorded"
    }
    page = BeautifulSoup(project.saved(run, "report.html").read_text(), "html.parser")
    text = page.get_text(" ")
    assert "test images, noisy (recorded noise) and denoised" in text
    section = page.find(id="denoiser")
    assert section
    assert "sigma" not in section.get_text(" ").split("Every parameter")[0]
    assert page.find(id="robustness") is None


@pytest.mark.parametrize("pipeline", ["robustness", "uncertainty"])
def test_what_draws_noise_refuses_before_it_starts(
    project: Project, run: Run, recipe: str, pipeline: str
) -> None:
    result = project.invoke("run", "--env", recipe, "--pipelines", pipeline)
    assert result.exit_code == 1
    assert "this pipeline draws noise" in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ("noise_injection.name=gaussian", "Set noise_injection.name=recorded"),
        ("source=digits,ingestion.scene=null,ingestion.pairs=null", "has no noisy images"),
    ],
)
def test_noise_that_does_not_suit_the_source_is_refused(
    project: Project, recipe: str, params: str, words: str
) -> None:
    result = project.invoke("run", "--env", recipe, "--params", params)
    assert result.exit_code == 1
    assert words in result.output


@pytest.fixture(scope="module")
def alone(project: Project, run: Run) -> Run:
    """A training on the noisy images alone, two shots of each scene, on from that on the pairs."""
    folder = project.path / "data/01_raw/alone"
    folder.mkdir()
    for file in (project.path / "data/01_raw/shots").glob("*_real.png"):
        (folder / file.name).symlink_to(file)
    changes = {
        "source": "alone",
        "ingestion": {"scene": "(.*?)_", "noisy": True, "pairs": None},
        "training": TINY["training"]
        | {
            "objective": {"name": "noise2noise"},
            "loss": "mse",
            "start": str(project.saved(run, "denoiser.zip")),
        },
    }
    return project.run(project.recipe("alone", TINY | changes))


def test_without_clean_images_nothing_that_needs_them_is_said(project: Project, alone: Run) -> None:
    summary = json.loads(project.saved(alone, "summary.json").read_text())
    assert summary["risk"] > 0
    assert summary["start_risk_gain"] == pytest.approx(summary["start_risk"] - summary["risk"])
    filters = {"non_local_means", "wavelet", "total_variation"}
    for name in filters:
        assert summary[f"{name}_risk_gain"] == pytest.approx(
            summary[f"{name}_risk"] - summary["risk"]
        )
    needs_clean = [
        key for key in {**summary, **alone.data.metrics} if "psnr" in key or "ssim" in key
    ]
    assert needs_clean == []
    page = BeautifulSoup(project.saved(alone, "report.html").read_text(), "html.parser")
    result = page.find(id="result")
    assert result
    assert "no PSNR, no SSIM" in result.get_text(" ")
    assert {"wavelet", "total variation"} <= {cell.get_text() for cell in result.select("th")}
    assert "noise2noise assumes two shots that show the same" in result.get_text(" ")
    assert [page.find(id=name) for name in ("distribution", "extremes", "robustness")] == [None] * 3


def test_it_is_registered_by_its_risk_and_not_compared_with_what_has_psnr(
    project: Project, alone: Run
) -> None:
    client = project.client
    (version,) = client.search_model_versions(f"run_id = '{alone.info.run_id}'")
    assert "other source" in version.tags["decision.reason"]
    assert float(version.tags["risk"]) == pytest.approx(alone.data.metrics["test/risk"], rel=1e-4)
    assert "there are no clean images" in (version.description or "")
    assert "noise2noise assumes two shots that show the same" in (version.description or "")


def test_the_benchmark_refuses_images_without_clean_ones(project: Project, alone: Run) -> None:
    result = project.invoke("run", "--env", "alone", "--pipelines", "benchmark")
    assert result.exit_code == 1
    assert "alone has none. Leave the benchmark pipeline out" in " ".join(result.output.split())


def test_an_objective_that_compares_with_clean_images_is_refused(
    project: Project, alone: Run
) -> None:
    params = "training.objective.name=supervised"
    result = project.invoke("run", "--env", "alone", "--params", params)
    assert result.exit_code == 1
    assert "Set it to neighbor2neighbor" in " ".join(result.output.split())
