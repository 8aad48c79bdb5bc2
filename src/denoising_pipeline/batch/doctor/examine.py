"""Going through a folder, one image in memory at a time."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from denoising_pipeline.batch.doctor.advice import verdict, ways
from denoising_pipeline.batch.doctor.findings import (
    BANDS,
    FULL_SCALE,
    Findings,
    FoundPairs,
    Noise,
)
from denoising_pipeline.batch.doctor.looks import Look, is_still, look_at
from denoising_pipeline.batch.doctor.prospects import (
    expected_gain,
    gained,
    middle,
    training_seconds,
    typical,
)
from denoising_pipeline.batch.doctor.scenes import copies, repeats
from denoising_pipeline.batch.one import in_words
from denoising_pipeline.batch.plan import walk
from denoising_pipeline.batch.results import shown
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.images.noise_level import CLEAN
from denoising_pipeline.images.pair_names import Pairs, find_pairs
from denoising_pipeline.images.pairs import mismatch

SAMPLE, NEIGHBOURS = 120, 4
"""Files of a large folder that are read, and how many of them lie side by side: shots of one scene
often do."""

COMPARED = 6
"""Pairs that are compared, and images that a gain is estimated on."""

_AS_NOISY = 0.67


def examine(
    folder: Path,
    denoiser: Denoiser | None = None,
    *,
    everything: bool = False,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Findings:
    """Look at what a folder holds.

    Args:
        folder: The folder, with all in it.
        denoiser: For images of any size; None: nothing is said of gains and times.
        everything: Read every file, not `SAMPLE` of them.
        progress: Told how many files are read, of how many.

    Returns:
        What was found, and what to do.
    """
    paths: list[Path] = []
    left_out: Counter[str] = Counter()
    for path, _, reason in walk(folder, os.path.realpath(folder), ""):
        if reason:
            left_out[reason] += 1
        else:
            paths.append(path)
    named = find_pairs(folder, paths)
    chosen = paths if everything else sample(paths)
    looks: list[Look] = []
    unreadable: list[tuple[str, str]] = []
    for number, path in enumerate(chosen):
        progress(number, len(chosen))
        try:
            looks.append(look_at(path)[0])
        except Exception as error:  # one bad file does not end a folder
            unreadable.append((shown(path.relative_to(folder)), in_words(error)))
    pairs = [_compared(folder, each, denoiser) for each in named]
    clean_sides = {
        clean
        for each, found in zip(named, pairs, strict=True)
        if found.alike and not found.two_noisy
        for _, clean in each.files
    }
    judged = [look for look in looks if look.path not in clean_sides]
    scenes = sorted(repeats(judged), key=len, reverse=True)
    stacks = [look for look in looks if look.is_stack]
    findings = Findings(
        folder=shown(folder),
        files=len(paths),
        looked_at=len(chosen),
        unreadable=unreadable,
        left_out=_counted(left_out),
        formats=_counted(look.format for look in looks),
        sizes=_counted(f"{look.width}x{look.height}" for look in looks),
        types=_counted(f"{look.depth} {look.mode}" for look in looks),
        stacks=len(stacks),
        still=sum(is_still(look.path) for look in stacks),
        pages=sum(look.pages for look in stacks),
        megapixels=sum(look.height * look.width * look.images for look in looks) / 1e6,
        noise=_noise(judged),
        clean=len(clean_sides)
        + sum(look.images for look in judged if look.sigma is not None and look.sigma < CLEAN),
        pairs=pairs,
        repeats=[*map(len, scenes)],
        scenes=[[shown(look.path.relative_to(folder)) for look in shots] for shots in scenes],
        copies=copies(looks),
        gain=None,
        gain_basis="",
        trained_up_to=_trained_up_to(denoiser),
        training_seconds=training_seconds(denoiser) if denoiser else None,
        looks=[
            (
                shown(look.path.relative_to(folder)),
                None if look.sigma is None else round(look.sigma * FULL_SCALE, 2),
                look.kinds,
            )
            for look in looks
        ],
    )
    if denoiser:
        gain, basis = _gain_of_pairs(pairs) or _gain(judged, denoiser)
        findings = replace(findings, gain=gain, gain_basis=basis)
    return replace(findings, verdict=[*verdict(findings)], ways=[*ways(findings)])


def sample(paths: Sequence[Path]) -> Sequence[Path]:
    """Return all of a few files; of many `SAMPLE`, in evenly spread groups of `NEIGHBOURS`."""
    if len(paths) <= SAMPLE:
        return paths
    starts = np.linspace(0, len(paths) - NEIGHBOURS, SAMPLE // NEIGHBOURS).round().astype(int)
    return [path for start in starts for path in paths[start : start + NEIGHBOURS]]


def _counted(found: Iterable[str] | Counter[str]) -> dict[str, int]:
    return dict(Counter(found).most_common())


def _trained_up_to(denoiser: Denoiser | None) -> float | None:
    level = denoiser.trained_up_to if denoiser else None
    return None if level is None else level * FULL_SCALE


def _noise(looks: Sequence[Look]) -> Noise:
    levels = np.array([look.sigma for look in looks if look.sigma is not None]) * FULL_SCALE
    edges = [0, *BANDS, np.inf]
    names = [
        f"below {edges[1]:g}",
        *(f"{low:g} to {high:g}" for low, high in pairwise(BANDS)),
        f"{BANDS[-1]:g} and more",
    ]
    counts, _ = np.histogram(levels, edges)
    low, median, high = np.quantile(levels, (0.1, 0.5, 0.9)) if len(levels) else (None,) * 3
    return Noise(
        known=len(levels),
        unknown=len(looks) - len(levels),
        median=median if median is None else float(median),
        low=low if low is None else float(low),
        high=high if high is None else float(high),
        bands=dict(zip(names, map(int, counts), strict=True)),
        kinds=_counted(kind for look in looks for kind in look.kinds),
        clipped=float(np.mean([look.clipped for look in looks])) if looks else 0.0,
    )


def _gain_of_pairs(pairs: Sequence[FoundPairs]) -> tuple[float, str] | None:
    """Return the gain against the clean sides of most pairs, and in words how it is known."""
    known = [each for each in pairs if each.gain is not None]
    if not known:
        return None
    largest = max(known, key=lambda each: each.count)
    return largest.gain or 0.0, f"against {largest.clean} of {largest.alike} pairs"


def _gain(looks: Sequence[Look], denoiser: Denoiser) -> tuple[float | None, str]:
    """Return the median gain on typical files, and in words how it is known."""
    gains = []
    for position in typical([look.sigma for look in looks], COMPARED):
        look = looks[position]
        gain = expected_gain(look_at(look.path)[1], look.sigma or 0, denoiser)
        if gain is not None:
            gains.append(gain)
    if not gains:
        return None, ""
    return float(np.median(gains)), f"predicted on {len(gains)} of them"


def _compared(folder: Path, pairs: Pairs, denoiser: Denoiser | None) -> FoundPairs:
    places = np.linspace(0, len(pairs.files) - 1, min(COMPARED, len(pairs.files)))
    differences, noisy, clean, gains = [], [], [], []
    for place in places.round().astype(int):
        try:
            (one, before), (other, after) = map(look_at, pairs.files[place])
        except Exception:  # noqa: S112  # it is listed where all files are read
            continue
        if not mismatch(after, before):
            differences.append(float(np.sqrt(np.square(before - after).mean())))
            noisy.append(one.sigma)
            clean.append(other.sigma)
            if denoiser:
                gains.append(gained(middle(before), middle(after), denoiser))
    noise, clean_noise = _median(noisy), _median(clean)
    swapped = not pairs.told and noise is not None and noise < (clean_noise or 0)
    names = (pairs.clean, pairs.noisy) if swapped else (pairs.noisy, pairs.clean)
    if swapped:
        noise, clean_noise = clean_noise, noise
    known = pairs.patterns(folder)
    patterns = (known.clean, known.noisy) if known else None
    two_noisy = not pairs.told and (clean_noise or 0) >= _AS_NOISY * (noise or 0) > 0
    return FoundPairs(
        *names,
        count=len(pairs.files),
        compared=len(places),
        alike=len(differences),
        two_noisy=two_noisy,
        difference=_median(differences),
        noise=noise,
        clean_noise=clean_noise,
        gain=None if two_noisy or swapped or not gains else float(np.median(gains)),
        patterns=patterns[::-1] if patterns and swapped else patterns,
    )


def _median(levels: Sequence[float | None]) -> float | None:
    known = [level for level in levels if level is not None]
    return float(np.median(known)) * FULL_SCALE if known else None
