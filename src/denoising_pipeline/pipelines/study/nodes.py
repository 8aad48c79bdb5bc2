"""The trials of a study, and what they say."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from denoising_pipeline.degradations import NoiseInjectionParameters
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.evaluation.options import EvaluationParameters
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.training.options import TrainingParameters
from denoising_pipeline.training.study.experiment import Experiment
from denoising_pipeline.training.study.options import StudyParameters
from denoising_pipeline.training.study.results import (
    best_recipe,
    importances,
    summarize,
    trial_tables,
)
from denoising_pipeline.training.study.space import Space
from denoising_pipeline.training.study.trials import TrialLogger, load_optuna, run_trials


def run_study(
    train_clean: Images | ImageSet,
    recorded_images: ImageSet,
    splits: pd.DataFrame,
    val_noisy: Images | ImageSet,
    val_clean: Images | ImageSet,
    degradation: dict[str, Any],
    source_manifest: dict[str, Any],
    study: StudyParameters,
    training: TrainingParameters,
    evaluation: EvaluationParameters,
    seed: int,
    study_storage: str,
    trial_logger: TrialLogger,
    denoisers: Callable[[str], Denoiser],
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, str]:
    """Train with one set of hyperparameters after another, scored on validation images.

    Args:
        train_clean: Clean images; the first `images` are learnt from.
        recorded_images: The noisy images of the source, if it has any.
        splits: Which of them are of which split.
        val_noisy: Noisy validation images.
        val_clean: The clean images of `val_noisy`.
        degradation: What the training images go through.
        source_manifest: `digest` tells these images from others.
        study: What is tried, how often, and the name of the study.
        training: The recipe that trials differ from.
        evaluation: `confidence` is read.
        seed: Root seed of the trainings and of the sampler.
        study_storage: Where studies are kept, if `study.storage` does not say.
        trial_logger: Follows each trial.
        denoisers: Opens the one that training.start names.

    Returns:
        The two tables of `trial_tables`, that of `importances`, and the best trial as a recipe.

    Raises:
        ValueError: The space is not allowed, the images do not fit, or the study of that name is
            another one; before anything is trained.
    """
    load_optuna()
    space = Space.of(study.space, training)
    chosen = NoiseInjectionParameters.model_validate(degradation["degradation"])
    experiment = Experiment(
        train_clean,
        recorded_images,
        splits,
        val_noisy,
        val_clean,
        chosen.root,
        denoisers,
        seed,
    ).limited(study.images, study.validation_images)
    experiment.check(space.trainings())
    facts = {
        "training": space.fixed,
        "seed": seed,
        "source": source_manifest["digest"],
        "degradation": chosen.model_dump(mode="json"),
        "images": study.images,
        "validation_images": study.validation_images,
    }
    address = study.storage or study_storage
    found = run_trials(space, study, address, facts, seed, experiment, trial_logger)
    table, scores = trial_tables(found, space, evaluation.confidence)
    return table, scores, importances(found, seed), best_recipe(found, space, table)


def summarize_study(
    study_trials: pd.DataFrame,
    study_scores: pd.DataFrame,
    evaluation: EvaluationParameters,
    seed: int,
) -> dict[str, Any]:
    """Put into single numbers what a study found; see `summarize`."""
    return summarize(study_trials, study_scores, evaluation.confidence, seed)
