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
    corruption_examples,
    denoising_examples,
    noisy_digits,
)
from denoising_pipeline.figures.robustness import familiarity_curves, noise_sweeps
from denoising_pipeline.figures.runs import learning_curves, run_scores

__all__ = [
    "benchmark_examples",
    "benchmark_scores",
    "best_and_worst",
    "corruption_examples",
    "denoising_examples",
    "digit_scores",
    "familiarity_curves",
    "learning_curves",
    "noise_sweeps",
    "noisy_digits",
    "psnr_distribution",
    "run_scores",
    "training_curves",
]
