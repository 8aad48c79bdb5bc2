"""Whether a new denoiser takes the place of the best so far: better by more than chance."""

from typing import NamedTuple

import pandas as pd

from denoising_pipeline.evaluation.paired import PairedDifference, paired_difference
from denoising_pipeline.evaluation.runs import SCORE, TrackedRun, obstacle_to_pairing


class Decision(NamedTuple):
    """What becomes of a new denoiser.

    Attributes:
        champion: Whether it is the best so far; else it is a challenger.
        reason: Why, in a few words.
        difference: PSNR of the new one over that of the champion, in dB; None: not compared.
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
    """Compare the PSNR of two denoisers on the same noisy test images, image by image.

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
    try:
        difference = _difference(scores, reference, seed, confidence, resamples)
    except ValueError as error:
        return Decision(False, f"cannot be compared with the champion: {error}")
    if 2 * 0.5**difference.n >= 1 - confidence:
        return Decision(False, f"{difference.n} test images are too few to tell", difference)
    if difference.low > 0:
        return Decision(True, "better than the champion by more than chance", difference)
    return Decision(False, "not better than the champion by more than chance", difference)


def _difference(
    scores: pd.DataFrame, reference: pd.DataFrame, seed: int, confidence: float, resamples: int
) -> PairedDifference:
    return paired_difference(
        scores[SCORE].to_numpy(),
        reference[SCORE].to_numpy(),
        seed=seed,
        confidence=confidence,
        resamples=resamples,
    )
