"""The evaluation pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline.pipelines import by_name
from denoising_pipeline.pipelines.evaluation.nodes import (
    score_test_images,
    summarize,
    summarize_digits,
    sweep_noise,
)


def create_pipeline() -> Pipeline:
    """Return the pipeline from denoised test images to their scores, a summary and a sweep."""
    return Pipeline(
        [
            node(
                score_test_images,
                name="score_test_images",
                inputs=by_name(
                    "test_clean",
                    "test_noisy",
                    "test_denoised",
                    "splits",
                    "params:evaluation",
                    "denoiser",
                    "denoisers",
                    "train_clean",
                    "val_clean",
                    "val_noisy",
                ),
                outputs="image_metrics",
            ),
            node(
                summarize,
                name="summarize",
                inputs=by_name("image_metrics", "denoiser", "params:evaluation"),
                outputs="summary",
            ),
            node(
                summarize_digits,
                name="summarize_digits",
                inputs=by_name("image_metrics", "params:evaluation"),
                outputs="digit_metrics",
            ),
            node(
                sweep_noise,
                name="sweep_noise",
                inputs=by_name("test_clean", "denoiser", "params:evaluation"),
                outputs="noise_sweep",
            ),
        ],
        tags="evaluation",
    )
