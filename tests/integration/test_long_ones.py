"""What takes long: the packaged project elsewhere, and Keras in threads."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from limits import PATIENCE
from project_folder import ROOT, TO_SCORES, Project, environment, raw_source

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


def test_package_runs_elsewhere(package: Path, project: Project, tmp_path: Path) -> None:
    """Wheel and configuration, in an environment of their own, train on a small source."""
    (wheel,) = package.glob("*.whl")
    (configuration,) = package.glob("*.tar.gz")
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv/bin/python"
    install = [
        str(python),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        str(wheel),
    ]
    subprocess.run(install, check=True, timeout=PATIENCE)
    (site,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    (site / "libraries.pth").write_text(sysconfig.get_paths()["purelib"])
    elsewhere = tmp_path / "elsewhere"
    source = raw_source(project, "packaged")
    (elsewhere / "data/01_raw").mkdir(parents=True)
    (elsewhere / "data/01_raw/packaged").symlink_to(source)
    parameters = "source=packaged,preprocessing.validation_images=20,training.epochs=1"
    parameters += ",training.model.name=dense"
    subprocess.run(
        [
            python,
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
