"""What to do with a folder: whether to denoise it, and how a denoiser could be trained on it."""

import shlex
from collections.abc import Iterator
from typing import Literal

from denoising_pipeline.batch.doctor.findings import (
    FULL_SCALE,
    MOSTLY,
    Findings,
    FoundPairs,
    Way,
)
from denoising_pipeline.images.noise_kinds import UNLIKE_TRAINING
from denoising_pipeline.images.noise_level import CLEAN
from denoising_pipeline.pictures.noise_warnings import is_beyond

ENOUGH = 30
"""Photographs from which a denoiser learns what 400 would teach it."""

TEST, VALIDATION = (6, 30), (1, 12)
"""Fewest and most images that are held out: with fewer than 6 for the test, even a gain on every
one of them could be chance."""

LEAST = TEST[0] + VALIDATION[0] + 1
"""Images from which a denoiser can be trained and judged."""

ADDED_NOISE = "supervised, with noise that is added"
SAME_NAME = r"/([^/]+)\.[^.]*$"
"""The scene of a file, where shots of it lie in folders side by side under the same name."""

LEAST_GAIN = 0.3
"""Decibels of PSNR for which denoising is worth while."""


def verdict(found: Findings) -> Iterator[str]:
    """Yield sentences: whether to denoise, and what will not go well."""
    noise = found.noise
    judged = noise.known + noise.unknown
    if found.looked_at == len(found.unreadable):
        yield "Nothing here can be read as an image."
    elif found.gain is not None and found.gain < LEAST_GAIN and not found.is_clean:
        yield f"Do not denoise: the denoiser would gain {found.gain:+.1f} dB, {found.gain_basis}."
        yield from _reservations(found)
    elif found.gain is None and judged and noise.known < (1 - MOSTLY) * judged:
        yield (
            "The noise cannot be told from the images alone: try some of them with --report, "
            "and look."
        )
        yield from _reservations(found)
    elif found.is_clean:
        yield f"Do not denoise: it is clean (median noise {noise.median or 0:.1f}/255)."
    else:
        yield f"Denoise it: denoise {shlex.quote(_part(found, 'noisy') or found.folder)} -o OUT"
        yield from _reservations(found)


def _part(found: Findings, side: Literal["noisy", "clean"]) -> str | None:
    """Return the folder of one side of the pairs, or the whole; None: pairs lie in one folder."""
    sides = [getattr(pairs, side) for pairs in found.pairs if pairs.alike and not pairs.two_noisy]
    if not sides:
        return found.folder
    one = len(sides) == 1 == len(found.pairs) and sides[0].endswith("/")
    return f"{found.folder.rstrip('/')}/{sides[0][:-1]}" if one else None


def _reservations(found: Findings) -> Iterator[str]:
    noise = found.noise
    judged = noise.known + noise.unknown
    clean = noise.bands[next(iter(noise.bands))]
    if clean:
        yield (
            f"{clean} of {judged} are clean (less than {FULL_SCALE * CLEAN:g}/255): leave them "
            "out; --json says which."
        )
    for pairs in found.pairs:
        if pairs.more_than_noise:
            yield (
                f"{pairs.noisy} and {pairs.clean} differ by {pairs.difference:.0f}/255, and the "
                f"noise is {pairs.noise:.1f}/255: most of it (stains, light, a shift) will stay."
            )
        elif pairs.difference and pairs.noise is None:
            yield (
                f"{pairs.noisy} and {pairs.clean} differ by {pairs.difference:.1f}/255: that is "
                "noise which the images alone do not show."
            )
    most = found.trained_up_to
    if noise.high is not None and is_beyond(noise.high, most):
        yield f"Some have more noise than the {most:g}/255 that the denoiser was trained on."
    for kind, count in noise.kinds.items():
        if kind in UNLIKE_TRAINING:
            yield f"{count} of {judged}: {kind}, which the denoiser does not expect."


def ways(found: Findings) -> Iterator[Way]:
    """Yield the ways to train, those that this version has first."""
    clean = _part(found, "clean")
    if found.clean >= LEAST and clean:
        few = "" if found.clean >= ENOUGH else f", few: {ENOUGH} or more make a good denoiser"
        yield Way(
            ADDED_NOISE,
            ready=True,
            text=f"{found.clean} clean images{few}. In the folder of the project: "
            f"denoise train {shlex.quote(clean)}",
        )
    elif 0 < found.clean < LEAST:
        yield Way(
            ADDED_NOISE,
            ready=False,
            text=f"{found.clean} clean images are too few alone: {LEAST} are needed, some of them "
            "to judge by.",
        )
    command = f"In the folder of the project: denoise train {shlex.quote(found.folder)}"
    for pairs in found.pairs:
        if pairs.alike:
            yield _way_of_pairs(pairs, command)
    if found.repeats:
        count, scenes = sum(found.repeats), len(found.repeats)
        yield Way(
            "noise2noise",
            ready=count >= LEAST,
            text=f"{count} shots of {scenes} scene{'s' if scenes > 1 else ''}. {command} --noisy "
            "--scene REGEX, which finds the scene in a file's name",
        )
    noisy = found.noise.known + found.noise.unknown
    if noisy and not (found.is_clean or found.pairs or found.repeats):
        images = noisy + found.pages - found.stacks
        enough = images >= LEAST
        how = f". {command} --noisy" if enough else f", too few: {LEAST} are needed"
        name, what = "self-supervised", "images, noisy ones alone"
        if found.is_still:
            name, what = "noise2noise", "shots, the pages of stacks of still scenes"
        yield Way(name, ready=enough, text=f"{images} {what}{how}")


def _way_of_pairs(pairs: FoundPairs, command: str) -> Way:
    name = "noise2noise" if pairs.two_noisy else "supervised, on pairs"
    text = f"{pairs.count} pairs, {pairs.noisy} and {pairs.clean}"
    if pairs.count < LEAST:
        return Way(name, ready=False, text=f"{text}, too few: {LEAST} are needed")
    if pairs.two_noisy:
        scene = shlex.quote(SAME_NAME)
        return Way(name, ready=True, text=f"{text}. {command} --noisy --scene {scene}")
    if pairs.patterns is None:
        return Way(name, ready=False, text=f"{text}; no two patterns say which belong together")
    more = "; it would learn what else differs, too" if pairs.more_than_noise else ""
    patterns = " ".join(map(shlex.quote, pairs.patterns))
    return Way(name, ready=True, text=f"{text}{more}. {command} --pairs {patterns}")
