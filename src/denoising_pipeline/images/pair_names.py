"""Files that belong together by their names: noisy and clean, or two shots of a scene."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from denoising_pipeline.images.options import PairNames

NOISY_WORDS = frozenset({"noisy", "noise", "real", "raw", "input", "in", "low", "lq", "short"})
CLEAN_WORDS = frozenset(
    {
        "clean",
        "mean",
        "average",
        "avg",
        "gt",
        "truth",
        "ref",
        "reference",
        "target",
        "out",
        "output",
    }
    | {"high", "hq", "long", "denoised"}
)
"""What names call the two of a pair."""

FEWEST = 2
"""Pairs that have to be named alike before it is taken for a rule."""

CLEAN_AND_NOISY = PairNames(clean="clean/*", noisy="noisy/*")
"""Where pairs lie unless it is said otherwise."""

_SHARE = 0.5
_PARTS = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z])")


class Pair(NamedTuple):
    """Paths of two files that show the same."""

    clean: str
    noisy: str


def matched(paths: Iterable[str], names: PairNames) -> tuple[dict[str, Pair], dict[str, str]]:
    """Match files by two patterns.

    Args:
        paths: Of the files, within their source.
        names: The patterns.

    Returns:
        By the name of the pair, which is what `*` stands for, in order: the pairs; and, by that
        name or the path, why other files belong to none.
    """
    sides: dict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    faults: dict[str, str] = {}
    for path in paths:
        found = [_common(path, pattern) for pattern in (names.clean, names.noisy)]
        fitting = [(len(name), side, name) for side, name in enumerate(found) if name is not None]
        if fitting:
            _, side, name = min(fitting)  # of two patterns the one that says more
            sides[name][side].append(path)
        else:
            faults[path] = f"'{path}' is named neither {names.clean} nor {names.noisy}"
    pairs: dict[str, Pair] = {}
    for name, both in sorted(sides.items()):
        if all(len(side) == 1 for side in both):
            pairs[name] = Pair(*(side[0] for side in both))
        elif all(both):
            faults[name] = f"{_quoted(*both[0], *both[1])} are more than a pair"
        else:
            pattern = names.noisy if both[0] else names.clean
            partner = pattern.removesuffix(".*").replace("*", name)
            faults[name] = f"{_quoted(*both[0], *both[1])}: there is no '{partner}' of any ending"
    return pairs, faults


def chosen_names(paths: Iterable[str], wanted: PairNames | None) -> PairNames | None:
    """Return how the pairs among files are named; None: they are no pairs.

    Args:
        paths: Of the files, within their source.
        wanted: What the parameters say; None: pairs lie in `clean/` and `noisy/`, if both are
            there.
    """
    if wanted:
        return wanted
    tops = {path.split("/")[0].lower() for path in paths if "/" in path}
    return CLEAN_AND_NOISY if {"clean", "noisy"} <= tops else None


def _common(path: str, pattern: str) -> str | None:
    """Return what the star of a pattern stands for; None: the path is no such name."""
    whole = without_ending(path)
    before, _, after = pattern.removesuffix(".*").partition("*")
    long = len(whole) > len(before) + len(after)
    fits = whole.lower().startswith(before.lower()) and whole.lower().endswith(after.lower())
    return whole[len(before) : len(whole) - len(after)] if long and fits else None


def without_ending(path: str) -> str:
    """Return what the names of two files that belong together have in common."""
    return str(PurePosixPath(path).with_suffix(""))


def _quoted(*paths: str) -> str:
    return " and ".join(f"'{path}'" for path in paths)


@dataclass(frozen=True)
class Pairs:
    """Files that are paired by one rule.

    Attributes:
        noisy: What the noisy ones are called, as far as the names tell: a folder or a word.
        clean: What the others are called.
        files: (noisy, clean) of each pair.
        told: Whether the names say which is which.
    """

    noisy: str
    clean: str
    files: Sequence[tuple[Path, Path]]
    told: bool

    def patterns(self, folder: Path) -> PairNames | None:
        """Return the patterns by which exactly these files are pairs; None: no two patterns do.

        Args:
            folder: In which all files are.
        """
        relative = [tuple(path.relative_to(folder).as_posix() for path in f) for f in self.files]
        paths = [path for both in relative for path in both]
        for clean, noisy in product(*map(_patterns, (self.clean, self.noisy))):
            names = PairNames(clean=clean, noisy=noisy)
            pairs, faults = matched(paths, names)
            if not faults and {(p.noisy, p.clean) for p in pairs.values()} == {*relative}:
                return names
        return None


def _patterns(side: str) -> list[str]:
    """Return patterns of what one side is called: a folder or a word."""
    if side.endswith("/"):
        return [f"{side}*"]
    return [pattern for sign in "_- " for pattern in (f"*{sign}{side}", f"{side}{sign}*")]


def find_pairs(folder: Path, files: Iterable[Path]) -> list[Pairs]:
    """Find pairs by names alone; no file is in two of what is returned.

    Pairs lie in two folders side by side under the same names (endings aside), or in one folder
    under names that differ in one word of `NOISY_WORDS` and one of `CLEAN_WORDS`.

    Args:
        folder: In which all files are.
        files: The files.
    """
    relative = [path.relative_to(folder) for path in files]
    found: list[Pairs] = []
    taken: set[Path] = set()
    for pairs in (*_by_folders(relative), *_by_words(relative)):
        kept = [both for both in pairs.files if taken.isdisjoint(both)]
        if len(kept) >= FEWEST:
            taken.update(path for both in kept for path in both)
            whole = [(folder / one, folder / other) for one, other in kept]
            found.append(Pairs(pairs.noisy, pairs.clean, whole, pairs.told))
    return found


def _by_folders(files: Sequence[Path]) -> list[Pairs]:
    """Pair folders under the same parent, those with the most names in common first."""
    below: dict[Path, dict[str, dict[Path, Path]]] = defaultdict(lambda: defaultdict(dict))
    for path in files:
        for depth in range(len(path.parts) - 1):
            rest = Path(*path.parts[depth + 1 :]).with_suffix("")
            below[Path(*path.parts[:depth])][path.parts[depth]][rest] = path
    found = []
    for folders in below.values():
        for one, other in combinations(sorted(folders), 2):
            common = folders[one].keys() & folders[other].keys()
            if len(common) < max(FEWEST, _SHARE * min(len(folders[one]), len(folders[other]))):
                continue
            noisy, clean, told = _told(one, other)
            pairs = [(folders[noisy][rest], folders[clean][rest]) for rest in sorted(common)]
            found.append(Pairs(f"{noisy}/", f"{clean}/", pairs, told))
    return sorted(found, key=lambda pairs: (not pairs.told, -len(pairs.files)))


def _told(one: str, other: str) -> tuple[str, str, bool]:
    """Return which of two names is noisy and which clean, and whether they say so."""
    words = [{word.lower() for word in _PARTS.split(name)} for name in (one, other)]
    is_noisy, is_clean = (
        [bool(word & known) for word in words] for known in (NOISY_WORDS, CLEAN_WORDS)
    )
    if is_noisy[1] > is_noisy[0] or is_clean[0] > is_clean[1]:
        return other, one, True
    return one, other, is_noisy != is_clean


def _by_words(files: Sequence[Path]) -> list[Pairs]:
    """Pair names of one folder that are equal but for a word."""
    noisy: dict[tuple[Path, tuple[str, ...]], tuple[str, Path]] = {}
    clean: dict[tuple[Path, tuple[str, ...]], tuple[str, Path]] = {}
    for path in files:
        words = [word for word in _PARTS.split(path.stem) if word]
        for position, word in enumerate(words):
            rest = (path.parent, (*words[:position], *words[position + 1 :]))
            for known, side in ((NOISY_WORDS, noisy), (CLEAN_WORDS, clean)):
                if word.lower() in known and len(words) > 1:
                    side[rest] = (word, path)
    rules: dict[tuple[str, str], list[tuple[Path, Path]]] = defaultdict(list)
    for rest in sorted(noisy.keys() & clean.keys()):
        (word, one), (other_word, other) = noisy[rest], clean[rest]
        if one != other:
            rules[word.lower(), other_word.lower()].append((one, other))
    return [Pairs(*rule, both, told=True) for rule, both in rules.items()]
