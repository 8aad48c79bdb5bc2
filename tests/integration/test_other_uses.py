"""What else an autoencoder is for, by the recipes of it: colours, watermarks."""

from typing import Any

import pytest
import yaml
from PIL import Image
from project_folder import BESIDE_BASELINES, ROOT, Project
from skimage import data

from denoising_pipeline.denoiser import Denoiser

pytestmark = pytest.mark.slow

SMALL: dict[str, Any] = {"widths": [8, 8], "blocks": [1, 1]}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with eight crops of a photograph."""
    project = Project.create(tmp_path_factory.mktemp("project"))
    project.create_store()
    folder = project.path / "data/01_raw/crops"
    folder.mkdir()
    for number in range(8):
        crop = data.astronaut()[40 * number :][:64, 150:220]
        Image.fromarray(crop).save(folder / f"{number}.png")
    return project


def small(name: str) -> dict[str, Any]:
    """Return the parameters of a recipe, with a small network and a few steps."""
    given: dict[str, Any] = yaml.safe_load((ROOT / "conf" / name / "parameters.yml").read_text())
    given["training"]["model"] |= SMALL
    given["training"] |= {"patch": 32, "patches_per_epoch": 32, "epochs": 1}
    split = {"validation_images": 2, "test_images": 2}
    return given | {"source": "crops", "preprocessing": split, "reporting": {"examples": 2}}


@pytest.mark.parametrize(
    ("name", "scores", "baseline"),
    [
        ("colour", {"colour_difference", "psnr"}, "mean colour"),
        ("coloured_digits", {"colour_difference", "colourfulness"}, "mean colour"),
        ("watermark", {"covered_psnr", "kept_psnr"}, "inpainting, told where"),
    ],
)
def test_the_recipe_runs_to_its_report_and_is_tracked(
    project: Project, name: str, scores: set[str], baseline: str
) -> None:
    recipe = project.recipe(name, small(name))
    unsure = ",uncertainty" if name == "coloured_digits" else ""
    run = project.run(recipe, "--pipelines", f"{BESIDE_BASELINES}{unsure}")
    beside = {f"{group}/{score}" for group in ("test", "test_baseline") for score in scores}
    assert beside <= run.data.metrics.keys()
    assert run.data.params["evaluation.baseline"] == baseline
    denoiser = Denoiser.load(project.saved(run, "denoiser.zip"))
    assert denoiser.out_channels == 3
    assert denoiser.image_shape[2] == (3 if name == "watermark" else 1)
    page = project.saved(run, "report.html").read_text()
    assert f"Over {baseline}" in page
    reporting = project.path / f"data/{name}/08_reporting"
    assert (reporting / "uncertainty_summary.json").exists() == bool(unsure)
    assert ("CIEDE2000" in page) == (name != "watermark")


def test_a_watermark_on_digits_is_scored_where_it_lies_and_elsewhere(project: Project) -> None:
    given = {"noise_injection": {"name": "watermark", "size": 10}}
    run = project.run(project.recipe("marked", given))
    assert {"test/covered_psnr", "test/kept_psnr"} <= run.data.metrics.keys()
    assert "where covered" in project.saved(run, "report.html").read_text()
