"""The model in MLflow, as somebody else loads it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from limits import PATIENCE
from mlflow.models import ModelSignature
from project_folder import Smoke, environment, models_of

LOAD = """
import sys
import mlflow
import numpy as np

uri, noisy, folder = sys.argv[1:]
images = np.load(noisy)[:100]
np.save(f"{folder}/pyfunc.npy", mlflow.pyfunc.load_model(uri).predict(images))
assert not {"keras", "kedro", "tensorflow"} & sys.modules.keys()
"""


@pytest.fixture(scope="module")
def predictions(smoke: Smoke, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which another process, away from the project, left what it predicted."""
    folder = tmp_path_factory.mktemp("predictions")
    noisy = smoke.project.saved(smoke.run, "test_noisy.npy")
    uri = f"runs:/{smoke.run.info.run_id}/denoiser"
    subprocess.run(
        [sys.executable, "-c", LOAD, uri, str(noisy), str(folder)],
        cwd=folder,
        env=environment(MLFLOW_TRACKING_URI=smoke.project.client.tracking_uri),
        timeout=PATIENCE,
        check=True,
    )
    return folder


def test_model_denoises_as_the_pipeline_did(smoke: Smoke, predictions: Path) -> None:
    """What another process predicts is what the pipeline saved, to 1e-6."""
    expected = np.load(smoke.project.saved(smoke.run, "test_denoised.npy"))[:100]
    found = np.load(predictions / "pyfunc.npy")
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_model_says_what_it_takes(smoke: Smoke) -> None:
    """Signature, input example and the libraries that it needs are with it."""
    (model_id,) = models_of(smoke.run)
    model = smoke.project.client.get_logged_model(model_id)
    folder = Path(model.artifact_location.removeprefix("file://"))
    signature = ModelSignature.from_dict(
        yaml.safe_load((folder / "MLmodel").read_text())["signature"]
    )
    for schema in (signature.inputs, signature.outputs):
        (tensor,) = schema.inputs
        assert (tensor.type, tensor.shape) == (np.dtype("float32"), (-1, 28, 28, 1))
    example = json.loads((folder / "serving_input_example.json").read_text())
    assert np.shape(example["inputs"])[1:] == (28, 28, 1)
    needed = (folder / "requirements.txt").read_text()
    assert all(f"{library}==" in needed for library in ("numpy", "onnxruntime", "scipy"))
    assert model.name == "denoiser"


def test_the_page_of_the_model_says_which_images_its_scores_are_of(smoke: Smoke) -> None:
    """MLflow calls them the datasets used; the picture that it shows is among the artifacts."""
    (model_id,) = models_of(smoke.run)
    model = smoke.project.client.get_logged_model(model_id)
    measured = {(metric.key, metric.dataset_name) for metric in model.metrics or ()}
    assert {("test/psnr", "test_clean"), ("val/psnr", "val_clean")} <= measured
    assert None not in {dataset for _, dataset in measured}
    for page in (model.tags["mlflow.note.content"], smoke.run.data.tags["mlflow.note.content"]):
        assert "on 300 test images" in page
        assert "path=previews%2Fdenoising_examples.png" in page
    previews = smoke.project.client.list_artifacts(smoke.run.info.run_id, "previews")
    assert [file.path for file in previews] == ["previews/denoising_examples.png"]


def test_the_scored_model_is_a_version_with_an_alias(smoke: Smoke) -> None:
    """Every run of this store registers under one name, so this one may not be the first."""
    client, run_id = smoke.project.client, smoke.run.info.run_id
    (version,) = client.search_model_versions(f"run_id = '{run_id}'")
    assert version.name == "denoiser"
    assert version.source == f"models:/{models_of(smoke.run)[0]}"
    tags = version.tags
    assert float(tags["psnr"]) == pytest.approx(smoke.run.data.metrics["test/psnr"], abs=1e-4)
    assert tags["source.digest"] == smoke.run.data.tags["source.digest"]
    assert tags["decision"] in {"champion", "challenger"}
    assert tags["decision.reason"]
    assert "300 test images" in (version.description or "")
    assert f"Registered as models:/denoiser@{tags['decision']}" in smoke.process.stdout
