"""The recipe `document`, small: from drawn pages to a scan that it cleans by its name."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from limits import PATIENCE
from PIL import Image
from project_folder import BESIDE_BASELINES, ROOT, Project, environment
from tracking_store import empty_store

from denoising_pipeline.degradations.paper import Paper
from denoising_pipeline.images.text_pages import draw_page

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with the recipe, a small network, a few pages and steps."""
    project = Project.create(tmp_path_factory.mktemp("project"))
    empty_store(project.path)
    for split, count in (("train", 4), ("test", 2)):
        folder = project.path / "data/01_raw/text" / split
        folder.mkdir(parents=True)
        for index in range(count):
            pixels = draw_page(split, index).pixels[:160, :200]
            Image.fromarray(pixels).save(folder / f"{index}.png")
    recipe = ROOT / "conf/document"
    given: dict[str, Any] = yaml.safe_load((recipe / "parameters.yml").read_text())
    given["preprocessing"]["validation_images"] = 2
    given["training"]["model"] |= {"widths": [8, 8], "blocks": [1, 1]}
    given["training"] |= {"patch": 64, "patches_per_epoch": 64, "epochs": 1}
    folder = project.path / "conf/document"
    folder.mkdir()
    (folder / "globals.yml").write_text((recipe / "globals.yml").read_text())
    (folder / "parameters.yml").write_text(yaml.safe_dump(given | {"reporting": {"examples": 2}}))
    return project


def denoise(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("denoise"), *arguments],
        cwd=project.path,
        env=environment(),
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def write_scan(file: Path) -> None:
    page = draw_page("test", 3).pixels[np.newaxis, :200, :300, np.newaxis]
    clean = np.divide(page, 255, dtype=np.float32)
    noisy = Paper(severity=1).apply(clean, np.random.default_rng(0))[0, ..., 0]
    Image.fromarray(np.rint(noisy * 255).astype(np.uint8)).save(file)


def test_the_recipe_trains_what_cleans_a_scan_by_its_name(project: Project, tmp_path: Path) -> None:
    write_scan(tmp_path / "scan.png")
    arguments = (str(tmp_path / "scan.png"), "--model", "document")
    before = denoise(project, *arguments)
    assert before.returncode == 2
    assert "kedro run --env document" in before.stderr
    trained = project.invoke("run", "--env", "document", "--pipelines", BESIDE_BASELINES)
    assert trained.exit_code == 0, trained.output
    (report,) = project.path.glob("data/document/08_reporting/report.html/*/report.html")
    page = report.read_text()
    assert all(
        name in page for name in ("F1 of strokes", "sauvola", "Over median background + tone")
    )
    used = denoise(project, *arguments)
    assert used.returncode == 0, used.stderr
    with Image.open(tmp_path / "scan_denoised.png") as image:
        assert (image.mode, image.size) == ("L", (300, 200))
