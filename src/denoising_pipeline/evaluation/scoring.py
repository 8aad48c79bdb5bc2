"""Metrics of a whole collection of images, and how scores are written for people."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from denoising_pipeline.evaluation.metrics import METRICS
from denoising_pipeline.evaluation.sound import measurable
from denoising_pipeline.images.arrays import Images, Values
from denoising_pipeline.images.sets import ImageSet, at_once


class ScoreFormat(NamedTuple):
    """How a score is written.

    Attributes:
        key: Its name in tables.
        label: Its heading, with its unit.
        digits: Decimals.
        more_is_better: Which of two values is better.
    """

    key: str
    label: str
    digits: int
    more_is_better: bool

    def text(self, value: float) -> str:
        """Return a value as it is shown."""
        return f"{value:.{self.digits}f}"

    @property
    def over_baseline(self) -> str:
        """Name in a summary of how much better it is than the baseline's."""
        return "baseline_gain" if self.key == "psnr" else f"baseline_gain_{self.key}"


RISK = ScoreFormat("risk", "Risk (MSE of noisy targets)", 6, more_is_better=False)
"""What is measured where nobody has clean images."""

SCORE_FORMATS = (
    ScoreFormat("psnr", "PSNR [dB]", 2, more_is_better=True),
    ScoreFormat("psnr_pooled", "PSNR, pooled [dB]", 2, more_is_better=True),
    ScoreFormat("ssim", "SSIM", 4, more_is_better=True),
    ScoreFormat("covered_psnr", "PSNR where covered [dB]", 2, more_is_better=True),
    ScoreFormat("kept_psnr", "PSNR elsewhere [dB]", 2, more_is_better=True),
    ScoreFormat("stroke_f1", "F1 of strokes", 4, more_is_better=True),
    ScoreFormat("colour_difference", "CIEDE2000", 2, more_is_better=False),
    ScoreFormat("colourfulness", "Colourfulness, off by", 1, more_is_better=False),
    ScoreFormat("si_sdr", "SI-SDR [dB]", 2, more_is_better=True),
    ScoreFormat("stoi_8k", "STOI", 3, more_is_better=True),
    ScoreFormat("stoi_16k", "STOI", 3, more_is_better=True),
    ScoreFormat("mse", "MSE", 5, more_is_better=False),
    ScoreFormat("mae", "MAE", 5, more_is_better=False),
    RISK,
)
"""Every score in the order of tables; a table leaves out those that were not measured."""

SAID_BY_PSNR = ("psnr_pooled", "mse", "mae")
"""Scores that say much the same as PSNR."""


def score_images(
    metrics: Iterable[str], clean: Images | ImageSet, images: Images | ImageSet
) -> dict[str, Values]:
    """Measure every image by itself.

    Args:
        metrics: Keys of `METRICS`.
        clean: The clean images.
        images: The same images noisy or denoised, in the same order; grey ones count as equal in
            all channels.

    Returns:
        For each metric a value per image, NaN where it says nothing of one; a metric whose package
        is not installed is left out, which is logged.

    Raises:
        ValueError: The images do not have the sizes of the clean ones.
    """
    references, measured = ImageSet.of(clean), ImageSet.of(images)
    expected, found = references.shapes, measured.shapes
    same_sizes = np.array_equal(found[:, :2], expected[:, :2])
    if not same_sizes or not ((found[:, 2] == 1) | (found[:, 2] == expected[:, 2])).all():
        raise ValueError(
            f"The {len(found)} images differ in number, size or channels from the {len(expected)} "
            "clean ones. Both must be of the same run."
        )
    scores = {name: np.empty(len(references)) for name in measurable(metrics)}
    count = at_once([int(expected.prod(1).max(initial=1))])
    pairs = zip(references.batches(count), measured.batches(count), strict=True)
    for (place, reference), (_, batch) in pairs:
        for name, values in scores.items():
            values[place] = METRICS[name](reference, np.broadcast_to(batch, reference.shape))
    return scores
