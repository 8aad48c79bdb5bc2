"""The denoiser in MLflow takes images as people have them, away from this project."""

import json
import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import mlflow
import numpy as np
import pytest
import yaml
from cards import card
from limits import PATIENCE
from mlflow.models import Model
from project_folder import ROOT, environment, wait_until
from skimage import data
from skimage.io import imread, imsave
from tracking_store import tracking_in

from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.hooks.logged_model import log_denoiser
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.models.unet import Unet

LOAD = """
import sys
import mlflow
import numpy as np

uri, noisy, found = sys.argv[1:]
model = mlflow.pyfunc.load_model(uri)
images = np.load(noisy)
np.save(found, [model.predict(images, params) for params in (None, {"sigma": 0.3},
    {"sigma": 0.3, "strength": 0.5}, {"strength": 0})])
import denoising_pipeline
assert "code" in denoising_pipeline.__file__, denoising_pipeline.__file__
assert not {"tensorflow", "keras", "kedro"} & sys.modules.keys()
"""


class Logged(NamedTuple):
    """A logged model.

    Attributes:
        store: Address of the store.
        uri: Of the model in it.
        folder: Where its files lie.
        denoiser: What was logged.
    """

    store: str
    uri: str
    folder: Path
    denoiser: Denoiser


@pytest.fixture(scope="module")
def noisy() -> Images:
    """An image of a size that is no multiple of anything."""
    return np.random.default_rng(0).random((1, 37, 45, 3), dtype=np.float32)


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory, noisy: Images) -> Iterator[Logged]:
    """An untrained denoiser that is told the noise level, in a store of its own."""
    folder = tmp_path_factory.mktemp("mlflow")
    with tracking_in(folder) as store:
        mlflow.create_experiment("runs", (folder / "artifacts").as_uri())
        mlflow.set_experiment("runs")
        architecture = Unet(widths=(4, 8), blocks=(1, 1), noise_level=True)
        model = architecture.build((None, None, 3), seed=0)
        draws = np.random.default_rng(0)
        model.set_weights([w + draws.normal(0, 0.05, w.shape) for w in model.get_weights()])
        denoiser = Denoiser(architecture, (None, None, 3), model, card(Gaussian(sigma=0.3)))
        paths = list(sys.path)
        with mlflow.start_run() as run:
            model_id = log_denoiser("denoiser", denoiser, ImageSet.of(noisy))
        assert sys.path == paths
        place = mlflow.MlflowClient().get_logged_model(model_id).artifact_location
        path = Path(place.removeprefix("file://"))
        yield Logged(store, f"runs:/{run.info.run_id}/denoiser", path, denoiser)


def test_another_process_denoises_images_of_any_size_without_keras(
    logged: Logged, noisy: Images, tmp_path: Path
) -> None:
    """By the code that is with the model; the level is estimated, or said, and strength blends."""
    np.save(tmp_path / "noisy.npy", noisy)
    found = tmp_path / "found.npy"
    subprocess.run(
        [sys.executable, "-c", LOAD, logged.uri, str(tmp_path / "noisy.npy"), str(found)],
        cwd=tmp_path,
        env=environment(MLFLOW_TRACKING_URI=logged.store),
        timeout=PATIENCE,
        check=True,
    )
    estimated, told, half, nothing = np.load(found)
    expected = logged.denoiser(noisy, sigma=0.3)
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(estimated, logged.denoiser(noisy), rtol=0, atol=1e-5)
    np.testing.assert_allclose(told, expected, rtol=0, atol=1e-5)
    np.testing.assert_allclose(half, (noisy + expected) / 2, rtol=0, atol=1e-5)
    np.testing.assert_allclose(nothing, noisy, rtol=0, atol=1e-6)
    assert np.abs(estimated - told).max() > 1e-3


def test_the_model_says_what_it_takes_and_what_it_is(logged: Logged) -> None:
    """Signature, a real image as example, card, and few libraries."""
    model: Any = Model.load(str(logged.folder))
    for schema in (model.signature.inputs, model.signature.outputs):
        (tensor,) = schema.inputs
        assert (tensor.type, tensor.shape) == (np.dtype("float32"), (-1, -1, -1, 3))
    params = {param.name: param.default for param in model.signature.params.params}
    assert params == {"strength": 1.0, "sigma": None}
    example = json.loads((logged.folder / "serving_input_example.json").read_text())
    assert np.shape(example["inputs"]) == (1, 37, 45, 3)
    written = json.loads((logged.folder / "data/denoiser/card.json").read_text())
    assert written == model.metadata["card"] == logged.denoiser.card.model_dump(mode="json")
    needed = (logged.folder / "requirements.txt").read_text().split()
    libraries = {line.split("==")[0] for line in needed}
    assert libraries == {"mlflow", "numpy", "onnxruntime", "pydantic", "scipy"}


def test_the_model_is_data_and_the_code_of_this_package(logged: Logged) -> None:
    """Nothing is unpickled, and nothing heavy comes along."""
    files = {path for path in logged.folder.rglob("*") if path.is_file()}
    code = {path for path in files if path.is_relative_to(logged.folder / "code")}
    assert {path.suffix for path in code} == {".py"}
    assert {path.name for path in files - code} == {
        "MLmodel",
        "card.json",
        "conda.yaml",
        "denoiser.zip",
        "input_example.json",
        "python_env.yaml",
        "requirements.txt",
        "serving_input_example.json",
    }
    flavors = yaml.safe_load((logged.folder / "MLmodel").read_text())["flavors"]
    assert flavors.keys() == {"python_function"}
    assert flavors["python_function"]["loader_module"] == "denoising_pipeline.denoiser.served"


@pytest.mark.slow
def test_mlflow_predicts_from_the_command_line(
    logged: Logged, noisy: Images, tmp_path: Path
) -> None:
    asked = {"inputs": noisy.tolist(), "params": {"sigma": 0.3}}
    (tmp_path / "request.json").write_text(json.dumps(asked))
    command = [sys.executable, "-m", "mlflow", "models", "predict", "--env-manager", "local"]
    command += ["-m", logged.uri, "-i", "request.json", "-o", "answer.json"]
    env = environment(MLFLOW_TRACKING_URI=logged.store)
    subprocess.run(command, cwd=tmp_path, env=env, timeout=PATIENCE, check=True)
    answer = json.loads((tmp_path / "answer.json").read_text())["predictions"]
    np.testing.assert_allclose(answer, logged.denoiser(noisy, sigma=0.3), rtol=0, atol=1e-5)


@pytest.fixture
def registered(logged: Logged) -> str:
    """The store, in which the model is the champion of the name on the page."""
    client = mlflow.MlflowClient(logged.store)
    client.create_registered_model("mine")
    version = client.create_model_version("mine", str(logged.folder))
    client.set_registered_model_alias("mine", "champion", version.version)
    return logged.store


@pytest.mark.slow
def test_a_photograph_goes_through_mlflow_by_the_commands_of_the_page(
    registered: str, logged: Logged, tmp_path: Path
) -> None:
    """As they stand there, but for the environment, which is this one, and the port."""
    imsave(tmp_path / "photo.png", data.astronaut()[:40, :48])
    port = free_port()
    starts = ("$ mlflow models", "$ python -c", "$ curl")
    request, predict, picture, serve, curl = (
        line.removeprefix("$ ")
        .replace("--env-manager virtualenv", "--env-manager local")
        .replace("5001", str(port))
        for line in (ROOT / "docs/how-to/tracking.md").read_text("utf-8").splitlines()
        if line.startswith(starts)
    )
    assert ("predict" in predict, "serve" in serve) == (True, True)
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    given = environment(MLFLOW_TRACKING_URI=registered, PATH=path)

    def shell(*commands: str) -> None:
        for command in commands:
            subprocess.run(
                ["bash", "-c", command], cwd=tmp_path, env=given, timeout=PATIENCE, check=True
            )

    shell(request, predict, picture)
    pixels = np.asarray(imread(tmp_path / "photo.png"), np.float32) / np.float32(255)
    expected = np.rint(255 * logged.denoiser(pixels[None])[0])
    assert np.abs(imread(tmp_path / "denoised.png") - expected).max() <= 1
    first = json.loads((tmp_path / "answer.json").read_text())["predictions"]
    (tmp_path / "answer.json").unlink()
    with serving(shlex.split(serve), tmp_path, given, port):
        shell(curl)
    answer = json.loads((tmp_path / "answer.json").read_text())["predictions"]
    np.testing.assert_allclose(answer, first, rtol=0, atol=1e-6)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def server(logged: Logged, tmp_path: Path) -> Iterator[str]:
    """The address of `mlflow models serve` with the model."""
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--env-manager", "local"]
    command += ["-m", logged.uri, "-h", "127.0.0.1", "-p", str(port), "-w", "1"]
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    env = environment(MLFLOW_TRACKING_URI=logged.store, PATH=path)
    with serving(command, tmp_path, env, port) as address:
        yield address


@contextmanager
def serving(
    command: list[str], folder: Path, variables: dict[str, str], port: int
) -> Iterator[str]:
    """Start a server of MLflow's, and give the address that it answers at."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )

    def healthy() -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{port}/health") as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    try:
        wait_until(healthy, process)
        yield f"http://127.0.0.1:{port}/invocations"
    finally:
        process.terminate()
        process.wait(PATIENCE)


def ask(address: str, content: dict[str, Any]) -> Any:
    body, header = json.dumps(content).encode(), {"Content-Type": "application/json"}
    with urlopen(Request(address, body, header), timeout=PATIENCE) as answer:
        return json.load(answer)


@pytest.mark.slow
def test_mlflow_serves_images_and_refuses_what_is_none(
    server: str, logged: Logged, noisy: Images
) -> None:
    answer = ask(server, {"inputs": noisy.tolist()})["predictions"]
    np.testing.assert_allclose(answer, logged.denoiser(noisy), rtol=0, atol=1e-5)
    for wrong in ({"inputs": noisy[..., :1].tolist()}, {"inputs": (noisy * 255).tolist()}):
        with pytest.raises(HTTPError) as refused:
            ask(server, wrong)
        assert refused.value.code == 400
    np.testing.assert_allclose(ask(server, {"inputs": noisy.tolist()})["predictions"], answer)
