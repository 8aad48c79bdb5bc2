"""How good denoisers are on test images of which nobody has a clean one."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from denoising_pipeline.core.seeding import generator
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.evaluation.without_clean import residuals
from denoising_pipeline.images.arrays import Images, Values
from denoising_pipeline.images.noise_level import estimate_noise
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.training.batches import Batch
from denoising_pipeline.training.objectives import Objective
from denoising_pipeline.training.options import TrainingParameters
from denoising_pipeline.training.sources import partners


def risks(
    denoisers: Mapping[str, Denoiser | None],
    objective: Objective,
    noisy: Images | ImageSet,
    others: Images | ImageSet | None,
    seed: int,
) -> dict[str, Values]:
    """Measure the self-supervised risk of denoisers on whole images that training never saw.

    It is what the objective minimizes as a squared error: the mean squared difference from noisy
    values that the denoiser did not see. If their noise has a mean of zero and is independent of
    what it saw, the risk is the mean squared error plus the variance of the noise, which is the
    same for all (Lehtinen et al., "Noise2Noise", 2018; Batson and Royer, "Noise2Self", 2019): the
    lower the better, and the difference of two risks is that of their errors.

    Args:
        denoisers: By name; None: nothing is done.
        objective: A self-supervised one.
        noisy: Noisy images, in [0, 1].
        others: Second shots of these, if the objective needs them.
        seed: Root seed of what the objective draws, the same for all denoisers.

    Returns:
        For each denoiser a value per image, on the squared scale of [0, 1].
    """
    images, seconds = ImageSet.of(noisy), None if others is None else ImageSet.of(others)
    found = {name: np.empty(len(images)) for name in denoisers}
    for index in range(len(images)):
        image = images.read(index)
        level = estimate_noise(image).sigma
        batch = Batch(
            image[np.newaxis],
            None if seconds is None else seconds.read(index)[np.newaxis],
            level=np.array([level]),
            target_level=np.array([level]),
        )
        ready = objective.prepare(batch, generator(seed, "objective", "test", index))
        told = level if ready.level is None else float(ready.level[0])
        for name, denoiser in denoisers.items():
            output = ready.input if denoiser is None else _denoised(denoiser, ready.input, told)
            found[name][index] = _squared(output, ready)
    return found


def score_without_clean(
    noisy: Images | ImageSet,
    denoised: Images | ImageSet,
    splits: pd.DataFrame,
    denoiser: Denoiser,
    denoisers: Callable[[str], Denoiser],
) -> pd.DataFrame:
    """Measure the risk of the denoiser on every test image, and what it takes away.

    Args:
        noisy: The test images.
        denoised: The same images denoised.
        splits: `split` and, if it is known, `scene` of every image.
        denoiser: What denoised them; its card names the objective, and what it started from.
        denoisers: Opens the latter.

    Returns:
        A row per image: `risk` of the denoiser, `noisy_risk` of doing nothing and, if the training
        started from a denoiser, its `start_risk` (see `risks`); and the columns of `residuals`.
    """
    card = denoiser.card
    objective = TrainingParameters.model_validate(card.training).objective
    compared: dict[str, Denoiser | None] = {"risk": denoiser, "noisy_risk": None}
    if start := card.training.get("start"):
        compared["start_risk"] = denoisers(start)
    others = None
    if objective.second_shot:
        others = ImageSet.of(noisy).take(partners(splits, "test"))
    measured = risks(compared, objective, noisy, others, card.seed)
    return pd.DataFrame(measured | residuals(noisy, denoised))


def _denoised(denoiser: Denoiser, image: Images, level: float) -> Images:
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
