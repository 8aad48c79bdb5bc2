"""Pictures of a run: images and tables in, `matplotlib.figure.Figure` out.

Every function is pure: nothing is opened, no input is changed, and pyplot, with its global list of
figures, is never imported. A figure carries its own size and resolution: `figure.savefig(path)` is
all that a caller needs.
"""

from denoising_pipeline.figures._shared import message
from denoising_pipeline.figures.charts import (
    benchmark_scores,
    digit_scores,
    psnr_distribution,
    training_curves,
)
from denoising_pipeline.figures.codes import feature_accuracies, projection_maps, projection_scores
from denoising_pipeline.figures.grids import (
    benchmark_examples,
    best_and_worst,
    degradation_examples,
    denoising_examples,
    image_grid,
    noisy_examples,
)
from denoising_pipeline.figures.robustness import noise_sweeps, ood_areas, ood_curves
from denoising_pipeline.figures.runs import learning_curves, run_scores
from denoising_pipeline.figures.study import (
    study_importance,
    study_parallel,
    study_quality,
    study_slices,
)
from denoising_pipeline.figures.trust import (
    confusion_matrices,
    coverage_and_reliability,
    downstream_by_label,
)

__all__ = [
    "benchmark_examples",
    "benchmark_scores",
    "best_and_worst",
    "confusion_matrices",
    "coverage_and_reliability",
    "degradation_examples",
    "denoising_examples",
    "digit_scores",
    "downstream_by_label",
    "feature_accuracies",
    "image_grid",
    "learning_curves",
    "message",
    "noise_sweeps",
    "noisy_examples",
    "ood_areas",
    "ood_curves",
    "projection_maps",
    "projection_scores",
    "psnr_distribution",
    "run_scores",
    "study_importance",
    "study_parallel",
    "study_quality",
    "study_slices",
    "training_curves",
]
