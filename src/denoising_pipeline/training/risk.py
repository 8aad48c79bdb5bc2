"""How good denoisers are on test images of which nobody has a clean one."""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd

from denoising_pipeline.baselines import BASELINES, Hyperparameters, Known
from denoising_pipeline.core.seeding import generator
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.picture import denoise_page
from denoising_pipeline.denoiser.quality import unlike_learnt
from denoising_pipeline.evaluation.without_clean import FILTERS, LEAST, residuals
from denoising_pipeline.images.arrays import Images, Values
from denoising_pipeline.images.noise_level import estimate_noise
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.images.shown import middle
from denoising_pipeline.training.batches import Batch
from denoising_pipeline.training.objectives import Objective
from denoising_pipeline.training.options import TrainingParameters
from denoising_pipeline.training.sources import partners

SIDE = 1024
"""Height and width of the middle of an image that is measured, at most: filters take 10 seconds for
so much."""

CALIBRATED_ON, CALIBRATED_SIDE = 6, 256
"""Validation images on which filters are calibrated, and pixels of the sides of their middles."""

LEVEL = 0.2
"""Noise for which the options of the filters are tried; for other noise they grow with it."""

FAINTEST = 1 / 255

ENDS = ["predicted_low", "predicted_high"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Filter:
    """A classical filter, calibrated, which is told the noise level as a network is.

    Attributes:
        name: One of `BASELINES`, all of whose options are amounts of brightness.
        hyperparameters: Its options for noise of `LEVEL`.
        known: What it may learn from; filters learn nothing.
    """

    name: str
    hyperparameters: Hyperparameters
    known: Known

    def __call__(self, image: Images, level: float) -> Images:
        """Denoise an image; of equal channels one, which is repeated.

        Args:
            image: float32 (1, H, W, C).
            level: Standard deviation of its noise, on the scale of [0, 1].
        """
        factor = max(level, FAINTEST) / LEVEL
        options = {key: value * factor for key, value in self.hyperparameters.items()}
        grey = bool((image == image[..., :1]).all())
        found = BASELINES[self.name].fit(self.known, **options)(image[..., :1] if grey else image)
        return np.broadcast_to(found, image.shape)


Compared: TypeAlias = Denoiser | Filter | None
"""What may be measured; None: nothing is done."""


def risks(
    denoisers: Mapping[str, Compared],
    objective: Objective,
    noisy: Images | ImageSet,
    others: Images | ImageSet | None,
    seed: int,
) -> dict[str, Values]:
    """Measure the self-supervised risk of denoisers on images that training never saw.

    It is what the objective minimizes as a squared error: the mean squared difference from noisy
    values that the denoiser did not see. If their noise has a mean of zero and is independent of
    what it saw, the risk is the mean squared error plus the variance of the noise, which is the
    same for all (Lehtinen et al., "Noise2Noise", 2018; Batson and Royer, "Noise2Self", 2019): the
    lower the better, and the difference of two risks is that of their errors.

    Args:
        denoisers: By name.
        objective: A self-supervised one.
        noisy: Noisy images, in [0, 1]; of large ones the middle of `SIDE` pixels is read.
        others: Second shots of these, if the objective needs them.
        seed: Root seed of what the objective draws, the same for all denoisers.

    Returns:
        For each denoiser a value per image, on the squared scale of [0, 1].
    """
    found: dict[str, list[float]] = {name: [] for name in denoisers}
    for ready, told in _prepared(objective, noisy, others, seed, "test", SIDE):
        for name, denoiser in denoisers.items():
            found[name].append(_squared(_denoised(denoiser, ready.input, told), ready))
    return {name: np.array(values) for name, values in found.items()}


def calibrated_filters(
    objective: Objective,
    noisy: Images | ImageSet,
    others: Images | ImageSet | None,
    known: Known,
) -> dict[str, Filter]:
    """Choose the options of each of `FILTERS` that have the lowest mean risk, without clean images.

    J. Batson and L. Royer, "Noise2Self" (2019), calibrate classical denoisers by such a risk.

    Args:
        objective: A self-supervised one; filters have the risk that networks have.
        noisy: Noisy validation images, in [0, 1]; the first `CALIBRATED_ON` are read.
        others: Second shots of these, if the objective needs them.
        known: `seed` is read.

    Returns:
        The calibrated filters, by the keys of `FILTERS`.
    """
    few = ImageSet.of(noisy).take(range(min(CALIBRATED_ON, len(noisy))))
    chosen = {}
    place = objective, few, others, known.seed, "val", CALIBRATED_SIDE
    examples = [*_prepared(*place)]
    for key, name in FILTERS.items():
        candidates = [Filter(name, options, known) for options in BASELINES[name].grid]
        measured = [
            np.mean([_squared(each(ready.input, told), ready) for ready, told in examples])
            for each in candidates
        ]
        chosen[key] = candidates[int(np.argmin(measured))]
        options = {k: round(v / LEVEL, 2) for k, v in chosen[key].hyperparameters.items()}
        logger.info("%s: %s times the noise level, by the risk", name, options)
    return chosen


def predictions(noisy: Images | ImageSet, denoiser: Denoiser) -> pd.DataFrame:
    """Predict the PSNR of what a denoiser makes of images, as `denoise` does, where it can.

    Args:
        noisy: Noisy images, in [0, 1]; of large ones the middle of `SIDE` pixels is read. Those
            whose channels are equal are grey.
        denoiser: What denoises them.

    Returns:
        A row per image: `predicted`, `predicted_low` and `predicted_high` in dB, NaN where nothing
        is predicted, and `not_predicted`, why, or empty. No columns, if it never learnt to.
    """
    if denoiser.quality is None:
        return pd.DataFrame()
    images, rows = ImageSet.of(noisy), []
    for index in range(len(images)):
        image = _part(images, index, SIDE)
        if (image == image[..., :1]).all():
            image = np.ascontiguousarray(image[..., :1])
        why = unlike_learnt(estimate_noise(image), denoiser.trained_up_to)
        found = None if why else denoise_page(image, denoiser)[1].predicted
        ends = (found.psnr, found.low, found.high) if found else (np.nan, np.nan, np.nan)
        rows.append((*ends, why))
    return pd.DataFrame(rows, columns=["predicted", *ENDS, "not_predicted"])


def score_without_clean(
    noisy: Images | ImageSet,
    denoised: Images | ImageSet,
    splits: pd.DataFrame,
    denoiser: Denoiser,
    denoisers: Callable[[str], Denoiser],
    val_noisy: Images | ImageSet | None = None,
) -> pd.DataFrame:
    """Measure the risk of the denoiser on every test image, and what it takes away.

    Args:
        noisy: The test images.
        denoised: The same images denoised.
        splits: `split` and, if it is known, `scene` of every image.
        denoiser: What denoised them; its card names the objective, and what it started from.
        denoisers: Opens the latter.
        val_noisy: Validation images, on which filters are calibrated; None: there are no filters.

    Returns:
        A row per image: `risk` of the denoiser, `noisy_risk` of doing nothing and, if the training
        started from a denoiser, its `start_risk` (see `risks`); `<filter>_risk` for each of
        `FILTERS`; the columns of `residuals`; and those of `predictions`, of what it started from
        with the prefix `start_`.
    """
    card = denoiser.card
    objective = TrainingParameters.model_validate(card.training).objective
    compared: dict[str, Compared] = {"risk": denoiser, "noisy_risk": None}
    predicted = [predictions(noisy, denoiser)]
    if start := card.training.get("start"):
        compared["start_risk"] = opened = denoisers(start)
        predicted.append(predictions(noisy, opened).add_prefix("start_"))

    def seconds(images: Images | ImageSet, split: str) -> ImageSet | None:
        shots = objective.second_shot
        return ImageSet.of(images).take(partners(splits, split)) if shots else None

    if val_noisy is not None and len(val_noisy) and _suit_filters(noisy, val_noisy):
        known = Known(val_noisy, card.noise, card.seed)
        filters = calibrated_filters(objective, val_noisy, seconds(val_noisy, "val"), known)
        compared |= {f"{key}_risk": each for key, each in filters.items()}
    measured = risks(compared, objective, noisy, seconds(noisy, "test"), card.seed)
    scores = pd.DataFrame(measured | residuals(noisy, denoised))
    return pd.concat([scores, *predicted], axis=1)


def _prepared(
    objective: Objective,
    noisy: Images | ImageSet,
    others: Images | ImageSet | None,
    seed: int,
    split: str,
    side: int,
) -> Iterator[tuple[Batch, float]]:
    """Yield what the objective makes of the middle of each image, and the noise level of that."""
    images, seconds = ImageSet.of(noisy), None if others is None else ImageSet.of(others)
    for index in range(len(images)):
        image = _part(images, index, side)
        level = estimate_noise(image).sigma
        batch = Batch(
            image[np.newaxis],
            None if seconds is None else _part(seconds, index, side)[np.newaxis],
            level=np.array([level]),
            target_level=np.array([level]),
        )
        ready = objective.prepare(batch, generator(seed, "objective", split, index))
        yield ready, level if ready.level is None else float(ready.level[0])


def _suit_filters(*collections: Images | ImageSet) -> bool:
    sides = [ImageSet.of(images).shapes[:, :2].min(initial=SIDE) for images in collections]
    return bool(min(sides) >= LEAST)


def _part(images: ImageSet, index: int, side: int) -> Images:
    """Return the middle of an image, (H, W, C); a recording lies in one row."""
    return middle(images, index, side, side * side if images.shape(index)[0] == 1 else side)


def _denoised(denoiser: Compared, image: Images, level: float) -> Images:
    if denoiser is None:
        return image
    if isinstance(denoiser, Filter):
        return denoiser(image, level)
    told = level if denoiser.architecture.told_level else None
    return denoiser(
        image, sigma=told, unclipped=True
    )  # As the objective prepared it to learn from.


def _squared(output: Images, ready: Batch) -> float:
    if ready.target is None:
        raise ValueError("The objective returned examples without a target.")
    squares = np.square(output - ready.target, dtype=np.float64)
    if ready.mask is None:
        return float(squares.mean())
    weights = np.broadcast_to(ready.mask, squares.shape)
    return float((squares * weights).sum() / max(weights.sum(), 1))
