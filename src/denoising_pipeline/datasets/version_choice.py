"""Which versions a command loads: the newest that are whole, suit it, and belong together."""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any, NamedTuple

from kedro.framework.project import pipelines
from kedro.io import DataCatalog, MemoryDataset
from kedro.io.core import DatasetError, Version
from kedro.pipeline import Pipeline

from denoising_pipeline.datasets.checkpoints import CheckpointsDataset
from denoising_pipeline.datasets.provenance import (
    Contradiction,
    Recorded,
    contradictions,
    in_the_future,
    is_versioned,
    is_whole,
    listed,
    nothing_there,
    read_record,
    recorded,
)
from denoising_pipeline.datasets.writers import writer, writer_in_words

logger = logging.getLogger(__name__)

WHAT_IMAGES_ARE = ("source", "seed", "ingestion", "preprocessing", "noise_injection")
"""Parameters that say what the images are; artifacts of others are not mixed with them."""

_FIRST = ("denoiser", "card")
"""Entries that are chosen first: the others have to suit them."""

ABSENT = "none"
"""In place of the version of an optional entry, where none suits."""

ANEW = "written anew"


class Wanted(NamedTuple):
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
        return why + [Contradiction(name, ANEW, "an earlier version") for name in anew]

    def after(self, name: str, found: Recorded) -> "Wanted":
        """Return what the next version has to agree with."""
        version, record = found
        return self._replace(
            parameters={**record.all_parameters, **self.parameters},
            inputs={**self.inputs, **record.all_inputs, name: record.digest},
            runs={**self.runs, record.node: version},
        )


def first_to_run(pipeline: Pipeline, catalog: DataCatalog, given: Set[str]) -> list[str]:
    """Return the pipelines that write what a run goes on from and is not there, in their order.

    Args:
        pipeline: The run.
        catalog: Its entries.
        given: Entries whose version was asked for.
    """
    needed, first = absent(pipeline.inputs() - given, catalog), set()
    while needed:
        found = writer(needed.pop())
        if found and found not in first:
            first.add(found)
            needed |= absent(pipelines[found].inputs(), catalog)
    return [name for name in pipelines if name in first]


def absent(names: Iterable[str], catalog: DataCatalog) -> set[str]:
    """Return the entries that a run cannot do without and that have no version at all."""
    datasets = {name: catalog.get(name) for name in names if not name.startswith("params:")}
    return {
        name
        for name, dataset in datasets.items()
        if is_versioned(dataset) and not is_optional(dataset) and not listed(dataset)
    }


def choose(
    pipeline: Pipeline,
    catalog: DataCatalog,
    requested: Mapping[str, str],
    parameters: Mapping[str, Any],
) -> dict[str, Recorded]:
    """Choose and pin versions of inputs that suit the command and each other."""
    names = [name for name in pipeline.inputs() if not name.startswith("params:")]
    versioned = [name for name in names if is_versioned(catalog.get(name))]
    order = sorted(
        (name for name in versioned if name in requested or not is_optional(catalog.get(name))),
        key=lambda name: (name not in requested, name not in _FIRST, name),
    )
    chosen: dict[str, Recorded] = {}
    raw = digests_of(names, catalog) if order else {}
    wanted = Wanted(parameters, raw, {}, frozenset(pipeline.all_outputs()))
    for name in order:
        dataset: Any = catalog.get(name)
        chosen[name] = suitable(name, dataset, requested.get(name), wanted)
        wanted = wanted.after(name, chosen[name])
        dataset._version = Version(chosen[name].version, dataset._version.save)
    return chosen | _optional(sorted({*versioned} - {*order}), catalog, wanted)


def is_optional(dataset: Any) -> bool:
    """Whether a run goes on without an entry of which no version suits."""
    return getattr(dataset, "optional", False)


def _optional(names: Iterable[str], catalog: DataCatalog, wanted: Wanted) -> dict[str, Recorded]:
    """Choose and pin what suits of optional inputs; that others were passed over is logged."""
    chosen: dict[str, Recorded] = {}
    for name in names:
        dataset: Any = catalog.get(name)
        dataset._version = Version(ABSENT, dataset._version.save)
        try:
            chosen[name] = suitable(name, dataset, None, wanted)
        except DatasetError:
            _say_why_without(name, next(recorded(dataset), None), wanted)
            continue
        dataset._version = Version(chosen[name].version, dataset._version.save)
    return chosen


def _say_why_without(name: str, newest: Recorded | None, wanted: Wanted) -> None:
    why = wanted.contradictions(name, newest) if newest else []
    if why and all(each.wanted != ANEW for each in why):
        logger.info("Without %s, which does not suit: %s", name, _in_words(why[0]))


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
        check_exists(name, dataset, version)
    plain = json.loads(json.dumps(parameters))
    wanted = Wanted({key: plain[key] for key in WHAT_IMAGES_ARE}, {}, {})
    return suitable(name, dataset, version, wanted).version


def suitable(name: str, dataset: Any, version: str | None, wanted: Wanted) -> Recorded:
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
        f"together by --load-versions, or run {writer_in_words(name)} again."
    )


def _in_words(found: Contradiction) -> str:
    wanted, value = (json.dumps(v) if not isinstance(v, str) else v for v in found[1:])
    return f"{found.key}: {wanted} here, {value} there"


def keep_what_is_there(
    pipeline: Pipeline,
    catalog: DataCatalog,
    parameters: Mapping[str, Any],
    chosen: Mapping[str, Recorded],
) -> None:
    """Pin the outputs of nodes that need not run again: same inputs, same parameters."""
    digests = {name: whole.record.digest for name, whole in chosen.items()}
    for name in pipeline.inputs() - digests.keys():
        dataset: Any = None if "params:" in name else catalog.get(name)
        digest = getattr(dataset, "digest", None)
        if digest and _counts(dataset):
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
            dataset = outputs[name]
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
    if is_optional(dataset) and dataset._version.load == ABSENT:
        return False
    return not isinstance(dataset, MemoryDataset | CheckpointsDataset)


def digests_of(inputs: Iterable[str], catalog: DataCatalog) -> dict[str, str]:
    """Return the digests of inputs that keep no versions but know what they hold."""
    found = {}
    for name in inputs:
        dataset = None if name.startswith("params:") else catalog.get(name)
        if dataset is not None and not is_versioned(dataset) and hasattr(dataset, "digest"):
            found[name] = dataset.digest()
    return found


def check_exists(name: str, dataset: Any, version: str) -> None:
    """Refuse a version that was asked for and is not there; those that are, are listed."""
    if not is_versioned(dataset):
        raise DatasetError(f"--load-versions {name}:{version}: {name!r} is not a versioned entry.")
    known = listed(dataset)
    if version not in known:
        there = "\n  ".join(known) or f"none: run {writer_in_words(name)} first"
        raise DatasetError(
            f"--load-versions {name}:{version} does not exist. Versions of {name!r}:\n  {there}"
        )
