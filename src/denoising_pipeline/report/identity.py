"""The section of what the denoiser is, by its card."""

from collections.abc import Mapping
from typing import Any

from denoising_pipeline.report.blocks import Section, Text
from denoising_pipeline.report.results import Results
from denoising_pipeline.report.tables import options, pairs

TELLING = ("loss", "batch_size", "learning_rate", "schedule", "fresh_noise")
"""Parameters of the training that are shown without being asked for."""


def the_denoiser(results: Results) -> Section:
    """What it was trained on, to undo what and how, and what it must not be used for."""
    card = results.card
    telling = [key for key in TELLING if key != "fresh_noise" or card.noise.drawn]
    known = {
        "source": card.images.source,
        "training images": f"{card.images.train_images:,}",
        "licence of the images": card.images.licence or "not known",
        "degradation": _degradation(card.degradation.model_dump(mode="json")),
        "objective": card.objective,
        **({"assumption": card.assumption} if card.assumption else {}),
        **({"what the images say against it": " ".join(card.caveats)} if card.caveats else {}),
        "architecture": options(results.architecture),
        "weights": f"{results.weight_count:,}",
        "epochs": len(results.history),
        **{f"training.{key}": card.training[key] for key in telling if key in card.training},
        "seed": card.seed,
        "validation": ", ".join(f"{key} {value:.4g}" for key, value in card.validation.items()),
        "digest of the training's parameters": card.training_digest,
        "digest of the training images": card.images.digest,
        "code": card.code,
        "values of images": "{:g} to {:g}".format(*card.value_range),
        "must not be used for": card.not_for,
    }
    return Section(
        "denoiser",
        "The denoiser",
        [
            Text("What it was made from and what it must not be used for, as its file says."),
            pairs("Card of the denoiser", "what", known),
            pairs("Every parameter of its training", "parameter", card.training, folded=True),
        ],
    )


def _degradation(degradation: Mapping[str, Any] | list[Mapping[str, Any]]) -> str:
    """Return every option in words; several degradations are named in their order."""
    steps = degradation if isinstance(degradation, list) else [degradation]
    return "; then ".join(options(step) for step in steps)
