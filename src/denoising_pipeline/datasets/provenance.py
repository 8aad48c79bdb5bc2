"""What each version of an entry was made from: a record, without which it is not there.

A version is whole if its record is there and the file is the one that the record speaks of. The
record is written after the file, so that an interruption leaves no version that looks whole.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, TypeAlias

from fsspec.implementations.local import LocalFileSystem
from kedro.io.core import AbstractVersionedDataset
from pydantic import BaseModel, ConfigDict, ValidationError

from denoising_pipeline.core.files import atomic_write, file_digest, part_of
from denoising_pipeline.datasets.writers import writer_in_words

RECORD = "provenance.json"
"""Name of the record, in the folder of the version."""

SHARED_SIZE = 2**20
"""Bytes from which a file that equals that of an earlier version shares its place on the disk."""

Parameters: TypeAlias = dict[str, Any]
"""Value by name of a parameter, as JSON has it."""


class Record(BaseModel):
    """What one version of an entry is, and what it was made from.

    Attributes:
        digest: BLAKE2b of the file, 32 hexadecimal digits.
        size: Bytes of the file.
        inputs: Digest by name of the entries that its node read.
        parameters: Parameters that its node read.
        all_inputs: The same of all nodes that led to it.
        all_parameters: The same of all nodes that led to it, its own included.
        recipe: Environment of the run that wrote it; None: the default one.
        node: What wrote it; what one node wrote in one run belongs together.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    digest: str
    size: int
    inputs: dict[str, str]
    parameters: Parameters
    all_inputs: dict[str, str]
    all_parameters: Parameters
    recipe: str | None = None
    node: str = ""


class Recorded(NamedTuple):
    """A version and its record."""

    version: str
    record: Record


class Contradiction(NamedTuple):
    """One thing that two artifacts, or an artifact and a command, say differently.

    Attributes:
        key: Full key of a parameter, or name of an entry.
        wanted: What the command or the other artifact says.
        found: What the artifact says.
    """

    key: str
    wanted: Any
    found: Any


def is_versioned(dataset: Any) -> bool:
    """Whether an entry of the catalog keeps versions."""
    return isinstance(dataset, AbstractVersionedDataset) and bool(dataset._version)


def path_of(dataset: Any, version: str) -> str:
    """Return the path of the file of a version."""
    return str(dataset._get_versioned_path(version))


def write_record(
    dataset: Any,
    inputs: Mapping[str, Record],
    digests: Mapping[str, str],
    parameters: Parameters,
    recipe: str | None,
    node: str,
) -> Record:
    """Write the record of the version that an entry has just saved.

    Args:
        dataset: The entry, versioned.
        inputs: Record by name of the versioned entries that its node read.
        digests: Digest by name of what it read besides.
        parameters: Parameters that its node read.
        recipe: Environment of the run.
        node: Name of its node.
    """
    version = dataset.resolve_save_version()
    path = path_of(dataset, version)
    digest, size = file_digest(dataset._fs, path)
    direct = {**digests, **{name: record.digest for name, record in inputs.items()}}
    all_inputs, all_parameters = dict(direct), dict(parameters)
    for record in inputs.values():
        all_inputs = record.all_inputs | all_inputs
        all_parameters = record.all_parameters | all_parameters
    record = Record(
        digest=digest,
        size=size,
        inputs=direct,
        parameters=parameters,
        all_inputs=all_inputs,
        all_parameters=all_parameters,
        recipe=recipe,
        node=node,
    )
    _share(dataset, version, record)
    with atomic_write(dataset._fs, _record_path(dataset, version)) as file:
        file.write(record.model_dump_json(indent=2).encode())
    return record


def read_record(dataset: Any, version: str) -> Record | None:
    """Read the record of a version; None if there is none that can be read."""
    try:
        with dataset._fs.open(_record_path(dataset, version), "rb") as file:
            return Record.model_validate_json(file.read())
    except (OSError, ValidationError):
        return None


def recorded(dataset: Any) -> Iterator[Recorded]:
    """Yield the versions of an entry that have a record, the newest first.

    Versions that are dated in the future are left out: a clock was wrong, and they would stay the
    newest for ever. Who wants one names it.

    Args:
        dataset: The entry, versioned.
    """
    for version in listed(dataset):
        record = None if in_the_future(version) else read_record(dataset, version)
        if record is not None:
            yield Recorded(version, record)


def is_whole(dataset: Any, found: Recorded) -> bool:
    """Whether the file of a version is there and is the one that its record speaks of."""
    try:
        digest = file_digest(dataset._fs, path_of(dataset, found.version))
    except OSError:
        return False
    return digest == (found.record.digest, found.record.size)


def in_the_future(version: str) -> bool:
    """Whether a version is dated after this second."""
    return version > datetime.now(UTC).strftime("%Y-%m-%dT%H.%M.%S.999Z")


def listed(dataset: Any) -> list[str]:
    """Return every version that has a file, whole or not, the newest first."""
    return [name for name in folders_of(dataset) if has_file(dataset, name)]


def folders_of(dataset: Any) -> list[str]:
    """Return the names of all that lies where the versions of an entry do, the last first."""
    dataset._fs.invalidate_cache()
    try:
        folders = dataset._fs.ls(str(dataset._filepath), detail=False)
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted({PurePosixPath(folder).name for folder in folders}, reverse=True)


def has_file(dataset: Any, version: str) -> bool:
    """Whether a version has its file, whole or not."""
    return bool(dataset._fs.exists(path_of(dataset, version)))


def nothing_there(dataset: Any, name: str, version: str | None = None) -> str:
    """Say that an entry has no version that can be loaded, why, and what to do."""
    there, writer = listed(dataset), writer_in_words(name)
    if not there:
        return f"'{dataset._filepath}' does not exist. Run {writer} first."
    return (
        f"'{dataset._filepath}' has no whole version (there is {version or ', '.join(there[:3])}: "
        "cut short or changed after it was written, dated in the future, or written by a version "
        f"of the package that kept no record). Run {writer} again, or name an older one with "
        f"--load-versions {name}:<version>."
    )


def contradictions(
    record: Record, parameters: Mapping[str, Any], inputs: Mapping[str, str]
) -> list[Contradiction]:
    """Return where an artifact says something else than what is wanted.

    Args:
        record: Of the artifact.
        parameters: What is wanted of parameters; others may have any value.
        inputs: What is wanted of the entries that it was made from; others may be any.
    """
    found: list[Contradiction] = []
    for name in sorted(parameters.keys() & record.all_parameters.keys()):
        found += _differences(name, parameters[name], record.all_parameters[name])
    for name in sorted(inputs.keys() & record.all_inputs.keys()):
        if inputs[name] != record.all_inputs[name]:
            found.append(Contradiction(name, inputs[name][:8], record.all_inputs[name][:8]))
    return found


def _differences(key: str, wanted: Any, found: Any) -> Iterator[Contradiction]:
    """Yield what differs, the name of a component alone if it is another one."""
    wanted, found = (json.loads(json.dumps(value)) for value in (wanted, found))
    if not (isinstance(wanted, dict) and isinstance(found, dict)):
        if wanted != found:
            yield Contradiction(key, wanted, found)
        return
    if wanted.get("name") != found.get("name"):
        yield Contradiction(f"{key}.name", wanted.get("name"), found.get("name"))
        return
    for name in sorted(wanted.keys() & found.keys()):
        yield from _differences(f"{key}.{name}", wanted[name], found[name])


def _record_path(dataset: Any, version: str) -> str:
    return str(PurePosixPath(path_of(dataset, version)).with_name(RECORD))


def _share(dataset: Any, version: str, record: Record) -> None:
    """Let a large file share its place on the disk with an equal one of an earlier version."""
    if record.size < SHARED_SIZE or not isinstance(dataset._fs, LocalFileSystem):
        return
    path = Path(path_of(dataset, version))
    for earlier in listed(dataset):
        known = read_record(dataset, earlier) if earlier != version else None
        if known is None or known.digest != record.digest:
            continue
        if not is_whole(dataset, Recorded(earlier, known)):
            continue
        link = part_of(path)
        try:
            link.hardlink_to(path_of(dataset, earlier))
            link.replace(path)
        except OSError:  # A filesystem without links keeps two copies.
            link.unlink(missing_ok=True)
        return
