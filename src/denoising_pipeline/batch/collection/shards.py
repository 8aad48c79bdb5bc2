"""Which files of a collection there are, and how they are divided among the tasks of a cluster.

A file belongs to the task that the digest of its output's name says, so that it stays where it is
recorded, whatever else is added to the collection later.
"""

import hashlib
import json
import os
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import NamedTuple

from denoising_pipeline.batch.clashes import ignores_case, refuse_ways_out
from denoising_pipeline.batch.one import in_words
from denoising_pipeline.batch.partners import Partners
from denoising_pipeline.batch.places import Address, filesystem, is_there
from denoising_pipeline.batch.plan import KNOWN, MANIFEST, RECORD, PlanError, renamed, walk
from denoising_pipeline.batch.results import FileResult, Status, shown
from denoising_pipeline.batch.run import check_folder
from denoising_pipeline.core.files import atomic_write
from denoising_pipeline.pictures.formats import format_of

FILES_OF_A_SHARD = 8
"""On average, when the record of a collection is begun."""

MOST_SHARDS = 2**20
SHARDS = "shards.json"

Found = Iterator[tuple[PurePath, Status, str]]


@dataclass(frozen=True, slots=True)
class Item:
    """One file of a collection; attributes as those of `Work`, but places instead of paths."""

    source: PurePath
    target: PurePath
    root: PurePath
    format: str | None
    shard: str
    partner: PurePath | None = None


class Naming(NamedTuple):
    """What the outputs of a collection are called.

    Attributes:
        root: Folder of all outputs.
        bases: Folder of each input, and the folder below `root` that its outputs go to.
        behind: Suffix.
        format: That all are written in; None: as they came.
        against: Folder of the clean partners; None: there are none.
    """

    root: PurePath
    bases: Sequence[tuple[PurePath, str]]
    behind: str
    format: str | None
    against: PurePath | None = None

    @property
    def is_on_disk(self) -> bool:
        """Whether nothing lies in object storage."""
        places = (self.root, self.against, *(folder for folder, _ in self.bases))
        return not any(isinstance(place, Address) for place in places)

    def target(self, base: int, name: str) -> str:
        """Return the name of an output below `root`, of an input's number and a name below it."""
        folder, _, last = name.rpartition("/")
        parts = self.bases[base][1], folder, renamed(last, self.behind, self.format)
        return "/".join(filter(None, parts))

    def item(self, base: int, name: str, shard: str, partner: str = "") -> Item:
        """Return a file with all that belongs to it."""
        source, target = self.bases[base][0] / name, self.root / self.target(base, name)
        clean = self.against / partner if self.against else None
        return Item(source, target, self.root, self.format, shard, clean)


class Named(NamedTuple):
    """One file as tasks are told of it.

    Attributes:
        base: Number of its input.
        name: Below the input.
        pictured: Whether thumbnails are made.
        partner: Name of its partner below the folder of these; empty: it has none.
    """

    base: int
    name: str
    pictured: bool
    partner: str = ""


@dataclass
class Collected:
    """All files of a collection, as little of each as can be.

    Attributes:
        naming: What outputs are called.
        names: Below their inputs, in the order of the inputs.
        bases: Number of the input of each.
        partners: Names of the partners, if there are any.
    """

    naming: Naming
    names: list[str] = field(default_factory=list)
    bases: "array[int]" = field(default_factory=lambda: array("H"))
    partners: list[str] = field(default_factory=list)

    def shards(self, pictured: frozenset[int]) -> Iterator[tuple[str, list[Named]]]:
        """Yield the name of each shard and its files.

        Args:
            pictured: Positions of the files that thumbnails are made of.

        Raises:
            PlanError: Two files would become one, or one would lie outside of the output's folder.
        """
        self._refuse_ways_out()
        count = _count(self.naming.root, len(self.names))
        numbers = array("L", (self._shard(at, count) for at in range(len(self.names))))
        order = array("L", sorted(range(len(numbers)), key=numbers.__getitem__))
        self._refuse_clashes(order, numbers)
        begin = 0
        while begin < len(order):
            end = begin
            while end < len(order) and numbers[order[end]] == numbers[order[begin]]:
                end += 1
            files = [
                Named(
                    self.bases[at],
                    self.names[at],
                    at in pictured,
                    self.partners[at] if self.partners else "",
                )
                for at in order[begin:end]
            ]
            yield shard_name(numbers[order[begin]]), files
            begin = end

    def _shard(self, at: int, count: int) -> int:
        return shard_number(self.naming.target(self.bases[at], self.names[at]), count)

    def _refuse_ways_out(self) -> None:
        root = self.naming.root
        if isinstance(root, Path):
            targets = map(self.naming.target, self.bases, self.names)
            folders = {root / target.rpartition("/")[0] for target in targets}
            if way_out := refuse_ways_out(sorted({root / MANIFEST, *folders}), root):
                raise PlanError(way_out)

    def _refuse_clashes(self, order: Sequence[int], numbers: Sequence[int]) -> None:
        root = self.naming.root
        fold = isinstance(root, Path) and ignores_case(root)
        taken: dict[str, int] = {}
        shard = -1
        for at in order:
            if numbers[at] != shard and not fold:
                taken, shard = {}, numbers[at]
            target = self.naming.target(self.bases[at], self.names[at])
            other = taken.setdefault(target.casefold() if fold else target, at)
            if other != at:
                both = [
                    shown(self.naming.bases[self.bases[i]][0] / self.names[i]) for i in (other, at)
                ]
                raise PlanError(
                    f"Nothing was done: '{both[0]}' and '{both[1]}' would both become "
                    f"'{shown(target)}'. Leave --format out, or denoise them one after the other."
                )


def collect(
    inputs: Sequence[PurePath],
    output: PurePath,
    suffix: str | None,
    format: str | None,  # noqa: A002  # as Pillow calls it
    note: Callable[[FileResult], None],
    against: PurePath | None = None,
) -> Collected:
    """Find the files of a collection. Nothing is read or written.

    Names of outputs are those of `make_plan`.

    Args:
        inputs: Files and folders.
        output: Folder.
        suffix: Put behind the names of files; None: nothing.
        format: As for `make_plan`.
        note: Takes what is left out, with its reason.
        against: Folder of clean partners; see `Partners`.

    Raises:
        PlanError: An input is not there, the output does not fit, or a file has no partner.
    """
    wanted, bases, found = None if format is None else format_of(format), [], []
    for given in inputs:
        _check_apart(given, output)
        folder = _is_folder(given)
        several = len(inputs) > 1
        bases.append((given, given.name if several else "") if folder else (given.parent, ""))
        found.append(_files_of(given, output) if folder else _file(given))
    collected = Collected(Naming(output, bases, suffix or "", wanted))
    for number, files in enumerate(found):
        for path, status, reason in files:
            if reason:
                note(FileResult(path, None, status, reason))
            else:
                collected.names.append(path.relative_to(bases[number][0]).as_posix())
                collected.bases.append(number)
    if against is not None:
        _find_partners(collected, against)
    return collected


def _find_partners(collected: Collected, against: PurePath) -> None:
    naming, several = collected.naming, len(collected.names) > 1
    partners = Partners(against, several)
    files = zip(collected.bases, collected.names, strict=True)
    for base, name in files:
        folder, into = naming.bases[base]
        partner = partners.of(folder / name, f"{into}/{name}" if into else name)
        collected.partners.append(name if partner == name else partner)
    first = naming.target(collected.bases[0], collected.names[0]) if collected.names else ""
    partners.check([(naming.root, naming.root / first)])
    collected.naming = naming._replace(against=partners.root)


def shard_number(target: str, count: int) -> int:
    """Return which of `count` shards an output is recorded in."""
    digest = hashlib.blake2b(os.fsencode(target), digest_size=4).digest()
    return int.from_bytes(digest, "big") % count


def shard_name(number: int) -> str:
    """Return what a shard is called."""
    return f"{number:05x}"


def _count(root: PurePath, files: int) -> int:
    """Return how many shards the record of the outputs has; the first time, begin it.

    Lines of a record that was kept without a cluster are moved into it.
    """
    place = root / MANIFEST / SHARDS
    files_there, name = filesystem(place)
    try:
        if isinstance(root, Path):
            check_folder(root)
        if is_there(place):
            return int(json.loads(files_there.cat_file(name))["shards"])
        count = 1
        while count * FILES_OF_A_SHARD < files and count < MOST_SHARDS:
            count *= 2
        if isinstance(root, Path):
            _move_lines(root, count)
        with atomic_write(files_there, name) as file:
            file.write(json.dumps({"shards": count}).encode())
    except OSError as error:
        raise PlanError(f"The folder '{shown(root)}' {in_words(error)}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise PlanError(
            f"'{shown(place)}' is damaged. Give another -o; or remove the folder '{MANIFEST}', and "
            "give --overwrite, since nobody knows any more what is done."
        ) from error
    return count


def _move_lines(root: Path, count: int) -> None:
    record = root / RECORD
    if not record.exists():
        return
    (root / MANIFEST).mkdir(exist_ok=True)
    with record.open("rb") as lines:
        for line in lines:
            try:
                shard = shard_name(shard_number(json.loads(line)["target"], count))
            except (ValueError, TypeError, KeyError):
                continue
            with (root / MANIFEST / f"{shard}.jsonl").open("ab") as file:
                file.write(line)
    record.unlink()


def _check_apart(given: PurePath, output: PurePath) -> None:
    try:
        there = is_there(given)
    except Exception as error:  # as many kinds as there are services
        raise PlanError(f"'{shown(given)}' cannot be reached: {error}") from error
    if not there:
        raise PlanError(f"'{shown(given)}' does not exist.")
    apart = [Path(os.path.realpath(p)) if isinstance(p, Path) else p for p in (given, output)]
    if type(apart[0]) is type(apart[1]) and apart[0].is_relative_to(apart[1]):
        raise PlanError(
            f"'{shown(given)}' lies where the outputs would go: give another folder by -o."
        )


def _is_folder(place: PurePath) -> bool:
    files, name = filesystem(place)
    return bool(files.isdir(name))


def _file(place: PurePath) -> Found:
    yield place, "done", ""


def _files_of(folder: PurePath, output: PurePath) -> Found:
    if isinstance(folder, Address):
        return _walk(folder, output)
    return iter(walk(Path(folder), os.path.realpath(folder), os.path.realpath(output)))


def _walk(folder: Address, output: PurePath) -> Found:
    """Do as `walk` does, in object storage, where there are no links."""
    files, name = filesystem(folder)
    try:
        entries = sorted(files.ls(name, detail=True), key=lambda entry: str(entry["name"]))
    except OSError as error:
        yield folder, "failed", in_words(error)
        return
    for entry in entries:
        last = str(entry["name"]).rstrip("/").removeprefix(name).lstrip("/")
        path = folder / last
        if not last or path == output or last == MANIFEST:
            continue
        if path.name != last:
            yield path, "skipped", "has a name that no folder can have"
        elif last.startswith("."):
            yield path, "skipped", "is hidden"
        elif entry["type"] == "directory":
            yield from _walk(path, output)
        elif path.suffix.lower() not in KNOWN:
            yield path, "skipped", "is of a type that is not read"
        else:
            yield path, "done", ""
