"""The model in MLflow, as somebody else loads it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from mlflow.models import ModelSignature
from project_folder import PATIENCE, Smoke, environment, models_of

LOAD = """
import sys
import mlflow
import numpy as np

uri, noisy, folder = sys.argv[1:]
images = np.load(noisy)[:100]
np.save(f"{folder}/pyfunc.npy", mlflow.pyfunc.load_model(uri).predict(images))
np.save(f"{folder}/tensorflow.npy", mlflow.tensorflow.load_model(uri).predict(images, verbose=0))
assert "denoising_pipeline" not in sys.modules
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


@pytest.mark.parametrize("flavor", ["pyfunc", "tensorflow"])
def test_model_denoises_as_the_pipeline_did(smoke: Smoke, predictions: Path, flavor: str) -> None:
    """What another process predicts is what the pipeline saved, to 1e-6."""
    expected = np.load(smoke.project.saved(smoke.run, "test_denoised.npy"))[:100]
    found = np.load(predictions / f"{flavor}.npy")
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
    assert all(f"{library}==" in needed for library in ("keras", "numpy", "tensorflow"))
    assert model.name == "denoiser"
