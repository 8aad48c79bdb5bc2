"""Which denoiser `--model` means: a file, a version of the catalog, a model of MLflow."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from project_folder import Project
from small_denoiser import write_denoiser
from tracking_store import tracking_in

from denoising_pipeline.cli.model import model_file
from denoising_pipeline.datasets import ModelFilesDataset
from denoising_pipeline.denoiser import Denoiser


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_denoiser(tmp_path_factory.mktemp("model") / "small.zip")


Finder = Callable[[str], Path]


@pytest.fixture(params=["shell", "catalog"])
def find(request: pytest.FixtureRequest, tmp_path: Path) -> Finder:
    """The function of the commands, and that which the catalog gives to nodes."""
    return model_file if request.param == "shell" else entry_in(tmp_path)


def entry_in(project: Path) -> Finder:
    return ModelFilesDataset(path=project / "data/06_models/denoiser.zip").load()


def test_a_file_is_itself_and_loads(small: Path, find: Finder) -> None:
    assert find(str(small)) == small
    assert Denoiser.load(find("photos")).card.images.source == "photos"
    with pytest.raises(FileNotFoundError, match="no denoiser 'nobody'"):
        find("nobody")
    assert Denoiser.load(small).card.images.source == "squares"
    with pytest.raises(FileNotFoundError, match="no denoiser 'nobody'"):
        Denoiser.load("nobody")


def test_a_version_of_the_catalog_is_its_file(
    project: Project, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = "2026-01-01T00.00.00.000Z"
    path = project.path / "data/06_models/denoiser.zip" / version / "denoiser.zip"
    path.parent.mkdir(parents=True)
    shutil.copy(small, path)
    monkeypatch.chdir(project.path / "conf")
    for find in (model_file, entry_in(project.path)):
        assert find(f"catalog:{version}") == path
        with pytest.raises(ValueError, match=f"does not exist.*\n.*{version}"):
            find("catalog:2000-01-01T00.00.00.000Z")


def test_a_model_of_mlflow_is_downloaded(
    tmp_path: Path, small: Path, find: Finder, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    monkeypatch.chdir(tmp_path)
    with tracking_in(tmp_path):
        shutil.copy(small, tmp_path / "denoiser.zip")
        with mlflow.start_run(experiment_id=mlflow.create_experiment("own")) as run:
            mlflow.log_artifact(str(tmp_path / "denoiser.zip"), "denoiser/data")
            mlflow.log_text("nothing", "other/nothing.txt")
        found = find(f"runs:/{run.info.run_id}/denoiser")
        assert found.read_bytes() == small.read_bytes()
        with pytest.raises(ValueError, match=r"has no denoiser\.zip in it"):
            find(f"runs:/{run.info.run_id}/other")
        with pytest.raises(ValueError, match="is not found by MLflow"):
            find("models:/nobody@champion")
