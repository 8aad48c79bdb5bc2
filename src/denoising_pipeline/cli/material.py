"""What a folder has for `denoise train`: clean images, pairs, or noisy images alone."""

import os
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import ValidationError

from denoising_pipeline.batch.doctor import Findings
from denoising_pipeline.batch.doctor.advice import LEAST, SAME_NAME
from denoising_pipeline.batch.doctor.findings import MOSTLY
from denoising_pipeline.batch.plan import walk
from denoising_pipeline.cli.own_recipe import objective_without_clean
from denoising_pipeline.images.files import OTHER_SUFFIXES, ImageError, decode_image
from denoising_pipeline.images.options import IngestionParameters, PairNames
from denoising_pipeline.images.pair_names import matched
from denoising_pipeline.training.assumptions import SeenNoise, assumed, caveats
from denoising_pipeline.training.objectives import OBJECTIVES

Kind: TypeAlias = Literal["clean", "pairs", "noisy"]

MOST_NOISE = 5
"""Median noise n/255 up to which images are taken for clean: photographs of good cameras have so
much, and a denoiser learns to leave it."""

TIFF = (".tif", ".tiff")

SCENES = (r"^(.+)[-_. ][^-_. /]*\.[^.]*$", r"^(.+)/[^/]*$", SAME_NAME)
"""How names may tell scenes: all before the last word, the folder, or the name in every folder."""

FEWEST_SCENES = 3
"""One to learn from, one to choose by, one to judge by."""


@dataclass(frozen=True)
class Material:
    """What is learnt from.

    Attributes:
        kind: Clean images, to which noise is added; pairs; or noisy images alone.
        images: How many, or how many pairs.
        reasons: Why it is taken for that, a sentence each.
        names: How the files of pairs are named.
        scene: Regular expression that finds the scene in a name; None: every image is one.
    """

    kind: Kind
    images: int
    reasons: tuple[str, ...]
    names: PairNames | None = None
    scene: str | None = None


def material(
    folder: Path,
    found: Findings,
    patterns: tuple[str, str] | None = None,
    scene: str | None = None,
    *,
    noisy: bool = False,
) -> Material:
    """Decide what a folder has to learn from.

    Args:
        folder: The folder.
        found: What `examine` found in it.
        patterns: How clean and noisy files of pairs are named; None: as was found, if most files
            are of such pairs.
        scene: As `ingestion.scene`.
        noisy: Take all images as noisy ones, whatever they look like.

    Raises:
        ValueError: There is too little, or an option has no sense.
    """
    if noisy and patterns:
        raise ValueError("--pairs and --noisy cannot both be: leave one out.")
    names = _pair_names(patterns) if patterns else None if noisy else _found_names(found)
    _check_scene(scene)
    chosen = _pairs(folder, names, scene) if names else _images(found, scene, noisy=noisy)
    if chosen.images < LEAST:
        what = "pairs" if chosen.kind == "pairs" else "images that can be read"
        raise ValueError(
            f"'{found.folder}' has {chosen.images} {what}. {LEAST} or more are needed: some to "
            "learn from, and others, never learnt from, to judge by."
            + "".join(f" {text}" for text in _pages(found))
        )
    return chosen


def _pairs(folder: Path, names: PairNames, scene: str | None) -> Material:
    paths = [path for path, _, left in walk(folder, os.path.realpath(folder), "") if not left]
    pairs, faults = matched((path.relative_to(folder).as_posix() for path in paths), names)
    reasons = [
        f"{len(pairs)} pairs: {names.noisy} is noisy, {names.clean} the same without the noise. "
        "What differs between the two is learnt."
    ]
    if faults:
        reasons.append(f"{len(faults)} are left out, such as: {next(iter(faults.values()))}.")
    return Material("pairs", len(pairs), tuple(reasons), names, scene)


def _images(found: Findings, scene: str | None, *, noisy: bool) -> Material:
    images, own = found.files - len(found.unreadable), found.noise.median or 0.0
    level = f"median noise {own:.1f}/255"
    told = None if scene else scenes_by_name(found)
    if not noisy and own <= MOST_NOISE:
        reason = (
            f"They are clean ({level}): noise like that of cameras is added, of levels up to "
            "75/255."
        )
        more = (*_pages(found), *([_told(told, found)] if told else ()))
        return Material("clean", images, (reason, *more), scene=scene or told)
    if told and sum(found.repeats) == len(found.looks):
        scene = told
    reasons = [
        f"They are noisy ({level}), and there are no clean ones: "
        + (
            "shots of one scene are compared with each other."
            if scene
            else "neighbouring pixels are compared with each other."
        ),
        *([_told(told, found)] if told and scene else ()),
        *_pages(found),
    ]
    noise = found.noise
    seen = SeenNoise(noise.known + noise.unknown, noise.kinds, noise.clipped)
    name = objective_without_clean(scene)
    objective = OBJECTIVES[name].model_validate({"name": name})
    reasons.append(assumed(objective, seen))
    reasons += [f"Careful: {doubt}" for doubt in caveats(objective, seen)]
    if found.repeats and not scene:
        reasons.append(
            f"Careful: {sum(found.repeats)} of them look like shots of {len(found.repeats)} "
            "scenes. With --scene, which says what of a name is the scene, they are compared with "
            "each other, and no scene is learnt from and judged by."
        )
    return Material("noisy", images, tuple(reasons), scene=scene)


def unreadable(folder: Path, found: Findings) -> list[tuple[str, str]]:
    """List files that cannot be learnt from, those included that `denoise` reads and ingestion not.

    Args:
        folder: The folder.
        found: What `examine` found in it.

    Returns:
        Their names, and why.
    """
    bad = [*found.unreadable]
    for name, *_ in found.looks:
        path = folder / name
        if path.suffix.lower() in (*TIFF, *OTHER_SUFFIXES) and path.is_file():
            try:
                with path.open("rb") as file:
                    decode_image(file, "")
            except ImageError as error:
                bad.append((name, str(error).removeprefix("'' ").removesuffix(".")))
    return bad


def scenes_by_name(found: Findings) -> str | None:
    """Return the expression by which names tell the scenes that were seen; None: none of `SCENES`.

    Args:
        found: What `examine` found.
    """
    if len(found.looks) - sum(found.repeats) + len(found.scenes) < FEWEST_SCENES:
        return None
    seen = {frozenset(shots) for shots in found.scenes}
    for pattern in SCENES if seen else ():
        named: dict[str, set[str]] = defaultdict(set)
        for name, *_ in found.looks:
            match = re.search(pattern, name)
            named[match[1] if match else ""].add(name)
        if (
            "" not in named
            and {frozenset(shots) for shots in named.values() if len(shots) > 1} == seen
        ):
            return pattern
    return None


def _told(scene: str, found: Findings) -> str:
    return (
        f"{sum(found.repeats)} of them are shots of {len(found.repeats)} scenes, which their names "
        f"tell (--scene '{scene}'): no scene is learnt from and judged by."
    )


def _pages(found: Findings) -> tuple[str, ...]:
    if not found.several_pages:
        return ()
    return (
        f"Careful: {found.several_pages} files have several pages, and only the first of each is "
        "learnt from. Save pages as files of their own to learn from all.",
    )


def _pair_names(patterns: tuple[str, str]) -> PairNames:
    try:
        return PairNames(clean=patterns[0], noisy=patterns[1])
    except ValidationError as error:
        raise ValueError(f"--pairs: {error.errors()[0]['msg']}.") from error


def _check_scene(scene: str | None) -> None:
    try:
        IngestionParameters(scene=scene)
    except ValidationError as error:
        raise ValueError(f"--scene: {error.errors()[0]['msg']}.") from error


def _found_names(found: Findings) -> PairNames | None:
    """Return how most files are paired, if they are."""
    for pairs in found.pairs:
        most = 2 * pairs.count >= MOSTLY * found.files and 2 * pairs.alike >= pairs.compared
        if most and pairs.patterns and not pairs.two_noisy:
            return _pair_names(pairs.patterns)
    return None
