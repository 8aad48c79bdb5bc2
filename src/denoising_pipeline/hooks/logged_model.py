"""The denoiser in MLflow: takes images as people have them, and runs without this project."""

import logging
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow
import numpy as np
from mlflow.entities import Metric
from mlflow.models import ModelSignature
from mlflow.tracking import MlflowClient
from mlflow.types import ParamSchema, ParamSpec, Schema, TensorSpec
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE

import denoising_pipeline
from denoising_pipeline.datasets.mlflow_runs import tracked_run
from denoising_pipeline.denoiser import Denoiser, served
from denoising_pipeline.denoiser.export import export_denoiser
from denoising_pipeline.denoiser.file import DENOISER, write_network
from denoising_pipeline.hooks.registry import description
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.images.shown import excerpt

logger = logging.getLogger(__name__)

LIBRARIES = ("numpy", "pydantic", "scipy")
"""What loading a denoiser takes, beside what computes the network."""

NO_STEP = -1
"""MLflow gives a model what its run has at the step of the model, and not of which images."""

SIDE = 64
"""Pixels of the input example to each side, where images are of different sizes."""


def log_denoiser(name: str, denoiser: Denoiser, images: Images | ImageSet) -> str:
    """Log a denoiser to the active run, as a model of the flavour `python_function`.

    It holds the denoiser's file and its card, which are data, and the code of this package. With
    the extra `onnx` the file is an ONNX network with all digits, which needs no TensorFlow.

    Args:
        name: What it is called in the run.
        denoiser: The denoiser, with its card.
        images: Noisy images; the first is the input example.

    Returns:
        Identity of the logged model.
    """
    card = denoiser.card.model_dump(mode="json")
    with TemporaryDirectory() as folder, _import_paths_kept(), redirect_stdout(StringIO()):
        data, code = Path(folder, name), Path(folder, denoising_pipeline.__name__)
        data.mkdir()
        requirements = (*LIBRARIES, *_write(denoiser, data / served.FILE))
        (data / served.CARD).write_text(denoiser.card.model_dump_json(indent=2), "utf-8")
        _copy_code(code)
        info = mlflow.pyfunc.log_model(
            name=name,
            loader_module=served.__name__,
            data_path=str(data),
            code_paths=[str(code)],
            signature=signature(denoiser),
            input_example=np.clip(excerpt(images, 1, SIDE), 0, 1),
            pip_requirements=[f"{library}=={version(library)}" for library in requirements],
            metadata={"card": card},
            step=NO_STEP,
        )
    return str(info.model_id)


def describe_model(client: MlflowClient, model_id: str, run_id: str, denoiser: Denoiser) -> None:
    """Give the model's page its description, and the scores of its run with the images they are of.

    MLflow lists as "datasets used" what metrics of the model were measured on.

    Args:
        client: Of the store.
        model_id: The logged model.
        run_id: The run that logged it, with its scores and inputs.
        denoiser: The denoiser.
    """
    run = client.get_run(run_id)
    inputs = run.inputs.dataset_inputs if run.inputs else []
    known = {given.dataset.name: given.dataset.digest for given in inputs}
    told = {metric.key for metric in client.get_logged_model(model_id).metrics or ()}
    metrics = [
        Metric(m.key, m.value, m.timestamp, m.step, model_id, name, known[name], run_id)
        for m in run.data._metric_objs
        if (name := f"{m.key.partition('/')[0]}_clean") in known and m.key not in told
    ]
    client.log_batch(run_id, metrics)
    text = description(denoiser, tracked_run(client, run))
    client.set_logged_model_tags(model_id, {MLFLOW_RUN_NOTE: text})


def signature(denoiser: Denoiser) -> ModelSignature:
    """Return what a logged denoiser takes and gives: images, and how they are to be denoised."""
    height, width, channels = denoiser.image_shape
    taken, given = (
        Schema([TensorSpec(np.dtype(np.float32), (-1, height or -1, width or -1, depth))])
        for depth in (channels, denoiser.out_channels)
    )
    params = [ParamSpec("strength", "double", 1.0)]
    if denoiser.architecture.told_level:
        params.append(ParamSpec("sigma", "double", None))
    return ModelSignature(taken, given, ParamSchema(params))


def _write(denoiser: Denoiser, path: Path) -> tuple[str, ...]:
    """Write the denoiser's file, and return the libraries that compute its network."""
    try:
        export_denoiser(denoiser, path, half=False)
    except Exception as error:  # whatever it is, a trained denoiser is logged
        logger.warning("The model in MLflow needs TensorFlow: %s", error)
        with path.open("wb") as file:
            write_network(denoiser, DENOISER, file)
        return ("keras", "tensorflow")
    return ("onnxruntime",)


def _copy_code(folder: Path) -> None:
    """Copy the code of this package, without data."""
    home = Path(denoising_pipeline.__file__).parent
    for file in home.rglob("*.py"):
        copy = folder / file.relative_to(home)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)


@contextmanager
def _import_paths_kept() -> Iterator[None]:
    """Take back what MLflow adds to `sys.path` when it tries the model, whose folder goes."""
    before = list(sys.path)
    try:
        yield
    finally:
        sys.path[:] = before
