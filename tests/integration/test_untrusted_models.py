"""A model in MLflow that somebody else has changed is compared and fetched, and never run."""

import pickle
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

import pytest
import yaml
from limits import PATIENCE
from project_folder import TO_SCORES, Project, environment, models_of

from denoising_pipeline.cli.model import model_file
from denoising_pipeline.denoiser.file import load_denoiser

pytestmark = pytest.mark.slow

LOAD = "import sys, mlflow; mlflow.pyfunc.load_model(sys.argv[1])"


class Malicious:
    """What leaves a mark when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.mark,)


def make_malicious(model: Path, mark: Path) -> None:
    """Have whoever loads a logged model, or imports what it brings, leave a mark."""
    (name,) = (path for path in model.rglob("MLmodel"))
    folder = name.parent
    evil = f"from pathlib import Path; Path({str(mark)!r}).touch()\n"
    about = yaml.safe_load(name.read_text())
    flavor = about["flavors"]["python_function"]
    (folder / flavor["code"] / "evil.py").write_text(evil)
    (folder / flavor["code"] / "denoising_pipeline/__init__.py").write_text(evil)
    (folder / flavor["data"] / "model.pkl").write_bytes(pickle.dumps(Malicious(mark)))
    name.write_text(
        yaml.safe_dump(
            about
            | {
                "flavors": {
                    "python_function": {
                        **flavor,
                        "loader_module": "evil",
                        "python_model": f"{flavor['data']}/model.pkl",
                    }
                }
            }
        )
    )


def test_fault_r37_a_malicious_model_is_never_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The champion: a new run is compared with it, and it is asked for by name."""
    mark, folder = tmp_path / "mark", tmp_path / "project"
    folder.mkdir()
    project = Project.create(folder)
    project.create_store()
    recipe = project.recipe("tiny", {"comparison": {"resamples": 200}})
    first = project.run(recipe, "--pipelines", TO_SCORES)
    (model,) = models_of(first)
    place = project.client.get_logged_model(model).artifact_location.removeprefix("file://")
    make_malicious(Path(place), mark)

    second = project.run(recipe, "--pipelines", TO_SCORES)
    assert second.info.status == "FINISHED"
    (registered,) = project.client.search_registered_models()
    newest = project.client.search_model_versions(f"run_id = '{second.info.run_id}'")
    assert [version.tags["decision"] for version in newest] == ["challenger"]
    compared = project.invoke("run", "--env", recipe, "--pipelines", "comparison")
    assert compared.exit_code == 0, compared.output
    exported = project.invoke("export", "--env", recipe, "--to", str(tmp_path / "denoiser.zip"))
    assert exported.exit_code == 0, exported.output
    uri = f"models:/{registered.name}@champion"
    store = f"sqlite:///{folder}/data/smoke/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    with chdir(folder):
        assert load_denoiser(model_file(uri)).card.images.source == "digits"
    assert not mark.exists()

    variables = environment(MLFLOW_TRACKING_URI=store)
    command = [sys.executable, "-c", LOAD, uri]
    subprocess.run(command, env=variables, capture_output=True, timeout=PATIENCE, check=False)
    assert mark.exists()  # so it is one
