"""Which files are to be denoised, and what each becomes."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Protocol

from denoising_pipeline.batch.clashes import refuse_clashes, refuse_ways_out
from denoising_pipeline.batch.results import FileResult, Status, shown
from denoising_pipeline.pictures.formats import FORMATS, format_of

SUFFIX = "_denoised"
"""What is put behind a name where no output is given."""

RECORD = ".denoise.jsonl"
"""The file beside the outputs that says what each was made from."""

MANIFEST = ".denoise"
"""The folder beside the outputs of a cluster: the same, a file for each of its tasks."""

KNOWN = frozenset(ending for found in FORMATS.values() for ending in found.suffixes)
"""Endings of the files that are taken of folders."""

_ENDING = re.compile(r"(?<=.)(\.ome)?\.[^.]*$", re.IGNORECASE)


class PlanError(ValueError):
    """Inputs and output do not go together; nothing has been read or written."""


class Located(Protocol):
    """Where an output comes from and goes to; see `Work`."""

    @property
    def source(self) -> PurePath: ...  # noqa: D102
    @property
    def target(self) -> PurePath: ...  # noqa: D102
    @property
    def root(self) -> PurePath: ...  # noqa: D102
    @property
    def format(self) -> str | None: ...  # noqa: D102
    @property
    def shard(self) -> str: ...  # noqa: D102
    @property
    def partner(self) -> PurePath | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Work:
    """One file that is to be denoised.

    Attributes:
        source: The file that is read.
        target: The file that is written.
        root: Folder of the outputs, in which the record lies.
        format: What it is written in; None: as it came.
        found: Whether it was found in a folder, not named.
        recorded: Whether a record is kept: there is a folder for the outputs.
        shard: Part of the record that it stands in, in a cluster; empty: there is but one.
        partner: The clean file that source and target are scored against; None: they are not.
    """

    source: Path
    target: Path
    root: Path
    format: str | None = None
    found: bool = False
    recorded: bool = True
    shard: str = ""
    partner: Path | None = None


@dataclass(frozen=True)
class Plan:
    """What is to be done.

    Attributes:
        works: In the order of the inputs, folders by name.
        left_out: What folders hold besides, each with its reason.
    """

    works: list[Work] = field(default_factory=list)
    left_out: list[FileResult] = field(default_factory=list)


def make_plan(
    inputs: Sequence[Path],
    output: Path | None = None,
    suffix: str | None = None,
    format: str | None = None,  # noqa: A002  # as Pillow calls it
    *,
    into_folder: bool = False,
) -> Plan:
    """Find the files, and say what each becomes. Nothing is read or written.

    Without an output, `photo.jpg` becomes `photo_denoised.jpg` beside it, and what lies in `folder`
    goes to `folder_denoised`. An output that has the ending of a format is a file if there is one
    input, which is a file; else it is a folder. Into it go files under their names, and what lies
    in a folder with the structure kept, under the folder's name if there are several inputs.

    Args:
        inputs: Files and folders.
        output: File or folder.
        suffix: Put behind the names of files, or of folders where there is no output; None:
            `SUFFIX` without an output, else nothing.
        format: Name or ending of the format that all are written in; None: as they came, or as the
            ending of an output that is a file.
        into_folder: The output is a folder, whatever its name.

    Returns:
        The plan. Of folders it leaves out hidden files, links that lead out of the folder, links to
        folders, and files whose ending is not of `KNOWN`.

    Raises:
        PlanError: An input is not there, two inputs would become one output, an output would
            replace an input or lie outside of the output's folder, or the output does not fit the
            inputs.
    """
    _check_inputs(inputs)
    wanted = None if format is None else format_of(format)
    if output is not None and not into_folder and _is_file(output, inputs):
        wanted = _format_of_file(output, wanted)
        work = Work(inputs[0], output, output.parent, wanted, recorded=False)
        return _checked(Plan([work]), "", None)
    behind = (SUFFIX if output is None else "") if suffix is None else suffix
    if os.sep in behind or "/" in behind:
        raise PlanError(f"The suffix '{shown(behind)}' has a / in it; give -o FOLDER instead.")
    plan = Plan()
    for given in inputs:
        if given.is_dir():
            root = _root(given, output, behind, several=len(inputs) > 1)
            _add_folder(plan, given, root, "" if output is None else behind, wanted)
        else:
            root = given.parent if output is None else output
            target = root / renamed(given.name, behind, wanted)
            plan.works.append(Work(given, target, root, wanted, recorded=output is not None))
    return _checked(plan, behind, output)


def _check_inputs(inputs: Sequence[Path]) -> None:
    for given in inputs:
        if not given.exists():
            what = "is a link that leads nowhere" if given.is_symlink() else "does not exist"
            raise PlanError(f"'{shown(given)}' {what}.")
        if not given.is_dir() and not given.is_file():
            raise PlanError(f"'{shown(given)}' is neither a file nor a folder.")


def _is_file(output: Path, inputs: Sequence[Path]) -> bool:
    if output.is_dir() or not output.suffix:
        return False
    known = output.suffix.lower() in KNOWN
    if len(inputs) == 1 and not inputs[0].is_dir():
        if not known:
            raise PlanError(
                f"'{shown(output)}' ends in no format that is written "
                f"({', '.join(sorted(KNOWN))}). If it is meant as a folder, put a / at its end."
            )
        return True
    if output.exists() or known:
        raise PlanError(
            f"'{shown(output)}' is a file, but there are several inputs or a folder: give a folder."
        )
    return False


def _format_of_file(output: Path, wanted: str | None) -> str:
    said = format_of(output.suffix)
    if wanted not in (None, said):
        raise PlanError(f"'{shown(output)}' says {said}, --format says {wanted}: leave one out.")
    return said


def _root(folder: Path, output: Path | None, behind: str, *, several: bool) -> Path:
    whole = Path(os.path.abspath(folder))  # noqa: PTH100  # links keep their names
    if output is not None:
        return output / whole.name if several else output
    if not whole.name or not behind:
        raise PlanError(f"'{shown(folder)}': say by -o FOLDER where the outputs go.")
    parent = folder.parent if folder.name not in {"", ".."} else whole.parent
    return parent / f"{whole.name}{behind}"


def renamed(name: str, behind: str, wanted: str | None) -> str:
    """Return the name of an output: with the suffix, and the ending of its format."""
    found = _ENDING.search(name)
    stem, ending = (name[: found.start()], found.group()) if found else (name, "")
    if wanted is not None and ending.lower() not in FORMATS[wanted].suffixes:
        ending = FORMATS[wanted].suffixes[0]
    return f"{stem}{behind}{ending}"


def _add_folder(plan: Plan, folder: Path, root: Path, behind: str, wanted: str | None) -> None:
    inside = os.path.realpath(folder)
    outputs = os.path.realpath(root)
    for path, status, reason in walk(folder, inside, outputs):
        if reason:
            plan.left_out.append(FileResult(path, None, status, reason))
            continue
        name = renamed(path.name, behind, wanted)
        target = root / path.relative_to(folder).with_name(name)
        plan.works.append(Work(path, target, root, wanted, found=True))


def walk(folder: Path, inside: str, outputs: str) -> Iterator[tuple[Path, Status, str]]:
    """Yield files, and what is left out with its reason; the folder of outputs is not entered."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        yield folder, "failed", f"cannot be read: {error.strerror}"
        return
    for entry in entries:
        path = folder / entry.name
        if reason := _left_out(entry, inside, outputs):
            if entry.name not in {RECORD, MANIFEST}:
                yield path, "skipped", reason
        elif entry.is_dir(follow_symlinks=False):
            yield from walk(path, inside, outputs)
        else:
            yield path, "done", ""


def _left_out(entry: os.DirEntry[str], inside: str, outputs: str) -> str:
    real = Path(os.path.realpath(entry.path))
    known = Path(entry.name).suffix.lower() in KNOWN
    is_link, is_folder = entry.is_symlink(), entry.is_dir()
    reasons = {
        "is hidden": entry.name.startswith("."),
        "is a link that leads nowhere": is_link and not real.exists(),
        "is a link that leads out of the folder": is_link and not real.is_relative_to(inside),
        "is a link to a folder that is gone through anyway": is_link and is_folder,
        "is where the outputs go": is_folder and str(real) == outputs != inside,
        "is no file": not is_folder and not entry.is_file(),
        "is of a type that is not read": not is_folder and not known,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _checked(plan: Plan, behind: str, output: Path | None) -> Plan:
    """Leave out outputs of an earlier time among the inputs; refuse clashes, and ways out."""
    works = list({(work.source, work.target): work for work in plan.works}.values())
    targets = {work.target: work.source for work in works} if behind else {}
    kept, left_out = [], list(plan.left_out)
    for work in works:
        of = targets.get(work.source)
        if work.found and of is not None and of != work.source:
            reason = f"is what '{shown(of.name)}' becomes"
            left_out.append(FileResult(work.source, None, "skipped", reason))
        else:
            kept.append(work)
    if clash := refuse_clashes([(work.source, work.target) for work in kept]):
        raise PlanError(clash)
    written: dict[Path, set[Path]] = {}
    for work in kept:
        folders = written.setdefault(output or work.root, set())
        folders |= {work.target.parent, work.root / RECORD}
    for folder, paths in written.items():
        if way_out := refuse_ways_out(sorted(paths), folder):
            raise PlanError(way_out)
    return Plan(kept, left_out)
