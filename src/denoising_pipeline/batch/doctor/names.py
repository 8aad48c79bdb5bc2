"""Files that belong together by their names: noisy and clean, or two shots of a scene."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

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

_SHARE = 0.5
_PARTS = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z])")


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
