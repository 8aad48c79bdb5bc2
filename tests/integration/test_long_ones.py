"""What takes long: the package elsewhere, as a project and as a command; Keras in threads."""

import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
from awkward_files import ROTATED, Truth, exif, wide_gamut, write_awkward
from limits import PATIENCE
from PIL import Image
from project_folder import ROOT, TO_SCORES, Project, environment, raw_source

from denoising_pipeline.batch.results import shown
from denoising_pipeline.pictures.formats import open_picture

pytestmark = pytest.mark.slow


def test_the_smoke_recipe_runs_as_it_is(tmp_path: Path) -> None:
    """Tests of what a run leaves behind have fewer images."""
    process = Project.create(tmp_path).kedro("run", "--env", "smoke")
    assert process.returncode == 0, process.stderr
    assert "1,000 test images" in process.stdout


def test_threads_import_keras_once(tmp_path: Path) -> None:
    """`--runner ThreadRunner` on pipelines whose first nodes all need it."""
    project = Project.create(tmp_path)
    small = {"robustness": {"images": 10, "levels": [0.5], "severities": [1.0]}}
    recipe = project.recipe("threads", small)
    project.run(recipe, "--pipelines", TO_SCORES)
    for pipeline in ("downstream", "robustness"):
        options = ("--env", recipe, "--pipelines", pipeline, "--runner", "ThreadRunner")
        process = project.kedro("run", *options)
        assert process.returncode == 0, process.stderr


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the wheel and the configuration that `kedro package` makes."""
    folder = tmp_path_factory.mktemp("package") / "project"
    unwanted = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in ("conf/article", "conf/base", "conf/local", "src"):
        shutil.copytree(ROOT / name, folder / name, ignore=unwanted)
    for name in ("LICENSE", "NOTICE", "README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    command = [sys.executable, "-m", "kedro", "package"]
    subprocess.run(command, cwd=folder, env=environment(), check=True, timeout=PATIENCE)
    return folder / "dist"


@pytest.fixture(scope="module")
def commands(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of an environment with the wheel, and the libraries of this one."""
    (wheel,) = package.glob("*.whl")
    venv = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    options = ("--quiet", "--no-deps", "--no-index")
    install = [str(venv / "bin/python"), "-m", "pip", "install", *options, str(wheel)]
    subprocess.run(install, check=True, timeout=PATIENCE)
    (site,) = venv.glob("lib/python*/site-packages")
    (site / "libraries.pth").write_text(sysconfig.get_paths()["purelib"])
    return venv / "bin"


def test_package_runs_elsewhere(
    package: Path, commands: Path, project: Project, tmp_path: Path
) -> None:
    """Wheel and configuration, in an environment of their own, train on a small source."""
    (configuration,) = package.glob("*.tar.gz")
    elsewhere = tmp_path / "elsewhere"
    source = raw_source(project, "packaged")
    (elsewhere / "data/01_raw").mkdir(parents=True)
    (elsewhere / "data/01_raw/packaged").symlink_to(source)
    parameters = "source=packaged,preprocessing.validation_images=20,training.epochs=1"
    parameters += ",training.model.name=dense"
    subprocess.run(
        [
            commands / "python",
            "-m",
            "denoising_pipeline",
            "run",
            "--conf-source",
            configuration,
            "--params",
            parameters,
        ],
        cwd=elsewhere,
        env=environment(PYTHONSAFEPATH="1"),
        check=True,
        timeout=PATIENCE,
    )
    assert list(elsewhere.glob("data/08_reporting/summary.json/*/summary.json"))
    (report,) = elsewhere.glob("data/08_reporting/report.html/*/report.html")
    assert "<style>\n:root" in report.read_text()
    assert (elsewhere / "mlflow.db").exists()
    assert any((elsewhere / "mlruns").iterdir())


def test_forty_awkward_files_go_through_in_one_command_and_the_table_tells_the_truth(
    commands: Path, tmp_path: Path
) -> None:
    """From the wheel, with the weights in it; they come back as they were, and none is changed."""
    truths = write_awkward(tmp_path / "in")
    assert len(truths) == 40
    before = {path: path.read_bytes() for path in (tmp_path / "in").rglob("*") if path.is_file()}
    done = subprocess.run(
        [commands / "denoise", "in", "-o", "out", "--json", "table.json"],
        cwd=tmp_path,
        env=environment(PYTHONSAFEPATH="1", PYTHONPATH=""),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "35 done, 1 skipped, 4 failed" in done.stdout
    assert {path: path.read_bytes() for path in before} == before
    rows = {row["source"]: row for row in json.loads((tmp_path / "table.json").read_text())}
    assert len(rows) == len(truths)
    found = {name: told(rows[f"in/{shown(name)}"], truth) for name, truth in truths.items()}
    assert found == truths
    written = {name for name, truth in truths.items() if truth.status == "done"}
    made = (path for path in (tmp_path / "out").rglob("*") if path.is_file())
    names = {str(path.relative_to(tmp_path / "out")) for path in made}
    assert names - written == {".denoise.jsonl"}
    for name in written:
        given, came = (open_picture(tmp_path / folder / name) for folder in ("in", "out"))
        mode = WITHOUT_PALETTE.get(given.mode, given.mode)
        facts = given.format, mode, given.depth, shapes(given)
        assert (came.format, came.mode, came.depth, shapes(came)) == facts, name
        said = "more than 256 colours" in " ".join(rows[f"in/{shown(name)}"]["warnings"])
        assert said == (mode != given.mode), name
    for name, key, value in (
        ("rotated.jpg", "exif", exif(ROTATED).tobytes()),
        ("rotated.png", "exif", exif(ROTATED).tobytes()),
        ("wide gamut.png", "icc_profile", wide_gamut()),
    ):
        with Image.open(tmp_path / "out" / name) as image:
            assert image.info[key] == value, name


WITHOUT_PALETTE = {"palette": "RGB", "palette+alpha": "RGBA"}


def told(row: dict[str, Any], truth: Truth) -> Truth:
    """Return what a row of the table says, as the truth does where it says at least that."""
    reason = truth.reason if truth.reason and truth.reason in row["reason"] else row["reason"]
    kind = row["format"], row["mode"], row["depth"]
    return Truth(*kind, (row["width"], row["height"]), reason, row["status"], row["pages"])


def shapes(picture: Any) -> list[tuple[int, ...]]:
    return [picture.read(page).shape for page in range(picture.pages)]
