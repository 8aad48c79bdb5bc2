"""Commands of README and docs that need no training, run as they stand there."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from documented import blocks
from limits import PATIENCE
from project_folder import FEWER, ROOT, Project, environment
from skimage import data
from skimage.io import imsave

PAGES = ["README.md", "docs/how-to/denoise.md", "docs/tutorials/noisy-images.md"]
KEDRO = "docs/tutorials/kedro-and-mlflow.md"
NOT_HERE = re.compile(r"denoise (serve|train)|IN\.\.\.")
"""They go on until they are stopped, or take half an hour."""


def starting(words: str, page: str) -> list[str]:
    """Return the commands of a page that start with these words."""
    found = [
        line.removeprefix("$ ").partition("  #")[0].strip()
        for name, content in blocks("console")
        if name == page
        for line in content.splitlines()
    ]
    return [line for line in found if line.startswith(words) and not NOT_HERE.search(line)]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_denoise_does_what_the_page_says(page: str, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    picture = data.astronaut()[:64, :80]
    for name in ("photo.jpg", "in.png", "photos/one.png", "photos/two.png"):
        imsave(tmp_path / name, picture)
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    asked = starting("denoise ", page)
    assert asked
    for line in asked:
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=tmp_path,
            env=environment(PATH=path),
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, (line, done.stderr)
    assert (tmp_path / "photo_denoised.jpg").is_file()
    assert (tmp_path / "clean/two.png").is_file()
    assert (tmp_path / "report.html").is_file()


@pytest.mark.slow
def test_the_runs_of_the_tutorial_for_kedro_run_in_their_order(tmp_path: Path) -> None:
    """With fewer images: a run, another noise, a slice of it, and the comparison of both."""
    project = Project.create(tmp_path)
    asked = starting("kedro run", KEDRO)
    assert len(asked) == 4
    for line in asked:
        words = shlex.split(line)[1:]
        given = words.index("--params") + 1 if "--params" in words else None
        if given:
            words[given] += f",{FEWER[1]}"
        elif "comparison" not in line:
            words += FEWER
        process = project.kedro(*words)
        assert process.returncode == 0, (line, process.stderr)
    tables = list(tmp_path.glob("data/smoke/08_reporting/comparison_table.parquet/*/*.parquet"))
    assert len(tables) == 1


@pytest.mark.parametrize("folders", [(), ("nowhere", "--pairs", "noisy", "clean")])
def test_trust_without_images_says_that_nothing_is_measured(
    folders: tuple[str, ...], tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks/trust.py"), *folders],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    *left_out, last = done.stdout.splitlines()
    assert left_out == [f"{name} is not there: left out." for name in folders if name[0] != "-"]
    assert last.startswith("Nothing is measured")
