"""The node that trains, and the one that describes what came of it."""

import logging
from collections.abc import Callable
from typing import Any

import pandas as pd

from denoising_pipeline import __version__
from denoising_pipeline.core.workers import Workers
from denoising_pipeline.degradations import NoiseInjectionParameters
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.card import Card, Origin
from denoising_pipeline.denoiser.quality_fit import learn_quality
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.report.results import RunFacts
from denoising_pipeline.training import EpochLogger, train
from denoising_pipeline.training.assumptions import assumed, caveats, look_at_noise
from denoising_pipeline.training.checkpoints import Checkpoints
from denoising_pipeline.training.options import TrainingParameters
from denoising_pipeline.training.progress_pictures import PictureLogger
from denoising_pipeline.training.sources import learnt_from

logger = logging.getLogger(__name__)


def train_denoiser(
    train_clean: Images | ImageSet,
    recorded_images: ImageSet,
    splits: pd.DataFrame,
    val_noisy: Images | ImageSet,
    val_clean: Images | ImageSet,
    degradation: dict[str, Any],
    source_manifest: dict[str, Any],
    training: TrainingParameters,
    seed: int,
    run_facts: RunFacts,
    epoch_logger: EpochLogger,
    picture_logger: PictureLogger,
    training_checkpoints: Checkpoints,
    denoisers: Callable[[str], Denoiser],
) -> tuple[Denoiser, pd.DataFrame]:
    """Train a denoiser on noise of its own or on recorded noise, judged on the validation images.

    Args:
        train_clean: Clean images; none, where the source has noisy ones alone.
        recorded_images: The noisy images of the source, if it has any.
        splits: Which of them are of which split, and of which scene, if it is known.
        val_noisy: Noisy validation images; see `train` for what is done with those of any sizes.
        val_clean: The clean images of `val_noisy`, if there are any.
        degradation: What the training images go through, from the stage of noise injection.
        source_manifest: `source`, `files` and, if there is one, `licence` go to the card.
        training: Architecture, loss, epochs and so on.
        seed: Root seed.
        run_facts: `commit` and `dirty` go to the card.
        epoch_logger: Called with (epoch, metrics) after every epoch.
        picture_logger: Called with the first validation images, noisy and denoised.
        training_checkpoints: Where the state of each epoch is kept until training is done.
        denoisers: Opens the one that training.start names.

    Returns:
        The denoiser, which carries its card, and its history, a row per epoch. One that is told
        the noise level also predicts how good its images are, as learnt on `val_clean` with noise
        that is drawn; where noise was recorded, nobody could draw it.
    """
    chosen = NoiseInjectionParameters.model_validate(degradation["degradation"])
    examples, validation = learnt_from(
        train_clean,
        recorded_images,
        splits,
        (val_noisy, val_clean),
        chosen.root,
        training,
        seed,
    )
    assumption = ""
    doubts: tuple[str, ...] = ()
    if training.objective.assumption and Workers.here().leads:
        seen = look_at_noise(recorded_images if len(recorded_images) else val_noisy)
        assumption = assumed(training.objective, seen)
        doubts = caveats(training.objective, seen)
        logger.info(assumption)
        for doubt in doubts:
            logger.warning("Careful: %s", doubt)
    start = denoisers(training.start) if training.start else None
    found, history = train(
        examples,
        validation,
        training,
        seed,
        epoch_logger,
        training_checkpoints,
        start,
        picture_logger,
    )
    if not Workers.here().leads:  # Nobody sees what the others made.
        return found, history
    card = Card(
        images=Origin(
            source=source_manifest["source"],
            files={name: file["sha256"] for name, file in source_manifest["files"].items()},
            licence=source_manifest.get("licence"),
            train_images=len(examples.images),
            digest=examples.facts["images"],
            bits=source_manifest.get("bits"),
        ),
        degradation=chosen,
        seed=seed,
        objective=training.objective.name,
        assumption=assumption,
        caveats=doubts,
        training=training.model_dump(mode="json"),
        start=start and start.card,
        validation=_kept(history, training.keep),
        code=_code(run_facts),
    )
    parts = (found.architecture, found.image_shape, found.model)
    denoiser = Denoiser(*parts, card)
    if found.architecture.told_level and chosen.root.drawn:
        quality = learn_quality(denoiser, ImageSet.of(val_clean), seed)
        denoiser = Denoiser(*parts, card, quality)
    return denoiser, history


def describe_denoiser(denoiser: Denoiser) -> dict[str, Any]:
    """Return what a denoiser is and was made from, as JSON has it.

    Returns:
        What is in its card, and `architecture` (its name and options), `image_shape` (null: any
        height or width) and `weight_count`.
    """
    return {
        **denoiser.card.model_dump(mode="json"),
        "architecture": denoiser.architecture.model_dump(mode="json"),
        "image_shape": list(denoiser.image_shape),
        "weight_count": denoiser.weight_count,
    }


def _kept(history: pd.DataFrame, keep: str) -> dict[str, float]:
    """Return the row of the epoch whose weights were kept: what it says of validation."""
    position = int(history["val_loss"].to_numpy().argmin()) if keep == "best" else -1
    names = ["epoch", "val_loss", "val_psnr", "val_risk"]
    return {name: float(history[name].iloc[position]) for name in names if name in history}


def _code(facts: RunFacts) -> str:
    """Return the version of the package, and the commit if it was a checkout."""
    commit = f", commit {facts.commit}" if facts.commit else ""
    return f"{__version__}{commit}{' with changes' if facts.dirty else ''}"
