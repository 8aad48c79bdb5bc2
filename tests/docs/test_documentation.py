"""Pages, their code, their links and their pictures."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from documented import PAGES, ROOT, blocks
from limits import PATIENCE
from PIL import Image
from project_folder import environment

from denoising_pipeline.degradations import DEGRADATIONS

sys.path.append(str(ROOT / "docs"))

import pictures

PYTHON = list(blocks("python"))


@pytest.mark.parametrize(("page", "code"), PYTHON, ids=[page for page, _ in PYTHON])
def test_python_of_the_pages_compiles(page: str, code: str) -> None:
    compile(code, page, "exec")


@pytest.mark.parametrize("page", ["README.md", "docs/how-to/denoise.md"])
def test_python_that_needs_no_run_runs(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pixels = np.random.default_rng(0).integers(0, 256, (24, 24), dtype=np.uint8)
    Image.fromarray(pixels).save("photo.jpg")
    names: dict[str, Any] = {"pixels": pixels}
    for found, code in PYTHON:
        if found == page:
            exec(code, names)
    denoised = names.get("denoised", names["pixels"])
    assert (denoised.shape, denoised.dtype) == (pixels.shape, pixels.dtype)


def test_readme_is_short() -> None:
    """What is longer stands in the documentation."""
    assert len((ROOT / "README.md").read_text("utf-8").split()) <= 950


def test_links_of_readme_lead_somewhere() -> None:
    """Those of the other pages are checked as the site is built."""
    text = (ROOT / "README.md").read_text("utf-8")
    targets = [target.partition("#") for target in re.findall(r"\]\(([^)\s]+)\)", text)]
    local = [(path, anchor) for path, _, anchor in targets if "://" not in path]
    assert [path for path, _ in local if not (ROOT / path).exists()] == []
    assert [path for path, anchor in local if anchor and anchor not in anchors(path)] == []


def anchors(page: str) -> set[str]:
    """Return the anchors of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}


def test_no_picture_is_stale() -> None:
    assert pictures.stale() == {}


def test_a_picture_of_a_commit_that_is_not_there_is_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not pictures.is_known("HEAD") or pictures.is_known("0" * 40):
        pytest.skip("needs the whole history of git")
    stamps = json.loads(pictures.STAMPS.read_text("utf-8"))
    stamps["docs/pipeline.png"]["commit"] = "d9858f48030f"
    (tmp_path / "stamps.json").write_text(json.dumps(stamps), "utf-8")
    monkeypatch.setattr(pictures, "STAMPS", tmp_path / "stamps.json")
    assert list(pictures.stale()) == ["docs/pipeline.png"]
    assert "commit d9858f48030f is none of this branch" in pictures.stale()["docs/pipeline.png"]


def test_words_about_code_make_no_picture_stale(tmp_path: Path) -> None:
    texts = {
        "one": 'import math\n\n\ndef f(x):\n    """Return more."""\n    return x + 1\n',
        "words": 'def f(x):\n    """Return\n    x + 1."""\n    # More.\n    return x + 1\n',
        "other": "import math\n\n\ndef f(x):\n    return x + 2\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, "utf-8")
    one, words, other = (pictures.code(str(tmp_path / name)) for name in texts)
    assert one == words != other


def test_every_picture_is_shown_and_made_by_the_script() -> None:
    text = "".join(page.read_text("utf-8") for page in PAGES)
    kinds = ("docs/**/*.png", "docs/**/*.ipynb", "benchmarks/**/*.png")
    drawn = {path for kind in kinds for path in ROOT.glob(kind)}
    assert {path.relative_to(ROOT).as_posix() for path in drawn} == pictures.PICTURES.keys()
    assert [path.name for path in drawn if f"{path.name})" not in text] == []


def test_every_degradation_and_recipe_is_named_in_its_page() -> None:
    degradations = (ROOT / "docs/how-to/degradations.md").read_text("utf-8")
    assert [name for name in DEGRADATIONS if f"`{name}`" not in degradations] == []
    recipes = (ROOT / "docs/how-to/recipes.md").read_text("utf-8")
    folders = {path.parent.name for path in (ROOT / "conf").glob("*/parameters.yml")}
    assert [name for name in folders - {"base"} if f"--env {name}`" not in recipes] == []


def test_the_site_asks_nothing_of_other_places() -> None:
    config = tomllib.loads((ROOT / "zensical.toml").read_text("utf-8"))["project"]
    assert config["theme"]["font"] is False
    assert config["extra"]["polyfills"] == ["assets/iframe-worker.js"]


@pytest.mark.slow
def test_the_site_builds_strictly_and_can_be_read_offline(tmp_path: Path) -> None:
    """Links and anchors hold, every page is in the navigation, nothing is loaded from elsewhere."""
    command = [sys.executable, str(ROOT / "docs/build_site.py"), "--build", str(tmp_path)]
    done = subprocess.run(
        command, env=environment(), capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) >= len(PAGES) - 1  # All but README; the reference besides.
    loaded = re.compile(r"<(?:script|link|img)[^>]+(?:src|href)=.?https?://[^>]+>")
    assert {found for page in pages for found in loaded.findall(page.read_text("utf-8"))} == set()
    search = json.loads((tmp_path / "site" / "search.json").read_text("utf-8"))
    assert any("hallucination" in item["text"] for item in search["items"])
