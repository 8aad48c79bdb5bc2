"""Scores of every test image, and what they come to."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import pandas as pd

from denoising_pipeline.baselines import Known, NotApplicableError, calibrate, denoise_each
from denoising_pipeline.baselines.inpainting import TOLD_WHERE, inpaint, marked
from denoising_pipeline.degradations import Degradation, draw_noisy
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.evaluation.metrics import METRICS, mean_intervals, pooled_psnr
from denoising_pipeline.evaluation.options import EvaluationParameters
from denoising_pipeline.evaluation.parts import PARTS, known_only, score_parts
from denoising_pipeline.evaluation.scoring import SAID_BY_PSNR, SCORE_FORMATS, score_images
from denoising_pipeline.evaluation.sound import measurable
from denoising_pipeline.evaluation.without_clean import summary_without_clean
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet, first_of
from denoising_pipeline.training.risk import score_without_clean

OTHERS = ("noisy_", "start_", "baseline_")
"""What scores of the noisy images, of the denoiser that was trained on, and of the baseline are
called by."""

CALIBRATED_ON = 100
"""First validation images on which the baseline is calibrated."""

SWEEP = [step / 5 for step in range(11)]
"""Noise levels that the denoiser is tried at, as multiples of the one it was trained for."""


def score_test_images(
    test_clean: Images | ImageSet,
    test_noisy: Images | ImageSet,
    test_denoised: Images | ImageSet,
    splits: pd.DataFrame,
    evaluation: EvaluationParameters,
    denoiser: Denoiser | None = None,
    denoisers: Callable[[str], Denoiser] = Denoiser.load,
    train_clean: Images | ImageSet | None = None,
    val_clean: Images | ImageSet | None = None,
    val_noisy: Images | ImageSet | None = None,
) -> pd.DataFrame:
    """Score every test image, and what other denoisers make of it.

    These are the one that the training started from, if it did, and `evaluation.baseline`.

    Args:
        test_clean: The clean images; none, where the source has noisy ones alone.
        test_noisy: The same images, noisy.
        test_denoised: The same images, denoised.
        splits: `split`, `index`, `label` (missing where there is none) and, of images that come
            from files, `name` of every image.
        evaluation: `metrics` and `baseline` are read.
        denoiser: What denoised them; its card names the one that its training started from.
        denoisers: Opens that one.
        train_clean: Clean training images, which the baseline may learn from.
        val_clean: Clean validation images, which choose the options of the baseline.
        val_noisy: The same images, noisy.

    Returns:
        A row per image: `index`, `label`, `name` if the source has it, each metric of the denoised
        image under its own name, of the noisy image under `noisy_<name>` and, if the training
        started from a denoiser, of what that one gives under `start_<name>`; of the baseline, where
        it exists, under `baseline_<name>`; where the degradation leaves pixels as they were, the
        scores of `score_parts` likewise. Without clean images the columns of `score_without_clean`
        stand in their place.

    Raises:
        ValueError: The images differ in number or size from each other or from `splits`.
    """
    known = [column for column in ("index", "label", "name") if column in splits]
    images = splits.loc[splits["split"] == "test", known].reset_index(drop=True)
    if len(images) != len(test_noisy):
        raise ValueError(
            f"splits lists {len(images)} test images, but there are {len(test_noisy)}: they are of "
            "different runs. Run preprocessing and what comes after it again."
        )
    if denoiser and not len(test_clean):
        return images.join(
            score_without_clean(test_noisy, test_denoised, splits, denoiser, denoisers, val_noisy)
        )
    compared = {"": test_denoised, "noisy_": test_noisy}
    if denoiser and (start := denoiser.card.training.get("start")):
        compared["start_"] = denoisers(start)(test_noisy)
    if denoiser and evaluation.baseline == TOLD_WHERE:
        compared["baseline_"] = denoise_each(inpaint, marked(test_noisy, test_clean))
    elif denoiser and train_clean is not None and val_clean is not None and val_noisy is not None:
        learnt_from = Known(train_clean, denoiser.card.noise, denoiser.card.seed)
        filtered = _filtered(evaluation.baseline, learnt_from, test_noisy, val_noisy, val_clean)
        if filtered is not None:
            compared["baseline_"] = filtered
    scores = _scores(evaluation.metrics, test_clean, compared)
    if denoiser and denoiser.card.noise.partial:
        scores = scores.join(
            pd.DataFrame(
                {
                    f"{prefix}{name}": values
                    for prefix, found in compared.items()
                    for name, values in score_parts(test_clean, test_noisy, found).items()
                }
            )
        )
    return images.join(scores)


def _filtered(
    baseline: str,
    known: Known,
    noisy: Images | ImageSet,
    val_noisy: Images | ImageSet,
    val_clean: Images | ImageSet,
) -> Images | ImageSet | None:
    """Return what the baseline makes of noisy images; None where there is no such baseline."""
    pairs = [first_of(images, CALIBRATED_ON) for images in (val_noisy, val_clean)]
    if not len(pairs[1]):
        return None
    try:
        return denoise_each(calibrate(baseline, known, *pairs).denoise, noisy)
    except NotApplicableError:
        return None


def summarize(
    image_metrics: pd.DataFrame, denoiser: Denoiser, evaluation: EvaluationParameters
) -> dict[str, Any]:
    """Sum up the scores over images, and say of what they are.

    Args:
        image_metrics: The table of `score_test_images`.
        denoiser: What was scored; its card says on which source and degradation.
        evaluation: `confidence`, `baseline` and `limit` are read.

    Returns:
        `source`, `degradation` (name and every option) and `denoiser` (its architecture);
        `n_images`, `confidence`; for each score its mean under its own name and the bounds of the
        interval over images under `<name>_ci_low` and `<name>_ci_high`; `psnr_pooled`, and likewise
        for noisy images and those of the baseline, from the mean over images of the mean squared
        error; `psnr_gain`, mean PSNR over that of the noisy images, with bounds, and
        `worse_than_noisy`, whether it is below 0; if it was trained on from another denoiser,
        `start` names that one, and `start_gain` is mean PSNR over its own, with bounds; where the
        baseline exists, `baseline` names it, `baseline_gain` is mean PSNR over its own, and
        `baseline_gain_<score>` by how much each other score is better (below 0: worse), with
        bounds, but for `mse` and `mae`, which say what PSNR says; `psnr_digit_<label>`,
        mean PSNR of each class, if there are labels; where `limit` is that of this source and
        degradation, `limit_psnr` and `limit_distance`, how far below it the score is in dB. Without
        clean images `summary_without_clean` stands in place of the scores.
    """
    card = denoiser.card
    summary: dict[str, Any] = {
        "source": card.images.source,
        "degradation": card.degradation.model_dump(mode="json"),
        "denoiser": denoiser.architecture.name,
        "n_images": len(image_metrics),
        "confidence": evaluation.confidence,
    }
    if "risk" in image_metrics:
        start = card.training.get("start")
        return {**summary, **summary_without_clean(image_metrics, start, evaluation.confidence)}
    summary |= _means(image_metrics, evaluation.confidence)
    for prefix in ("", "noisy_", "baseline_"):
        if f"{prefix}mse" in image_metrics:
            errors = image_metrics[f"{prefix}mse"].to_numpy()
            summary[f"{prefix}psnr_pooled"] = pooled_psnr(errors)
    gains = image_metrics["psnr"] - image_metrics["noisy_psnr"]
    summary |= mean_intervals({"psnr_gain": gains.to_numpy()}, evaluation.confidence)
    summary["worse_than_noisy"] = summary["psnr_gain"] < 0
    if "start_psnr" in image_metrics:
        gains = image_metrics["psnr"] - image_metrics["start_psnr"]
        summary["start"] = card.training.get("start")
        summary |= mean_intervals({"start_gain": gains.to_numpy()}, evaluation.confidence)
    if "baseline_psnr" in image_metrics:
        summary["baseline"] = evaluation.baseline
        summary |= _over_baseline(image_metrics, evaluation.confidence)
    limit = evaluation.limit
    if limit and (limit.source, limit.degradation) == (card.images.source, card.degradation):
        summary |= {"limit_psnr": limit.psnr, "limit_distance": limit.psnr - summary["psnr"]}
    by_label = image_metrics.groupby("label")["psnr"].mean()
    return summary | {f"psnr_digit_{label:g}": float(mean) for label, mean in by_label.items()}


def summarize_digits(image_metrics: pd.DataFrame, evaluation: EvaluationParameters) -> pd.DataFrame:
    """Sum up the scores of each class.

    Args:
        image_metrics: The table of `score_test_images`.
        evaluation: `confidence` is read.

    Returns:
        A row per label: `label`, `n_images`, and for each score its mean and interval bounds,
        named as in `summarize`. Without labels there are no rows.
    """
    rows = [
        {"label": label, "n_images": len(group), **_means(group, evaluation.confidence)}
        for label, group in image_metrics.groupby("label")
    ]
    return pd.DataFrame(rows, columns=["label", "n_images", *_columns(_names(image_metrics))])


def sweep_noise(
    test_clean: Images | ImageSet, denoiser: Denoiser, evaluation: EvaluationParameters
) -> pd.DataFrame:
    """Score the denoiser at other levels of the noise than the one it was trained for.

    All levels draw the same random numbers, those of `test_noisy`: what differs between them is
    the level, and at the trained one the scores are those of `score_test_images`.

    Args:
        test_clean: The clean images; the first `sweep_images` are read.
        denoiser: What is scored; its card says for which noise and seed.
        evaluation: `metrics`, `sweep_images` and `confidence` are read.

    Returns:
        A row per level from 0 to twice the trained one, as far as the degradation has it: `level`,
        `trained` (whether it is the one trained for), `n_images`, and for each score its mean and
        interval bounds, named as in `summarize`. A degradation without a level has no rows.
    """
    noise, seed = denoiser.card.noise, denoiser.card.seed
    clean = first_of(test_clean, evaluation.sweep_images)
    rows = []
    for level, noise_at_level in _levels(noise):
        noisy = draw_noisy(clean, noise_at_level, seed=seed, split="test", epoch=0)
        compared = {"": denoiser(noisy), "noisy_": noisy}
        scores = _scores(evaluation.metrics, clean, compared)
        is_trained = level == noise.level_value
        row = {"level": level, "trained": is_trained, "n_images": len(clean)}
        rows.append(row | _means(scores, evaluation.confidence))
    names = [
        f"{prefix}{name}" for prefix in ("", "noisy_") for name in measurable(evaluation.metrics)
    ]
    return pd.DataFrame(rows, columns=["level", "trained", "n_images", *_columns(names)])


def _levels(noise: Degradation) -> Iterator[tuple[float, Degradation]]:
    if not noise.level:
        return
    for level in sorted({noise.level_value * multiple for multiple in SWEEP}):
        with suppress(ValueError):  # A probability, for one, ends at 1.
            yield level, noise.at(level)


def _scores(
    metrics: Iterable[str], clean: Images | ImageSet, compared: Mapping[str, Images | ImageSet]
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            f"{prefix}{name}": values
            for prefix, images in compared.items()
            for name, values in score_images(metrics, clean, images).items()
        }
    )


def _over_baseline(image_metrics: pd.DataFrame, confidence: float) -> dict[str, float]:
    """Return by how much each score is better than the baseline's, image by image, with bounds."""
    gains = {}
    for score in SCORE_FORMATS:
        if score.key in SAID_BY_PSNR or f"baseline_{score.key}" not in image_metrics:
            continue
        more = known_only(image_metrics[score.key] - image_metrics[f"baseline_{score.key}"])
        if len(more):
            gains[score.over_baseline] = more if score.more_is_better else -more
    return mean_intervals(gains, confidence)


def _names(image_metrics: pd.DataFrame) -> list[str]:
    """Return the columns that are scores."""
    prefixes = ("", *OTHERS)
    scores = [f"{prefix}{name}" for name in (*METRICS, *PARTS) for prefix in prefixes]
    return [name for name in map(str, image_metrics) if name in scores]


def _columns(names: Iterable[str]) -> list[str]:
    """Return the columns of means and intervals, as `mean_intervals` names them."""
    return [f"{name}{end}" for name in names for end in ("", "_ci_low", "_ci_high")]


def _means(image_metrics: pd.DataFrame, confidence: float) -> dict[str, float]:
    scores = {name: known_only(image_metrics[name]) for name in _names(image_metrics)}
    return mean_intervals({name: found for name, found in scores.items() if len(found)}, confidence)
