"""Scores of the trained denoiser and of all baselines on the same test images."""

import itertools
import logging
import math
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from denoising_pipeline import figures
from denoising_pipeline.baselines import (
    BASELINES,
    Denoise,
    Hyperparameters,
    Known,
    NotApplicableError,
    calibrate,
    denoise_each,
    fit,
)
from denoising_pipeline.baselines.inpainting import TOLD_WHERE, inpaint, marked
from denoising_pipeline.baselines.options import BenchmarkParameters
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.evaluation.metrics import mean_intervals, pooled_psnr
from denoising_pipeline.evaluation.options import EvaluationParameters
from denoising_pipeline.evaluation.parts import known_only, score_parts
from denoising_pipeline.evaluation.scoring import score_images
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.patches import centre_patches
from denoising_pipeline.images.sets import ImageSet, first_of, of_one_size
from denoising_pipeline.images.shown import excerpt
from denoising_pipeline.training import CleanExamples, train
from denoising_pipeline.training.options import TrainingParameters

logger = logging.getLogger(__name__)

ARTICLE = "article's network"

Validation = tuple[Images | ImageSet, Images | ImageSet]  # (noisy, clean)


class _Contestant(NamedTuple):
    """What is scored, or why it is not."""

    name: str
    denoise: Denoise | None = None
    hyperparameters: Hyperparameters = {}  # noqa: RUF012  # never changed
    fit_seconds: float = math.nan
    note: str = ""


def calibrate_baselines(
    train_clean: Images | ImageSet,
    val_clean: Images | ImageSet,
    val_noisy: Images | ImageSet,
    denoiser: Denoiser,
    benchmark: BenchmarkParameters,
) -> dict[str, Any]:
    """Choose the hyperparameters of every baseline on validation images.

    Args:
        train_clean: What baselines learn from.
        val_clean: Clean validation images.
        val_noisy: The same images, noisy.
        denoiser: The trained denoiser, whose card tells noise and seed.
        benchmark: Which baselines, on how many images.

    Returns:
        By name of the baseline: its `hyperparameters` and the `seconds` that this took; or `note`,
        why it does not apply.

    Raises:
        ValueError: There are no clean images.
    """
    if not len(val_clean):
        raise ValueError(
            f"The benchmark compares with clean images, and {denoiser.card.images.source} has "
            "none. Leave the benchmark pipeline out."
        )
    known = Known(train_clean, denoiser.card.noise, denoiser.card.seed)
    noisy, clean = _calibration(val_noisy, val_clean, benchmark)
    found: dict[str, Any] = {}
    for name in BASELINES if benchmark.baselines is None else benchmark.baselines:
        started = time.perf_counter()
        try:
            chosen = calibrate(name, known, noisy, clean).hyperparameters
        except NotApplicableError as error:
            logger.warning("%s is left out: %s", name, error)
            found[name] = {"note": str(error)}
        else:
            seconds = time.perf_counter() - started
            found[name] = {"hyperparameters": dict(chosen), "seconds": seconds}
            logger.info("%s: calibrated in %.1f s", name, seconds)
    return found


def score_denoisers(
    train_clean: Images | ImageSet,
    val_clean: Images | ImageSet,
    val_noisy: Images | ImageSet,
    test_clean: Images | ImageSet,
    test_noisy: Images | ImageSet,
    denoiser: Denoiser,
    baseline_calibration: dict[str, Any],
    article_recipe: dict[str, Any],
    evaluation: EvaluationParameters,
    benchmark: BenchmarkParameters,
) -> tuple[pd.DataFrame, Images]:
    """Score the trained denoiser, the baselines and the article's network on test images.

    Args:
        train_clean: What baselines and the article's network learn from.
        val_clean: Clean validation images, on which tone curves are learned.
        val_noisy: The same images, noisy.
        test_clean: Clean test images.
        test_noisy: The same images, noisy.
        denoiser: The trained denoiser, whose card tells noise and seed.
        baseline_calibration: What `calibrate_baselines` returns.
        article_recipe: The article's parameters; of `training`, all but the epochs are taken.
        evaluation: `confidence` and `metrics` are read.
        benchmark: On how many images, and for how many epochs.

    Returns:
        The table, best mean PSNR first, a row for each: `denoiser` (its name), `hyperparameters`,
        each metric with its interval and `psnr_pooled` as in `summary`, `fit_seconds` (not of the
        trained denoiser), `seconds_per_1000` images, `n_images`, `confidence`, and `note`: why it
        was left out, in a row without scores, or empty. And the first denoised test images of each
        row with scores, float32 (rows, examples, H, W, C).
    """
    known = Known(train_clean, denoiser.card.noise, denoiser.card.seed)
    validation = _calibration(val_noisy, val_clean, benchmark)
    clean, noisy = (
        _part(each, benchmark.test_images, benchmark.crop) for each in (test_clean, test_noisy)
    )
    told = [_Contestant(TOLD_WHERE, inpaint)] if known.noise.partial else []
    contestants = itertools.chain(
        [_Contestant(f"denoiser ({denoiser.architecture.name})", denoiser)],
        told,
        _baselines(known, validation, baseline_calibration),
        _article(known, validation, article_recipe, benchmark.article_epochs),
    )
    rows, shown = [], {}
    for contestant in contestants:
        row = _described(contestant)
        if contestant.denoise:
            seen = marked(noisy, clean) if contestant.name == TOLD_WHERE else noisy
            scores, denoised = _score(contestant.denoise, clean, seen, evaluation)
            if known.noise.partial:
                parts = score_parts(clean, noisy, denoised)
                known_parts = {name: known_only(values) for name, values in parts.items()}
                scores |= mean_intervals(known_parts, evaluation.confidence)
            row |= scores
            shown[contestant.name] = excerpt(denoised, benchmark.examples)
            logger.info("%s: %.2f dB", contestant.name, scores["psnr"])
        rows.append(row)
    table = pd.DataFrame(rows).sort_values("psnr", ascending=False, kind="stable")
    in_order = [shown[name] for name in table["denoiser"] if name in shown]
    return table.reset_index(drop=True), np.stack(in_order)


def _calibration(
    noisy: Images | ImageSet, clean: Images | ImageSet, benchmark: BenchmarkParameters
) -> Validation:
    """Return the validation images that hyperparameters are chosen on."""
    count, crop = benchmark.calibration_images, benchmark.crop
    return _part(noisy, count, crop), _part(clean, count, crop)


def _baselines(
    known: Known, validation: Validation, calibration: dict[str, Any]
) -> Iterator[_Contestant]:
    for name, found in calibration.items():
        if "note" in found:
            yield _Contestant(name, note=found["note"])
        else:
            fitted = fit(name, found["hyperparameters"], known, *validation)
            yield _Contestant(name, fitted.denoise, fitted.hyperparameters, found["seconds"])


def _article(
    known: Known, validation: Validation, recipe: dict[str, Any], epochs: int
) -> Iterator[_Contestant]:
    """Yield the article's network, unless it has no epochs."""
    if not epochs:
        return
    options = TrainingParameters.model_validate(recipe["training"] | {"epochs": epochs})
    started = time.perf_counter()
    try:
        trained = _train(known, validation, options)
    except NotApplicableError as error:
        logger.warning("%s is left out: %s", ARTICLE, error)
        yield _Contestant(ARTICLE, note=str(error))
    else:
        seconds = time.perf_counter() - started
        yield _Contestant(ARTICLE, trained, {"epochs": epochs}, seconds)


def _train(known: Known, validation: Validation, options: TrainingParameters) -> Denoiser:
    """Train a network on images of one size.

    Raises:
        NotApplicableError: It cannot process these images.
    """
    shape = known.shape
    if not known.noise.drawn:
        raise NotApplicableError(
            f"it is trained on noise that is drawn, and {known.noise.describe()} cannot be"
        )
    try:
        options.model.build(shape, known.seed)
    except ValueError as error:
        raise NotApplicableError(str(error)) from error
    noisy, clean = map(of_one_size, validation)
    examples = CleanExamples.of(known.train_clean, known.noise, options, known.seed)
    learned = examples, (noisy, clean), options, known.seed
    return train(*learned, lambda epoch, metrics: None)[0]


def _described(contestant: _Contestant) -> dict[str, Any]:
    """Return what the table says of it without its scores."""
    chosen = contestant.hyperparameters.items()
    return {
        "denoiser": contestant.name,
        "hyperparameters": ", ".join(f"{name} {value:g}" for name, value in chosen),
        "fit_seconds": contestant.fit_seconds,
        "n_images": 0,
        "note": contestant.note,
    }


def _score(
    denoise: Denoise,
    clean: Images | ImageSet,
    noisy: Images | ImageSet,
    evaluation: EvaluationParameters,
) -> tuple[dict[str, Any], Images | ImageSet]:
    """Return scores and time of one denoiser, and the denoised images.

    What networks do at first is not timed: compiling for one size of batch, and then for any.
    """
    for count in (1, 2):
        denoise_each(denoise, first_of(noisy, count))
    started = time.perf_counter()
    denoised = denoise_each(denoise, noisy)
    seconds = time.perf_counter() - started
    values = score_images(evaluation.metrics, clean, denoised)
    known = {name: known_only(each) for name, each in values.items()}
    scores = {
        **mean_intervals({n: v for n, v in known.items() if len(v)}, evaluation.confidence),
        "psnr_pooled": pooled_psnr(values["mse"]),
        "seconds_per_1000": seconds / len(clean) * 1000,
        "n_images": len(clean),
        "confidence": evaluation.confidence,
    }
    return scores, denoised


def draw_benchmark_examples(
    test_clean: Images | ImageSet,
    benchmark_denoised: Images,
    benchmark_table: pd.DataFrame,
    benchmark: BenchmarkParameters,
) -> Figure:
    """Draw what each denoiser makes of the first test images.

    Args:
        test_clean: Clean test images.
        benchmark_denoised: Those of `score_denoisers`, as the table.
        benchmark_table: The table.
        benchmark: `crop` is read.

    Returns:
        A row of images for each.
    """
    scored = benchmark_table[benchmark_table["note"] == ""]
    labels = [
        f"{name}\n{psnr:.2f} dB"
        for name, psnr in zip(scored["denoiser"], scored["psnr"], strict=True)
    ]
    count = benchmark_denoised.shape[1]
    clean = excerpt(_part(test_clean, count, benchmark.crop), count)
    return figures.benchmark_examples(clean, dict(zip(labels, benchmark_denoised, strict=True)))


def _part(images: Images | ImageSet, count: int | None, crop: int | None) -> Images | ImageSet:
    """Return the first images, or the middle of each."""
    first = first_of(images, count)
    return first if crop is None else centre_patches(ImageSet.of(first), crop)
