"""What a finished run hands to MLflow, as the catalog's `metadata.mlflow` says."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mlflow
from kedro.io import AbstractDataset, DataCatalog
from kedro.pipeline import Pipeline
from mlflow.data.numpy_dataset import from_numpy
from mlflow.entities import Param
from mlflow.tracking import MlflowClient
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE
from mlflow.utils.validation import MAX_PARAM_VAL_LENGTH, MAX_TAG_VAL_LENGTH
from numpy.typing import NDArray
from PIL import Image

from denoising_pipeline.config import Parameters, flatten
from denoising_pipeline.core.secrets import masked
from denoising_pipeline.datasets.provenance import is_versioned
from denoising_pipeline.hooks.descriptions import PICTURES, PREVIEW_WIDTH, PREVIEWS, describe
from denoising_pipeline.hooks.epoch_logger import log_metrics
from denoising_pipeline.hooks.logged_model import describe_model, log_denoiser
from denoising_pipeline.hooks.outbox import Step
from denoising_pipeline.hooks.picture_logger import log_picture
from denoising_pipeline.hooks.reach import ONCE_MORE, brief
from denoising_pipeline.hooks.registry import register
from denoising_pipeline.hooks.run_tags import shortened
from denoising_pipeline.hooks.score_steps import summary_steps, table_steps
from denoising_pipeline.hooks.store import store_lock
from denoising_pipeline.images.arrays import array_digest
from denoising_pipeline.images.sets import ImageSet

WHOLE = "parameters.yml"
"""Artifact that has every parameter whole."""


def log_parameters(parameters: dict[str, Any], sections: Collection[str]) -> None:
    """Log the parameters that a run is about, flattened, and all of them as `parameters.yml`.

    MLflow refuses long values; such a one is cut short and says where it stands whole. What looks
    like a secret is left out.

    Args:
        parameters: Of the run, as nested dictionaries.
        sections: Top-level keys of those that it is about.
    """
    parameters = masked(parameters)
    mlflow.log_dict(parameters, WHOLE)
    about = {key: value for key, value in parameters.items() if key in sections}
    params = [
        Param(key, shortened(str(value), MAX_PARAM_VAL_LENGTH, WHOLE))
        for key, value in flatten(about).items()
    ]
    MlflowClient().log_batch(_run_id(), params=params)


def to_publish(
    pipeline: Pipeline, catalog: DataCatalog, parameters: Parameters, run_id: str
) -> list[Step]:
    """Return what is to be told of a run that wrote its outputs: see `carry_out`.

    Metrics, the source's sums, the description, inputs, artifacts, and the model, which is
    registered if the pipeline scored it.
    """
    outputs = pipeline.all_outputs()
    steps: list[Step] = []
    for name, how in _marked(catalog, outputs, "metrics"):
        steps += (summary_steps if isinstance(how, str) else table_steps)(catalog.load(name), how)
    for name, _ in _marked(catalog, outputs, "source"):
        steps.append({"do": "tags", "values": source_tags(catalog.load(name))})
    if description := describe(outputs, catalog, run_id):
        note = shortened(description, MAX_TAG_VAL_LENGTH, "the artifacts")
        steps.append({"do": "tags", "values": {MLFLOW_RUN_NOTE: note}})
    for name, context in _marked(catalog, pipeline.datasets(), "input"):
        entry = _entry(name, catalog)
        steps.append({"do": "input", "entry": entry, "context": context})
    for kind in ("artifact", "csv"):
        for name, folder in _marked(catalog, outputs, kind):
            steps.append({"do": kind, "entry": _entry(name, catalog), "folder": folder})
    registered = dict(_marked(catalog, outputs, "registered"))
    for name, example in _marked(catalog, outputs, "model"):
        step = {"do": "model", "entry": _entry(name, catalog), "example": _entry(example, catalog)}
        if name in registered and registered[name]["scores"] in outputs:
            step["registered"] = registered[name]["as"]
            step["parameters"] = parameters.model_dump(mode="json")
        steps.append(step)
    return steps


def end_step(status: str) -> Step:
    """Return the step that ends a run now."""
    return {"do": "end", "status": status, "time": int(time.time() * 1000)}


def carry_out(step: Step, uri: str, run_id: str, again: bool) -> None:
    """Tell MLflow one thing about a run: a step of `to_publish`, `metrics_step` or `end_step`.

    Args:
        step: What to tell.
        uri: The tracking store.
        run_id: The run.
        again: It may have been told before, and must not be there twice.
    """
    if step["do"] in _LIGHT:
        with brief():
            _LIGHT[step["do"]](MlflowClient(uri), run_id, step, again)
        return
    with brief(ONCE_MORE), _active(run_id):
        HEAVY[step["do"]](step, again)


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


def source_tags(manifest: dict[str, Any]) -> dict[str, str]:
    """Return what identifies a source: the digest of all, and of IDX files the sum of each."""
    tags = {"source.digest": manifest["digest"]}
    if manifest["kind"] == "idx":
        files = manifest["files"].items()
        tags |= {f"source.sha256.{name}": file["sha256"] for name, file in files}
    return tags


def _metrics(client: MlflowClient, run_id: str, step: Step, again: bool) -> None:
    values = dict(step["values"])
    if again:
        for key in list(values):
            told = client.get_metric_history(run_id, key)
            if any(metric.step == step["step"] for metric in told):
                del values[key]
    log_metrics(client, run_id, values, step["step"], step["time"])


def _tags(client: MlflowClient, run_id: str, step: Step, again: bool) -> None:
    for key, value in step["values"].items():
        client.set_tag(run_id, key, value)


def _end(client: MlflowClient, run_id: str, step: Step, again: bool) -> None:
    client.set_terminated(run_id, step["status"], step["time"])


def _input(step: Step, again: bool) -> None:
    dataset = _opened(step["entry"])
    path = str(dataset._get_load_path())
    log_images(step["entry"]["name"], dataset.load(), path, step["context"])


def _artifact(step: Step, again: bool) -> None:
    dataset = _opened(step["entry"])
    path = dataset._get_load_path()
    with TemporaryDirectory() as temporary:
        copy = Path(temporary, path.name)
        dataset._fs.get(str(path), str(copy))
        mlflow.log_artifact(str(copy), step["folder"])
        if step["entry"]["name"] in PICTURES:
            with Image.open(copy) as picture:
                picture.thumbnail((PREVIEW_WIDTH, PREVIEW_WIDTH))
                picture.save(copy)
            mlflow.log_artifact(str(copy), PREVIEWS)


def _csv(step: Step, again: bool) -> None:
    """Log a table as CSV, of which MLflow shows the rows."""
    text = _opened(step["entry"]).load().to_csv(index=False)
    mlflow.log_text(text, f"{step['folder']}/{step['entry']['name']}.csv")


def _model(step: Step, again: bool) -> None:
    name, denoiser = step["entry"]["name"], _opened(step["entry"]).load()
    model_id = whole_model(name) if again else None
    if model_id is None:
        model_id = log_denoiser(name, denoiser, _opened(step["example"]).load())
    describe_model(MlflowClient(), model_id, _run_id(), denoiser)
    if "registered" in step:
        parameters = Parameters.model_validate(step["parameters"])
        register(step["registered"], model_id, _run_id(), denoiser, parameters)


_LIGHT: Mapping[str, Callable[[MlflowClient, str, Step, bool], None]] = {
    "metrics": _metrics,
    "tags": _tags,
    "end": _end,
    "picture": log_picture,
}
HEAVY: Mapping[str, Callable[[Step, bool], None]] = {
    "input": _input,
    "artifact": _artifact,
    "csv": _csv,
    "model": _model,
}
"""Results, which lie on the disk as well: a run that is ended need not wait until they are told."""


@contextmanager
def _active(run_id: str) -> Iterator[None]:
    """Have a run active inside, as MLflow's functions for people expect."""
    active = mlflow.active_run()
    if active and active.info.run_id == run_id:
        yield
        return
    with mlflow.start_run(run_id=run_id, nested=True):
        yield


def whole_model(name: str) -> str | None:
    """Return the identity of the model of that name that the active run has logged whole.

    What it left of others, when it was killed, is removed.
    """
    client, whole = MlflowClient(), None
    run = client.get_run(_run_id()).info
    # Not those of the run's outputs: they name removed ones as well.
    wanted = f"source_run_id = '{run.run_id}' AND name = '{name}'"
    for model in client.search_logged_models([run.experiment_id], filter_string=wanted):
        if str(model.status) == "READY":
            whole = str(model.model_id)
        else:
            client.delete_logged_model(model.model_id)
    return whole


def _marked(catalog: DataCatalog, names: Iterable[str], key: str) -> Iterator[tuple[str, Any]]:
    """Yield the entries whose metadata have a certain key under `mlflow`, with its value."""
    for name in sorted(names):
        metadata = getattr(catalog.get(name), "metadata", None) or {}
        value = metadata.get("mlflow", {}).get(key)
        if value is not None:
            yield name, value


def _entry(name: str, catalog: DataCatalog) -> dict[str, Any]:
    """Return a catalog entry and its version as JSON; credentials are not written down."""
    dataset: Any = catalog.get(name)
    config = {k: v for k, v in dataset._init_config().items() if k != "credentials"}
    version = dataset.resolve_load_version() if is_versioned(dataset) else None
    return {"name": name, "config": config, "version": version}


def _opened(entry: Mapping[str, Any]) -> Any:
    """Return the dataset of what `_entry` returned."""
    return AbstractDataset.from_config(
        entry["name"], dict(entry["config"]), load_version=entry["version"]
    )


def _run_id() -> str:
    run = mlflow.active_run()
    if run is None:
        raise RuntimeError("No MLflow run is active.")
    return str(run.info.run_id)
