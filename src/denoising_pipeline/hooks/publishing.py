"""What a finished run hands to MLflow, as the catalog's `metadata.mlflow` says."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mlflow
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from mlflow.data.numpy_dataset import from_numpy
from mlflow.entities import Param
from mlflow.tracking import MlflowClient
from mlflow.utils.validation import MAX_PARAM_VAL_LENGTH
from numpy.typing import NDArray

from denoising_pipeline.config import Parameters, flatten
from denoising_pipeline.hooks.epoch_logger import log_metrics
from denoising_pipeline.hooks.logged_model import log_denoiser
from denoising_pipeline.hooks.registry import register
from denoising_pipeline.hooks.store import store_lock
from denoising_pipeline.images.arrays import array_digest
from denoising_pipeline.images.sets import ImageSet


def log_parameters(parameters: dict[str, Any]) -> None:
    """Log every parameter, flattened, and the whole as `parameters.yml`.

    MLflow refuses long values; such a one is cut short and says where it stands whole.
    """
    mlflow.log_dict(parameters, "parameters.yml")
    note = " ... whole in parameters.yml"
    params = []
    for key, value in flatten(parameters).items():
        text = str(value)
        if len(text) > MAX_PARAM_VAL_LENGTH:
            text = text[: MAX_PARAM_VAL_LENGTH - len(note)] + note
        params.append(Param(key, text))
    MlflowClient().log_batch(_run_id(), params=params)


def publish(pipeline: Pipeline, catalog: DataCatalog, parameters: Parameters) -> None:
    """Log what the pipeline wrote: inputs, artifacts, metrics, the source's sums, the model.

    The model is registered if the pipeline scored it.
    """
    for name, context in _marked(catalog, pipeline.datasets(), "input"):
        dataset: Any = catalog.get(name)
        log_images(name, dataset.load(), str(dataset._get_load_path()), context)
    outputs = pipeline.all_outputs()
    for name, folder in _marked(catalog, outputs, "artifact"):
        _log_file(catalog.get(name), folder)
    for name, _ in _marked(catalog, outputs, "metrics"):
        found = catalog.load(name)
        numbers = {key: value for key, value in found.items() if _is_number(value)}
        log_metrics(MlflowClient(), _run_id(), numbers)
        flags = {k: str(value).lower() for k, value in found.items() if isinstance(value, bool)}
        mlflow.set_tags(flags)
    for name, _ in _marked(catalog, outputs, "source"):
        mlflow.set_tags(source_tags(catalog.load(name)))
    registered = dict(_marked(catalog, outputs, "registered"))
    for name, example in _marked(catalog, outputs, "model"):
        denoiser = catalog.load(name)
        model_id = log_denoiser(name, denoiser, catalog.load(example))
        if name in registered and registered[name]["scores"] in outputs:
            register(registered[name]["as"], model_id, _run_id(), denoiser, parameters)


def log_images(name: str, images: ImageSet | NDArray[Any], path: str, context: str) -> None:
    """Log what the active run has used: its name, place and digest.

    MLflow's own digest copies the whole array, and sees no more than 10,000 values of it.
    """
    if isinstance(images, ImageSet):
        values, digest = images.values, images.digest
    else:
        values, digest = images, array_digest(images)
    source = from_numpy(values, path, name=name, digest=digest)
    with store_lock():
        mlflow.log_input(source, context)


def _marked(catalog: DataCatalog, names: Iterable[str], key: str) -> Iterator[tuple[str, Any]]:
    """Yield the entries whose metadata have a certain key under `mlflow`, with its value."""
    for name in sorted(names):
        metadata = getattr(catalog.get(name), "metadata", None) or {}
        value = metadata.get("mlflow", {}).get(key)
        if value is not None:
            yield name, value


def _run_id() -> str:
    run = mlflow.active_run()
    if run is None:
        raise RuntimeError("No MLflow run is active.")
    return str(run.info.run_id)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _log_file(dataset: Any, folder: str) -> None:
    path = dataset._get_load_path()
    with TemporaryDirectory() as temporary:
        copy = Path(temporary, path.name)
        dataset._fs.get(str(path), str(copy))
        mlflow.log_artifact(str(copy), folder)


def source_tags(manifest: dict[str, Any]) -> dict[str, str]:
    """Return what identifies a source: the digest of all, and of IDX files the sum of each."""
    tags = {"source.digest": manifest["digest"]}
    if manifest["kind"] == "idx":
        files = manifest["files"].items()
        tags |= {f"source.sha256.{name}": file["sha256"] for name, file in files}
    return tags
