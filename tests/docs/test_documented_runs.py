"""Every `kedro run` of the documentation runs as it stands there, in a project with few images.

What makes it short stands in the configuration of that project, not in the commands. All pages
share the project and its first run, as a reader does, and a command of two pages is run once. Runs
are made in this process, as imports take longer than they do.
"""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from documented import ROOT, blocks
from PIL import Image
from project_folder import Project, digits, write_source
from test_documented_commands_run import KEDRO, starting

FEW: dict[str, Any] = {
    "ingestion": {"limit": 80},
    "preprocessing": {"validation_images": 20},
    "training": {"epochs": 1, "model": {"name": "dense"}, "optimizer": "adam"},
    "evaluation": {"sweep_images": 5},
    "reporting": {"examples": 2, "best_and_worst": 1},
    "anomaly": {"images": 40},
    "benchmark": {"test_images": 10, "calibration_images": 5, "article_epochs": 1},
    "comparison": {"resamples": 100},
    "downstream": {"epochs": 4, "batch_size": 10},
    "features": {"labels": [None]},
    "projections": {
        "latent_dims": [2, 4],
        "images": 60,
        "test_images": 40,
        "epochs": 1,
        "neighbours": 5,
        "perplexity": 5,
    },
    "robustness": {"images": 10, "levels": [0.0, 0.5], "severities": [1.0]},
    "study": {"trials": 1, "images": 40, "validation_images": 20},
    "uncertainty": {"images": 40, "epochs": 1},
}
FEW_PATCHES: dict[str, Any] = {
    "preprocessing": {"validation_images": 1, "test_images": 2},
    "training": {"epochs": 1, "patches_per_epoch": 8, "patch": 32},
    "reporting": {"examples": 2, "best_and_worst": 1},
}
RECIPES = {
    **dict.fromkeys(("local", "smoke"), FEW),
    "article": FEW | {"training": {"epochs": 1}},
    **dict.fromkeys(("fitted", "noisy", "pairs", "photos_smoke"), FEW_PATCHES),
}
"""What is less than a recipe has, by its folder; `local` is what a run without `--env` reads."""

SOURCES = {"pairs": "pairs", "noisy": "micrographs", "photos_smoke": "photographs"}
"""What `<name>` stands for, by recipe; else it is `fashion-mnist`."""

LEFT_OUT = {
    "kedro run --env document": "its own test is tests/integration/test_document.py",
    "kedro run --env sound": "espeak-ng; its own test is tests/integration/test_sound_recipe.py",
}
"""Why a command is not run here. What takes hours stands in tables: recipes.md, results.md."""

PAGES = sorted(
    {
        page
        for page, content in blocks("console")
        if page.startswith(("docs/", "README")) and page != KEDRO and "$ kedro run" in content
    }
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project with few images and its first run."""
    found = Project.create(tmp_path_factory.mktemp("documented"))
    for name, less in RECIPES.items():
        folder = found.path / "conf" / name
        folder.mkdir(exist_ok=True)
        for file in ROOT.glob(f"conf/{name}/*.yml"):
            (folder / file.name).write_bytes(file.read_bytes())
        write_less(folder / "parameters.yml", less)
    raw = found.path / "data/01_raw"
    write_source(raw / "fashion-mnist", digits())
    write_images(raw)
    (found.path / "photos").symlink_to(raw / "micrographs")
    result = found.invoke("run")
    assert result.exit_code == 0, result.output
    return found


def write_less(file: Path, less: dict[str, Any]) -> None:
    """Put values into the file of a recipe's parameters, beside those that it has."""
    given = yaml.safe_load(file.read_text("utf-8")) if file.is_file() else {}
    for name, values in less.items():
        given[name] = {**given.get(name, {}), **values}
    file.write_text(yaml.safe_dump(given), "utf-8")


def write_images(raw: Path) -> None:
    """Write nine clean images, nine noisy ones and nine pairs."""
    draws = np.random.default_rng(0)
    for number in range(9):
        clean = np.kron(draws.random((8, 8, 3)), np.ones((6, 6, 1))) * 200
        noisy = np.clip(clean + draws.normal(0, 20, clean.shape), 0, 255)
        folders = {
            "photographs": clean,
            "micrographs": noisy,
            "pairs/clean": clean,
            "pairs/noisy": noisy,
        }
        for folder, pixels in folders.items():
            (raw / folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels.astype(np.uint8)).save(raw / folder / f"{number}.png")


def commands(page: str, project: Project) -> Iterator[list[str]]:
    """Yield the words of each command of a page that is run here and was not run before."""
    for line in starting("kedro run", page):
        words = shlex.split(line)
        recipe = words[words.index("--env") + 1] if "--env" in words else ""
        source = SOURCES.get(recipe, "fashion-mnist")
        version = min(path.name for path in project.path.glob("data/06_models/denoiser.zip/*"))
        if line not in LEFT_OUT | RUN:
            RUN[line] = page
            yield [word.replace("<name>", source).replace("<version>", version) for word in words]


RUN = {"kedro run": "project"}
"""Where a command was run first."""


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_runs_do_what_the_page_says(page: str, project: Project) -> None:
    if page.endswith("tracking.md"):  # It names a run that a reader may have.
        assert project.invoke("run", "--params", "training.epochs=8").exit_code == 0
    for words in commands(page, project):
        result = project.invoke(*words[1:])
        assert result.exit_code == 0, (shlex.join(words), result.output)


def test_what_is_left_out_is_documented() -> None:
    assert LEFT_OUT.keys() <= {line for page in PAGES for line in starting("kedro run", page)}
