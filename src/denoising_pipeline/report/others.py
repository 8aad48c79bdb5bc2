"""What other pipelines found of the same denoiser and images, and which of them have not run."""

from collections.abc import Callable, Mapping
from typing import Any

from denoising_pipeline.evaluation.ood import MIN_IMAGES
from denoising_pipeline.images.needs import (
    check_clean_of_one_size,
    check_drawn_of_one_size,
    check_one_size,
)
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.report.blocks import Block, Code, Links, Section, Text
from denoising_pipeline.report.results import Results
from denoising_pipeline.report.tables import Table, words

SIDES: Mapping[str, str] = {
    "benchmark": "whether classical denoisers and the article's network do better",
    "robustness": "other noise, degradations and sources, and whether the denoiser can tell",
    "downstream": "what a classifier reads in denoised images",
    "uncertainty": "how sure the denoiser is of each pixel",
    "anomaly": "whether its error tells images of another kind",
    "features": "what its code is good for, beside PCA and pixels",
    "projections": "autoencoders beside PCA in few values, and maps",
    "study": "which hyperparameters decide",
}
"""Pipelines that have a section of the report, and what each tells."""

_NEEDS: Mapping[str, Callable[[dict[str, Any]], None]] = {
    **dict.fromkeys(("robustness", "uncertainty", "anomaly"), check_drawn_of_one_size),
    **dict.fromkeys(("features", "projections"), check_clean_of_one_size),
    "downstream": check_one_size,
}
"""What these pipelines check of a source before they start."""


def side(name: str) -> Callable[[Results], Section | None]:
    """Return what makes the section of another pipeline, if it has run."""

    def found(results: Results) -> Section | None:
        return results.sides.get(name)

    return found


def in_short(results: Results) -> list[Block]:
    """Return what other pipelines found, a sentence each, and where to read it."""
    told = [each for name in SIDES if (each := results.sides.get(name)) and each.verdict]
    if not told:
        return []
    return [Links("In short", [(f"#{each.key}", each.title, each.verdict) for each in told])]


def not_measured(results: Results) -> Section | None:
    """Name what is not in this report, and the command that would bring it.

    What would refuse this denoiser or these images is not named: without clean ones nothing is.
    """
    missing = [name for name in SIDES if not results.sides.get(name) and _takes(name, results)]
    if not missing:
        return None
    text = (
        "These pipelines have not run on this denoiser and these images, or with other parameters. "
        "Each of them, given together with reporting, writes this report anew with its section:"
    )
    return Section(
        "others",
        "Not measured",
        [
            Text(text),
            Table(
                "What can be measured besides",
                [words("pipeline", missing), words("tells", [SIDES[name] for name in missing])],
            ),
            Code(f"kedro run{_recipe(results)} --pipelines {missing[0]},reporting"),
        ],
    )


def _takes(name: str, results: Results) -> bool:
    """Whether a pipeline works on the denoiser and the images of a run."""
    if not results.has_clean:
        return False
    given = results.facts.parameters
    neighbours = given.get("projections.neighbours") or 0
    counts = ("robustness.images", "preprocessing.validation_images")
    fewest = min(given.get(key, MIN_IMAGES) for key in counts)
    clean, noisy = (ImageSet.of(images).channels for images in (results.clean, results.noisy))
    refused = {
        "robustness": not results.has_classical or clean != noisy or fewest < MIN_IMAGES,
        # The networks that it tries, unless told, are built for whole images of one size.
        "study": "study.parameters" in given and given.get("training.patch"),
        "features": not results.has_code,
        "anomaly": not (results.has_code or given.get("anomaly.components")),
        "uncertainty": not results.has_sd,
        "downstream": results.digit_metrics.empty,
        "projections": 2 * neighbours >= len(results.clean),
    }
    if refused.get(name):
        return False
    try:
        if check := _NEEDS.get(name):
            check(dict(results.source_manifest))
    except ValueError:
        return False
    return True


def _recipe(results: Results) -> str:
    """Return the option of the recipe, as the command of the run had it."""
    words_of = results.facts.command.split()
    return next((f" {word}" for word in words_of if word.startswith("--env=")), "")
