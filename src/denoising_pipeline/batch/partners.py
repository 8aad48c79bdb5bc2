"""Clean files that others are scored against, found by their names."""

import os
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path, PurePath, PurePosixPath

from denoising_pipeline.batch.places import filesystem, is_there
from denoising_pipeline.batch.plan import KNOWN, Plan, PlanError
from denoising_pipeline.batch.results import shown
from denoising_pipeline.images.pair_names import without_ending

_LISTED = 5
_FOLDERS = 64
"""Whose names are kept at once: files come folder by folder."""


class Partners:
    """The clean partners of files: of the same name below their folder, or all but its ending.

    Attributes:
        root: The folder, laid out as the outputs are.
    """

    def __init__(self, against: PurePath, several: bool) -> None:
        """Look whether they are there.

        Args:
            against: Their folder; or, of one file, its partner.
            several: Whether there are several files.

        Raises:
            PlanError: There is nothing, or one file for several.
        """
        if not is_there(against):
            raise PlanError(f"'{shown(against)}' does not exist: --against takes clean files.")
        files, name = filesystem(against)
        is_folder = bool(files.isdir(name))
        if several and not is_folder:
            raise PlanError(f"'{shown(against)}' is one file, and several are denoised against it.")
        self.root = against if is_folder else against.parent
        self._only = "" if is_folder else against.name
        self._faults: list[str] = []
        self._names = lru_cache(_FOLDERS)(self._listed)

    def of(self, source: PurePath, below: str) -> str:
        """Return the name of a partner below `root`; of none, empty, and `check` tells of it.

        Args:
            source: The file.
            below: Its name where the outputs are.
        """
        if self._only:
            return self._only
        folder, _, last = below.rpartition("/")
        there = self._names(folder).get(without_ending(last), [])
        found = [last] if last in there else there
        if len(found) == 1:
            return f"{folder}/{found[0]}" if folder else found[0]
        alike = f"there are {' and '.join(sorted(found))}"
        missing = f"there is no '{without_ending(below)}' of any ending"
        self._faults.append(f"'{shown(source)}': {shown(alike if found else missing)}")
        return ""

    def check(self, works: Iterable[tuple[PurePath, PurePath]]) -> None:
        """Refuse files that have no partner, and outputs among the partners.

        Args:
            works: Folder of the outputs and output of a file, of each such folder once at least.

        Raises:
            PlanError: There are such files or outputs.
        """
        partners = _real(self.root / self._only)
        for root, target in works:
            output = _real(target if self._only else root)
            if type(output) is type(partners) and output.is_relative_to(partners):
                raise PlanError(
                    f"'{shown(self.root / self._only)}' is clean, and outputs would go there: give "
                    "another -o."
                )
        if self._faults:
            count = len(self._faults)
            more = f"\n  and {count - _LISTED} more" if count > _LISTED else ""
            raise PlanError(
                f"Nothing was done, since files have no partner in '{shown(self.root)}':\n  "
                + "\n  ".join(self._faults[:_LISTED])
                + f"{more}\nPartners are called as the files are, and lie in folders as the "
                "outputs do; endings may differ."
            )

    def _listed(self, folder: str) -> dict[str, list[str]]:
        """Return the names of the files in a folder, by what partners have in common."""
        files, name = filesystem(self.root / folder)
        found: dict[str, list[str]] = defaultdict(list)
        with suppress(FileNotFoundError, NotADirectoryError):
            for entry in files.ls(name, detail=False):
                last = PurePosixPath(entry).name
                if PurePosixPath(last).suffix.lower() in KNOWN and not last.startswith("."):
                    found[without_ending(last)].append(last)
        return found


def paired(plan: Plan, against: Path) -> Plan:
    """Return a plan whose files have their partners.

    Args:
        plan: The plan.
        against: As for `Partners`.

    Raises:
        PlanError: As for `Partners.check`.
    """
    partners = Partners(against, several=len(plan.works) > 1)
    works = []
    for work in plan.works:
        below = work.target.relative_to(work.root).with_name(work.source.name)
        name = partners.of(work.source, below.as_posix())
        works.append(replace(work, partner=Path(partners.root, name)))
    partners.check({work.root: (work.root, work.target) for work in works}.values())
    return replace(plan, works=works)


def _real(path: PurePath) -> PurePath:
    return Path(os.path.realpath(path)) if isinstance(path, Path) else path
