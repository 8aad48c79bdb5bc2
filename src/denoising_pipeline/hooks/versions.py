"""Which versions a run loads: what it wrote, what it was told to load, or what belongs together."""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.io.core import DatasetError, Version
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from pydantic import BaseModel, ValidationError

from denoising_pipeline.config import Parameters
from denoising_pipeline.datasets.provenance import (
    Contradiction,
    Record,
    Recorded,
    contradictions,
    is_versioned,
    is_whole,
    listed,
    nothing_there,
    read_record,
    recorded,
    write_record,
)

logger = logging.getLogger(__name__)

WHAT_IMAGES_ARE = ("source", "seed", "ingestion", "preprocessing", "noise_injection")
"""Parameters that say what the images are; artifacts of others are not mixed with them."""

FIRST = ("denoiser", "card")
"""Entries that are chosen first: the others have to suit them."""


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
        self._recipe: str | None = None
        self._made_from: dict[str, _MadeFrom] = {}

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Take note of the parameters, which were checked before."""
        self._parameters = json.loads(json.dumps(context.config_loader["parameters"]))

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
        env = run_params["env"]
        self._recipe = None if env in {None, "local"} else env
        self._made_from.clear()
        requested = run_params["load_versions"] or {}
        for name, version in requested.items():
            _check_exists(name, catalog.get(name), version)
        for name in pipeline.all_outputs() - requested.keys():
            _pin_saved(catalog.get(name))
        wanted = self._wanted(run_params, pipeline)
        self.chosen = _choose(pipeline.inputs(), catalog, requested, wanted)
        if run_params["only_missing_outputs"]:
            _keep_what_is_there(pipeline, catalog, self._parameters, self.chosen)

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
        digests = _digests(inputs, catalog)
        self._made_from[node.name] = _MadeFrom(catalog, records, digests, parameters)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, node: Node) -> None:
        """Record what was saved."""
        made_from = self._made_from[node.name]
        dataset = made_from.catalog.get(dataset_name)
        if is_versioned(dataset):
            write_record(dataset, *made_from[1:], self._recipe)

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
        """
        made_with: dict[str, Any] = {}
        for whole in self.chosen.values():
            made_with |= whole.record.all_parameters
        known = {k: v for k, v in made_with.items() if k in Parameters.model_fields}
        try:
            return Parameters.model_validate(parameters.model_dump(mode="json") | known)
        except ValidationError:  # Another version of the package had other parameters.
            return parameters

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


def _choose(
    names: Iterable[str],
    catalog: DataCatalog,
    requested: Mapping[str, str],
    wanted: Mapping[str, Any],
) -> dict[str, Recorded]:
    """Choose and pin versions of inputs that suit the command and each other."""
    inputs = {name: catalog.get(name) for name in names if not name.startswith("params:")}
    versioned = [name for name, dataset in inputs.items() if is_versioned(dataset)]
    order = sorted(versioned, key=lambda name: (name not in requested, name not in FIRST, name))
    chosen: dict[str, Recorded] = {}
    known: dict[str, str] = {}
    made_with = dict(wanted)
    for name in order:
        dataset: Any = inputs[name]
        whole = _suitable(name, dataset, requested.get(name), made_with, known)
        chosen[name] = whole
        known |= whole.record.all_inputs | {name: whole.record.digest}
        made_with = whole.record.all_parameters | made_with
        dataset._version = Version(whole.version, dataset._version.save)
    return chosen


def _suitable(
    name: str,
    dataset: Any,
    version: str | None,
    wanted: Mapping[str, Any],
    known: Mapping[str, str],
) -> Recorded:
    """Return the newest version that suits, or the one that was asked for."""
    refused: list[tuple[Recorded, list[Contradiction]]] = []
    for found in _named(dataset, version) if version else recorded(dataset):
        why = contradictions(found.record, wanted, known)
        if known.get(name, found.record.digest) != found.record.digest:
            why.append(Contradiction(name, known[name][:8], found.record.digest[:8]))
        if why:
            refused.append((found, why))
        elif is_whole(dataset, found):
            _say_what_was_passed_over(name, found, refused)
            return found
    if refused:
        raise DatasetError(_refusal(name, *refused[0]))
    raise DatasetError(nothing_there(dataset, name, version))


def _named(dataset: Any, version: str) -> Iterator[Recorded]:
    record = read_record(dataset, version)
    if record is not None:
        yield Recorded(version, record)


def _say_what_was_passed_over(
    name: str, taken: Recorded, refused: list[tuple[Recorded, list[Contradiction]]]
) -> None:
    if refused:
        newer, why = refused[0]
        logger.warning(
            "%s: version %s is taken; the newer %s does not suit: %s",
            name,
            taken.version,
            newer.version,
            _in_words(why[0]),
        )


def _refusal(name: str, refused: Recorded, why: list[Contradiction]) -> str:
    version, record = refused
    lines = "\n  ".join(map(_in_words, why))
    recipe = f"--env {record.recipe}" if record.recipe else "the default recipe (no --env)"
    return (
        f"{name} of {version} does not suit this command:\n  {lines}\n"
        f"It was made with {recipe}. Give the same recipe and --params, or versions that belong "
        f"together by --load-versions, or run the pipeline that writes {name!r} again."
    )


def _in_words(found: Contradiction) -> str:
    wanted, value = (json.dumps(v) if not isinstance(v, str) else v for v in found[1:])
    return f"{found.key}: {wanted} here, {value} there"


def _keep_what_is_there(
    pipeline: Pipeline,
    catalog: DataCatalog,
    parameters: Mapping[str, Any],
    chosen: Mapping[str, Recorded],
) -> None:
    """Pin the outputs of nodes that need not run again: same inputs, same parameters."""
    digests = {name: whole.record.digest for name, whole in chosen.items()}
    for name in pipeline.inputs() - digests.keys():
        digest = getattr(catalog.get(name), "digest", None) if "params:" not in name else None
        if digest:
            digests[name] = digest()
    for node in pipeline.nodes:
        read = [name for name in node.inputs if not name.startswith("params:")]
        options = {
            name.removeprefix("params:"): parameters[name.removeprefix("params:")]
            for name in node.inputs
            if name.startswith("params:")
        }
        inputs = {name: digests.get(name) for name in read if _counts(catalog.get(name))}
        if None in inputs.values():
            continue
        there = [_made_the_same(catalog.get(name), inputs, options) for name in node.outputs]
        if all(there):
            for name, found in zip(node.outputs, filter(None, there), strict=True):
                dataset: Any = catalog.get(name)
                dataset._version = Version(found.version, dataset._version.save)
                digests[name] = found.record.digest


def _made_the_same(
    dataset: Any, inputs: Mapping[str, Any], parameters: Mapping[str, Any]
) -> Recorded | None:
    """Return the newest whole version that was made of these inputs with these parameters."""
    for found in recorded(dataset) if is_versioned(dataset) else ():
        same = found.record.inputs == inputs and found.record.parameters == parameters
        if same and is_whole(dataset, found):
            return found
    return None


def _counts(dataset: Any) -> bool:
    """Whether a dataset decides what a node writes: not so what tracking puts there."""
    return is_versioned(dataset) or hasattr(dataset, "digest")


def _digests(inputs: Iterable[str], catalog: DataCatalog) -> dict[str, str]:
    """Return the digests of inputs that keep no versions but know what they hold."""
    found = {}
    for name in inputs:
        dataset = None if name.startswith("params:") else catalog.get(name)
        if dataset is not None and not is_versioned(dataset) and hasattr(dataset, "digest"):
            found[name] = dataset.digest()
    return found


def _loaded_record(dataset: Any) -> Record | None:
    if dataset is None or not is_versioned(dataset):
        return None
    return read_record(dataset, dataset.resolve_load_version())


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def _pin_saved(dataset: Any) -> None:
    """Let a run load what it writes, whatever else is there."""
    if is_versioned(dataset):
        if dataset._fs.isfile(str(dataset._filepath)):
            raise DatasetError(
                f"'{dataset._filepath}' is a file, and a folder of versions belongs there. An "
                "earlier version of the package wrote it: remove it, or move it away."
            )
        saved = dataset._version.save
        dataset._version = Version(saved, saved)


def _check_exists(name: str, dataset: Any, version: str) -> None:
    if not is_versioned(dataset):
        raise DatasetError(f"--load-versions {name}:{version}: {name!r} is not a versioned entry.")
    known = listed(dataset)
    if version not in known:
        there = "\n  ".join(known) or "none: run the pipeline that writes it first"
        raise DatasetError(
            f"--load-versions {name}:{version} does not exist. Versions of {name!r}:\n  {there}"
        )
