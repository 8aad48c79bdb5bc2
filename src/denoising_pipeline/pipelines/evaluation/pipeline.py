"""The evaluation pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline.pipelines.evaluation.nodes import (
    score_test_images,
    summarize,
    summarize_digits,
)


def create_pipeline() -> Pipeline:
    """Return the pipeline from denoised test images to their scores and a summary."""
    return Pipeline(
        [
            node(
                score_test_images,
                name="score_test_images",
                inputs={
                    "test_clean": "test_clean",
                    "test_noisy": "test_noisy",
                    "test_denoised": "test_denoised",
                    "splits": "splits",
                },
                outputs="image_metrics",
            ),
            node(
                summarize,
                name="summarize",
                inputs={
                    "image_metrics": "image_metrics",
                    "evaluation": "params:evaluation",
                    "source": "params:source",
                    "noise_injection": "params:noise_injection",
                },
                outputs="summary",
            ),
            node(
                summarize_digits,
                name="summarize_digits",
                inputs={"image_metrics": "image_metrics", "evaluation": "params:evaluation"},
                outputs="digit_metrics",
            ),
        ],
        tags="evaluation",
    )
