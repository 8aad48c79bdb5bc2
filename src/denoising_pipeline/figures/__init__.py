"""Pictures of a run: arrays and tables in, `matplotlib.figure.Figure` out.

Every function is pure: nothing is opened, no input is changed, and pyplot, with its global list of
figures, is never imported. A figure carries its own size and resolution: `figure.savefig(path)` is
all that a caller needs.
"""

from denoising_pipeline.figures.charts import (
    benchmark_scores,
    digit_scores,
    psnr_distribution,
    training_curves,
)
from denoising_pipeline.figures.grids import (
    benchmark_examples,
    best_and_worst,
    denoising_examples,
    noisy_digits,
)

__all__ = [
    "benchmark_examples",
    "benchmark_scores",
    "best_and_worst",
    "denoising_examples",
    "digit_scores",
    "noisy_digits",
    "psnr_distribution",
    "training_curves",
]
