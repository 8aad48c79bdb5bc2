"""Whether a new denoiser takes the place of the best so far: better by more than chance."""

from typing import NamedTuple

import pandas as pd

from denoising_pipeline.evaluation.paired import PairedDifference, paired_difference
from denoising_pipeline.evaluation.runs import (
    SCORE,
    TrackedRun,
    image_score,
    obstacle_to_pairing,
)
from denoising_pipeline.images.arrays import Values


class Decision(NamedTuple):
    """What becomes of a new denoiser.

    Attributes:
        champion: Whether it is the best so far; else it is a challenger.
        reason: Why, in a few words.
        difference: PSNR of the new one over that of the champion, in dB, or how much lower its
            risk is; None: not compared.
    """

    champion: bool
    reason: str
    difference: PairedDifference | None = None


def decide(
    run: TrackedRun,
    champion: TrackedRun,
    *,
    seed: int,
    confidence: float = 0.95,
    resamples: int = 10_000,
) -> Decision:
    """Compare two denoisers on the same noisy test images, image by image.

    By their PSNR or, where there are no clean images, by their risk.

    Args:
        run: The run of the new denoiser.
        champion: The run of the best one so far.
        seed: Root seed of the bootstrap.
        confidence: Probability that the interval covers the mean difference, in (0, 1).
        resamples: How often the images are resampled.

    Returns:
        The new one is the champion if the interval lies above 0, and there are so many images that
        a gain on every one of them would not be chance itself (sign test: two-sided, 2 * 2^-N).
        It is a challenger otherwise, and where the two did not see the same images.
    """
    scores, reference = run.image_metrics(), champion.image_metrics()
    obstacle = obstacle_to_pairing(run, scores, champion, reference)
    if obstacle or scores is None or reference is None:
        return Decision(False, f"cannot be compared with the champion: {obstacle}")
    pair = _better_is_more(scores), _better_is_more(reference)
    return _judged("the champion", pair, seed, confidence, resamples)


def decide_first(
    run: TrackedRun, *, seed: int, confidence: float = 0.95, resamples: int = 10_000
) -> Decision:
    """Compare a denoiser with the one that its training started from; there is no champion yet.

    Args:
        run: The run of the new denoiser.
        seed: Root seed of the bootstrap.
        confidence: As for `decide`.
        resamples: As for `decide`.

    Returns:
        It is the champion if its training started from nothing, or if it is better than what it
        started from by more than chance, as `decide` has it.
    """
    scores = run.image_metrics()
    if scores is None or f"start_{image_score(scores)}" not in scores:
        return Decision(True, "there was no champion")
    pair = _better_is_more(scores), _better_is_more(scores, "start_")
    return _judged("the denoiser it started from", pair, seed, confidence, resamples)


def _better_is_more(scores: pd.DataFrame, prefix: str = "") -> Values:
    """Return PSNR or, where there are no clean images, the risk with the sign turned."""
    score = image_score(scores)
    values: Values = scores[f"{prefix}{score}"].to_numpy()
    return values if score == SCORE else -values


def _judged(
    other: str, scores: tuple[Values, Values], seed: int, confidence: float, resamples: int
) -> Decision:
    try:
        difference = paired_difference(
            *scores, seed=seed, confidence=confidence, resamples=resamples
        )
    except ValueError as error:
        return Decision(False, f"cannot be compared with {other}: {error}")
    if 2 * 0.5**difference.n >= 1 - confidence:
        return Decision(False, f"{difference.n} test images are too few to tell", difference)
    better = difference.low > 0
    word = "better" if better else "not better"
    return Decision(better, f"{word} than {other} by more than chance", difference)
