"""Pictures of a run: arrays and tables in, `matplotlib.figure.Figure` out.

Every function is pure: nothing is opened, no input is changed, and pyplot, with its global list of
figures, is never imported. A figure carries its own size and resolution: `figure.savefig(path)` is
all that a caller needs.
"""

from denoising_pipeline.figures.charts import digit_scores, psnr_distribution, training_curves
from denoising_pipeline.figures.grids import (
    best_and_worst,
    denoising_examples,
    image_grid,
    message,
    noisy_digits,
)
from denoising_pipeline.figures.trust import (
    confusion_matrices,
    coverage_and_reliability,
    usefulness_by_label,
)

__all__ = [
    "best_and_worst",
    "confusion_matrices",
    "coverage_and_reliability",
    "denoising_examples",
    "digit_scores",
    "image_grid",
    "message",
    "noisy_digits",
    "psnr_distribution",
    "training_curves",
    "usefulness_by_label",
]
