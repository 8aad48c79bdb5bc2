"""Which versions a run loads: what it wrote, what it was told to load, or what belongs together."""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any, NamedTuple

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog, MemoryDataset
from kedro.io.core import DatasetError, Version
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from pydantic import BaseModel, ValidationError

from denoising_pipeline.config import Parameters
from denoising_pipeline.datasets.checkpoints import CheckpointsDataset
from denoising_pipeline.datasets.provenance import (
    Contradiction,
    Record,
    Recorded,
    contradictions,
    in_the_future,
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
        self._raw: dict[str, str] = {}

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
        self._raw.clear()
        requested = run_params["load_versions"] or {}
        for name, version in requested.items():
            _check_exists(name, catalog.get(name), version)
        for name in sorted(pipeline.all_outputs()):
            if name in requested:
                raise DatasetError(
                    f"--load-versions {name}: this run writes {name!r} itself. Leave the version "
                    "out, or the pipeline that writes it (--pipelines, --from-nodes)."
                )
            _pin_saved(catalog.get(name))
        wanted = self._wanted(run_params, pipeline)
        self.chosen = _choose(pipeline, catalog, requested, wanted)
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
        unknown = inputs.keys() - self._raw.keys()
        self._raw |= _digests(unknown, catalog)
        digests = {name: self._raw[name] for name in inputs if name in self._raw}
        self._made_from[node.name] = _MadeFrom(catalog, records, digests, parameters)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, node: Node) -> None:
        """Record what was saved."""
        made_from = self._made_from[node.name]
        dataset = made_from.catalog.get(dataset_name)
        if is_versioned(dataset):
            write_record(dataset, *made_from[1:], self._recipe, node.name)

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


class _Wanted(NamedTuple):
    """What a version has to agree with.

    Attributes:
        parameters: Value by name.
        inputs: Digest by name of an entry.
        runs: Version by node, of nodes whose other outputs are loaded.
        new: Entries that the run writes anew.
    """

    parameters: Mapping[str, Any]
    inputs: Mapping[str, str]
    runs: Mapping[str, str]
    new: Set[str] = frozenset()

    def contradictions(self, name: str, found: Recorded) -> list[Contradiction]:
        """Return where a version of an entry says something else."""
        version, record = found
        why = contradictions(record, self.parameters, self.inputs)
        if self.inputs.get(name, record.digest) != record.digest:
            why.append(Contradiction(name, self.inputs[name][:8], record.digest[:8]))
        if record.node and self.runs.get(record.node, version) != version:
            why.append(Contradiction(f"run of {record.node}", self.runs[record.node], version))
        anew = sorted(self.new & record.all_inputs.keys())
        return why + [Contradiction(name, "written anew", "an earlier version") for name in anew]

    def after(self, name: str, found: Recorded) -> "_Wanted":
        """Return what the next version has to agree with."""
        version, record = found
        return self._replace(
            parameters={**record.all_parameters, **self.parameters},
            inputs={**self.inputs, **record.all_inputs, name: record.digest},
            runs={**self.runs, record.node: version},
        )


def _choose(
    pipeline: Pipeline,
    catalog: DataCatalog,
    requested: Mapping[str, str],
    parameters: Mapping[str, Any],
) -> dict[str, Recorded]:
    """Choose and pin versions of inputs that suit the command and each other."""
    names = [name for name in pipeline.inputs() if not name.startswith("params:")]
    versioned = [name for name in names if is_versioned(catalog.get(name))]
    order = sorted(versioned, key=lambda name: (name not in requested, name not in FIRST, name))
    chosen: dict[str, Recorded] = {}
    raw = _digests(names, catalog) if order else {}
    wanted = _Wanted(parameters, raw, {}, frozenset(pipeline.all_outputs()))
    for name in order:
        dataset: Any = catalog.get(name)
        chosen[name] = suitable(name, dataset, requested.get(name), wanted)
        wanted = wanted.after(name, chosen[name])
        dataset._version = Version(chosen[name].version, dataset._version.save)
    return chosen


def newest_of(dataset: Any, name: str, parameters: Mapping[str, Any], version: str | None) -> str:
    """Return the newest version of an entry that was made of the images of a command.

    Args:
        dataset: The entry.
        name: Its name.
        parameters: Of the command.
        version: The one that was asked for; None: the newest.

    Raises:
        DatasetError: There is none; both values are named, and what to do.
    """
    if version is not None:
        _check_exists(name, dataset, version)
    plain = json.loads(json.dumps(parameters))
    wanted = _Wanted({key: plain[key] for key in WHAT_IMAGES_ARE}, {}, {})
    return suitable(name, dataset, version, wanted).version


def suitable(name: str, dataset: Any, version: str | None, wanted: _Wanted) -> Recorded:
    """Return the newest version that suits, or the one that was asked for."""
    refused: list[tuple[Recorded, list[Contradiction]]] = []
    for found in _named(dataset, version) if version else recorded(dataset):
        why = wanted.contradictions(name, found)
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
        outputs = {name: catalog.get(name) for name in node.outputs}
        for name, found in _made_the_same(outputs, inputs, options).items():
            dataset: Any = outputs[name]
            dataset._version = Version(found.version, dataset._version.save)
            digests[name] = found.record.digest


def _made_the_same(
    outputs: Mapping[str, Any], inputs: Mapping[str, Any], parameters: Mapping[str, Any]
) -> dict[str, Recorded]:
    """Return the newest whole versions of one run that were made of these inputs, or nothing."""
    if not outputs or not all(map(is_versioned, outputs.values())):
        return {}
    for version in listed(next(iter(outputs.values()))):
        records = {name: read_record(dataset, version) for name, dataset in outputs.items()}
        found = {name: Recorded(version, record) for name, record in records.items() if record}
        same = all(
            (each.record.inputs, each.record.parameters) == (inputs, parameters)
            and is_whole(outputs[name], each)
            for name, each in found.items()
        )
        if same and len(found) == len(outputs) and not in_the_future(version):
            return found
    return {}


def _counts(dataset: Any) -> bool:
    """Whether a dataset decides what a node writes: not so what tracking puts there."""
    return not isinstance(dataset, MemoryDataset | CheckpointsDataset)


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
