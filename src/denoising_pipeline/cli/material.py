"""What a folder has for `denoise train`: clean images, pairs, or noisy images alone."""

import os
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import ValidationError

from denoising_pipeline.batch.doctor import Findings
from denoising_pipeline.batch.doctor.advice import LEAST, SAME_NAME
from denoising_pipeline.batch.doctor.findings import MOSTLY, FoundPairs
from denoising_pipeline.batch.plan import walk
from denoising_pipeline.cli.own_recipe import objective_without_clean
from denoising_pipeline.images.files import OTHER_SUFFIXES, ImageError, Pages
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

LEAST_SHOTS = LEAST + 2
"""Pages of still stacks that are compared with each other, so that there are two of each split."""

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
        still: The pages of a file are shots of one still scene, compared with each other.
    """

    kind: Kind
    images: int
    reasons: tuple[str, ...]
    names: PairNames | None = None
    scene: str | None = None
    still: bool = False


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
    chosen = _pairs(folder, found, names, scene) if names else _images(found, scene, noisy=noisy)
    if chosen.images < LEAST:
        what = "pairs" if chosen.kind == "pairs" else "images that can be read"
        raise ValueError(
            f"'{found.folder}' has {chosen.images} {what}. {LEAST} or more are needed: some to "
            "learn from, and others, never learnt from, to judge by."
        )
    if chosen.kind == "pairs" or not found.copies:
        return chosen
    copied = f"{found.copies} of them hold the same pixels as another one"
    if chosen.images - found.copies < LEAST:
        raise ValueError(
            f"'{found.folder}' has {chosen.images} images, and {copied}. {LEAST} or more that "
            "differ are needed."
        )
    careful = f"Careful: {copied}. One may be learnt from and the other judged by: remove copies."
    return replace(chosen, reasons=(*chosen.reasons, careful))


def _pairs(folder: Path, found: Findings, names: PairNames, scene: str | None) -> Material:
    paths = [path for path, _, left in walk(folder, os.path.realpath(folder), "") if not left]
    pairs, faults = matched((path.relative_to(folder).as_posix() for path in paths), names)
    images = round(len(pairs) * found.images / (found.files - len(found.unreadable)))
    reasons = [
        f"{images} pairs: {names.noisy} is noisy, {names.clean} the same without the noise. "
        "What differs between the two is learnt.",
        *_pages(found, alone=len(pairs) == 1),
    ]
    if faults:
        reasons.append(f"{len(faults)} are left out, such as: {next(iter(faults.values()))}.")
    return Material("pairs", images, tuple(reasons), names, scene)


def _images(found: Findings, scene: str | None, *, noisy: bool) -> Material:
    chosen = _of_one_kind(found, scene, noisy=noisy)
    doubts = () if noisy else tuple(map(_no_pairs, filter(_like_pairs, found.pairs)))
    return replace(chosen, reasons=(*chosen.reasons, *doubts))


def _like_pairs(pairs: FoundPairs) -> bool:
    """Whether names say that files are pairs, and what they show says that they are not."""
    return 2 * pairs.alike < pairs.compared and not pairs.two_noisy


def _no_pairs(pairs: FoundPairs) -> str:
    return (
        f"Careful: by their names {pairs.count} are pairs ({pairs.noisy}, {pairs.clean}), but of "
        f"{pairs.compared} that were compared {pairs.compared - pairs.alike} are not of one size, "
        "or are shifted, or do not show the same, so that each file is taken for an image of its "
        "own. Cut or align them, if they are to be pairs."
    )


def _of_one_kind(found: Findings, scene: str | None, *, noisy: bool) -> Material:
    images, own = found.images, found.noise.median or 0.0
    level = f"median noise {own:.1f}/255"
    told = None if scene else scenes_by_name(found)
    alone = found.stacks == len(found.looks) == 1
    if not noisy and own <= MOST_NOISE:
        reason = (
            f"They are clean ({level}): noise like that of cameras is added, of levels up to "
            "75/255."
        )
        more = (*_pages(found, alone), *([_told(told, found)] if told else ()))
        return Material("clean", images, (reason, *more), scene=scene or told)
    if told and sum(found.repeats) == len(found.looks):
        scene = told
    still = found.is_still and images >= LEAST_SHOTS
    reasons = [
        f"They are noisy ({level}), and there are no clean ones: "
        + (
            "the pages of a stack are compared with each other."
            if still
            else "shots of one scene are compared with each other."
            if scene
            else "neighbouring pixels are compared with each other."
        ),
        *([_told(told, found)] if told and scene else ()),
        *_pages(found, alone),
        *([_compared(still)] if found.stacks else ()),
    ]
    noise = found.noise
    seen = SeenNoise(noise.known + noise.unknown, noise.kinds, noise.clipped)
    name = objective_without_clean(shots=bool(scene or still))
    objective = OBJECTIVES[name].model_validate({"name": name})
    reasons.append(assumed(objective, seen))
    reasons += [f"Careful: {doubt}" for doubt in caveats(objective, seen)]
    if found.repeats and not (scene or still):
        reasons.append(
            f"Careful: {sum(found.repeats)} of them look like shots of {len(found.repeats)} "
            "scenes. With --scene, which says what of a name is the scene, they are compared with "
            "each other, and no scene is learnt from and judged by."
        )
    return Material("noisy", images, tuple(reasons), scene=scene, still=still)


def unreadable(folder: Path, found: Findings) -> tuple[Findings, list[tuple[str, str]]]:
    """Find what cannot be learnt from, files included that `denoise` reads and ingestion not.

    Args:
        folder: The folder.
        found: What `examine` found in it.

    Returns:
        What was found without them; and the names of these files and pages, and why.
    """
    bad = [*found.unreadable]
    bad_pages: list[tuple[str, str]] = []
    for name, *_ in found.looks:
        path = folder / name
        if path.suffix.lower() in (*TIFF, *OTHER_SUFFIXES) and path.is_file():
            try:
                with path.open("rb") as file:
                    faults, count = _faults(pages := Pages(file, name)), pages.count
            except ImageError as error:
                faults, count = [_fault(name, error)], 1
            (bad if count == 1 else bad_pages).extend(faults)
    without = replace(found, unreadable=bad, pages=found.pages - len(bad_pages))
    return without, [*bad, *bad_pages]


def _faults(pages: Pages) -> list[tuple[str, str]]:
    found = []
    for page in range(pages.count):
        try:
            pages.read(page)
        except ImageError as error:
            found.append(_fault(pages.name_of(page), error))
    return found


def _fault(name: str, error: ImageError) -> tuple[str, str]:
    return name, str(error).removeprefix(f"'{name}' ").removesuffix(".")


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


def _pages(found: Findings, alone: bool) -> tuple[str, ...]:
    """Say how stacks are learnt from.

    Args:
        found: What `examine` found.
        alone: All images are pages of one stack, or of a pair of them.
    """
    if not found.stacks:
        return ()
    stacks = f"{found.stacks} stack{'s' * (found.stacks > 1)}"
    said = f"{found.pages} pages in {stacks}, each an image of its own."
    if alone:
        return (
            said,
            "Careful: its last pages are set aside, and they are like those that are learnt from, "
            "as pages of one file are: scores tell little of other files.",
        )
    return (f"{said} No stack is both learnt from and judged by.",)


def _compared(still: bool) -> str:
    """Say what the pages of stacks are taken for."""
    if still:
        return (
            "The first, the middle and the last page of each stack differ by no more than noise: "
            "its pages are taken for shots of one still scene."
        )
    return (
        "The pages of a stack are taken for slices or moments that differ, and are not compared "
        "with each other (ingestion.still)."
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
