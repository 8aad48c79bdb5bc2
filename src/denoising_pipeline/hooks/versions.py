"""Which versions a run loads: what it wrote, what it was told to load, or what belongs together."""

import json
from collections import defaultdict
from collections.abc import Set
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.io.core import DatasetError, Version
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from pydantic import BaseModel

from denoising_pipeline.config import ParameterError, Parameters, validate_parameters
from denoising_pipeline.core.files import remove_abandoned
from denoising_pipeline.datasets.provenance import (
    Record,
    Recorded,
    is_versioned,
    listed,
    path_of,
    read_record,
    write_record,
)
from denoising_pipeline.datasets.version_choice import (
    WHAT_IMAGES_ARE,
    absent,
    check_exists,
    choose,
    digests_of,
    first_to_run,
    keep_what_is_there,
)
from denoising_pipeline.hooks.run_tags import conf_source, kedro_command
from denoising_pipeline.hooks.running import begin, end
from denoising_pipeline.hooks.shared_run import shared_run


class _MadeFrom(NamedTuple):
    """What a node read: see `write_record`."""

    catalog: DataCatalog
    records: dict[str, Record]
    digests: dict[str, str]
    parameters: dict[str, Any]


class VersionHooks:
    """Pin what a run loads before it starts, and record what it saves.

    Attributes:
        chosen: Version and record by name of what the run loads and did not write.
    """

    def __init__(self) -> None:
        """Start without a run."""
        self.chosen: dict[str, Recorded] = {}
        self._parameters: dict[str, Any] = {}
        self._made_from: dict[str, _MadeFrom] = {}
        self._raw: dict[str, str] = {}
        self._project: Path | None = None
        self._conf: str | None = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Take note of the parameters, which were checked before, and clean up."""
        self._parameters = json.loads(json.dumps(context.config_loader["parameters"]))
        self._project = Path(context.project_path)
        self._conf = conf_source(Path(context.config_loader.conf_source), self._project)
        data = Path(context.project_path, context.config_loader["globals"].get("data", "data"))
        for stage in data.glob("0[2-8]_*"):
            remove_abandoned(stage)

    @hook_impl(tryfirst=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Choose the versions of all inputs that the run does not write itself.

        They are the newest that are whole, were made with the parameters of this command, and were
        made from the same data as each other.

        Raises:
            DatasetError: There are none, or those that were asked for do not belong together; both
                values are named, and what to do.
        """
        recipe = None if run_params["env"] in {None, "local"} else run_params["env"]
        self._made_from.clear()
        self._raw.clear()
        requested = _written_before(pipeline, catalog) | (run_params["load_versions"] or {})
        for name, version in requested.items():
            check_exists(name, catalog.get(name), version)
        self._check_inputs(run_params, pipeline, catalog, requested.keys())
        for name in sorted(pipeline.all_outputs()):
            if name in requested:
                raise DatasetError(
                    f"--load-versions {name}: this run writes {name!r} itself. Leave the version "
                    "out, or the pipeline that writes it (--pipelines, --from-nodes)."
                )
            _pin_saved(catalog.get(name), recipe)
        wanted = self._wanted(run_params, pipeline)
        self.chosen = choose(pipeline, catalog, requested, wanted)
        if self._project:
            begin(self._project, run_params["run_id"], self.loaded.values())
        if run_params["only_missing_outputs"]:
            keep_what_is_there(pipeline, catalog, self._parameters, self.chosen)

    @hook_impl(trylast=True)
    def after_pipeline_run(self, run_params: dict[str, Any]) -> None:
        """Take back that versions are in use."""
        if self._project:
            end(self._project, run_params["run_id"])

    @hook_impl(trylast=True)
    def on_pipeline_error(self, run_params: dict[str, Any]) -> None:
        """Take back that versions are in use."""
        if self._project:
            end(self._project, run_params["run_id"])

    @hook_impl
    def after_node_run(self, node: Node, catalog: DataCatalog, inputs: dict[str, Any]) -> None:
        """Note what a node was made from, until its outputs are saved; not the data itself."""
        parameters = {
            name.removeprefix("params:"): _plain(value)
            for name, value in inputs.items()
            if name.startswith("params:")
        }
        records = {
            name: record
            for name in inputs
            if (record := _loaded_record(catalog.get(name))) is not None
        }
        unknown = inputs.keys() - self._raw.keys()
        self._raw |= digests_of(unknown, catalog)
        digests = {name: self._raw[name] for name in inputs if name in self._raw}
        self._made_from[node.name] = _MadeFrom(catalog, records, digests, parameters)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, node: Node) -> None:
        """Record what was saved."""
        made_from = self._made_from[node.name]
        dataset = made_from.catalog.get(dataset_name)
        if is_versioned(dataset):
            write_record(dataset, *made_from[1:], getattr(dataset, "recipe", None), node.name)

    @property
    def loaded(self) -> dict[str, str]:
        """Version by name of what the run loads and did not write."""
        return {name: whole.version for name, whole in sorted(self.chosen.items())}

    def effective(self, parameters: Parameters) -> Parameters:
        """Return the parameters of a run as its inputs have them, where they were made before.

        A slice that evaluates a denoiser is about the parameters that it was trained with, not
        about those that its own command would train with.

        Args:
            parameters: Those of the command.

        Raises:
            DatasetError: What the inputs were made with is not allowed by this version of the
                package, so that nobody could say what the run is about.
        """
        made_with: dict[str, Any] = {}
        for whole in self.chosen.values():
            made_with |= whole.record.all_parameters
        known = {k: v for k, v in made_with.items() if k in Parameters.model_fields}
        try:
            return validate_parameters(parameters.model_dump(mode="json") | known)
        except ParameterError as error:
            versions = ", ".join(f"{name}:{version}" for name, version in self.loaded.items())
            raise DatasetError(
                f"What this run loads ({versions}) was made by another version of the package. "
                "Make it anew by the pipelines that write it, or go on with that version. By this "
                f"one, {error}"
            ) from error

    def _check_inputs(
        self,
        run_params: dict[str, Any],
        pipeline: Pipeline,
        catalog: DataCatalog,
        given: Set[str],
    ) -> None:
        """Refuse to go on from what no run has written, and say what to run first."""
        if first := first_to_run(pipeline, catalog, given):
            names = ", ".join(sorted(absent(pipeline.inputs() - given, catalog)))
            same = {key: run_params[key] for key in ("env", "runtime_params")}
            options = defaultdict(lambda: None, same, pipeline_names=first, runner="None")
            raise DatasetError(
                f"There is nothing yet of what this run goes on from ({names}). Run first: "
                f"{kedro_command(options, self._conf)}"
            )

    def _wanted(self, run_params: dict[str, Any], pipeline: Pipeline) -> dict[str, Any]:
        """Return the parameters that inputs must have been made with."""
        given = {key.split(".")[0] for key in run_params["runtime_params"] or {}}
        read = {
            name.removeprefix("params:").split(".")[0]
            for name in pipeline.inputs()
            if name.startswith("params:")
        }
        sections = {*WHAT_IMAGES_ARE, *given, *read} & self._parameters.keys()
        return {name: self._parameters[name] for name in sections}


def _written_before(pipeline: Pipeline, catalog: DataCatalog) -> dict[str, str]:
    """Return what earlier tasks of a shared run have written and this one loads.

    What it writes itself it has begun before, if it is there, and is tried again: that is removed.
    """
    shared, found = shared_run(), {}
    if shared is None:
        return {}
    for name in pipeline.datasets():
        dataset: Any = catalog.get(name) if "params:" not in name else None
        if not is_versioned(dataset) or shared not in listed(dataset):
            continue
        if name in pipeline.all_outputs():
            folder = PurePosixPath(path_of(dataset, shared)).parent
            dataset._fs.rm(str(folder), recursive=True)
        else:
            found[name] = shared
    return found


def _loaded_record(dataset: Any) -> Record | None:
    if dataset is None or not is_versioned(dataset):
        return None
    return read_record(dataset, dataset.resolve_load_version())


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def _pin_saved(dataset: Any, recipe: str | None) -> None:
    """Let a run load what it writes, whatever else is there, and record its recipe.

    A runner's processes have the datasets, and hooks of their own that know nothing of the run.
    """
    if is_versioned(dataset):
        if dataset._fs.isfile(str(dataset._filepath)):
            raise DatasetError(
                f"'{dataset._filepath}' is a file, and a folder of versions belongs there. An "
                "earlier version of the package wrote it: remove it, or move it away."
            )
        saved = dataset._version.save
        dataset._version = Version(saved, saved)
        dataset.recipe = recipe
