"""The evaluation pipeline."""

from kedro.pipeline import Pipeline, node

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
                inputs={
                    "test_clean": "test_clean",
                    "test_noisy": "test_noisy",
                    "test_denoised": "test_denoised",
                    "splits": "splits",
                    "evaluation": "params:evaluation",
                    "denoiser": "denoiser",
                    "denoisers": "denoisers",
                    "train_clean": "train_clean",
                    "val_clean": "val_clean",
                    "val_noisy": "val_noisy",
                },
                outputs="image_metrics",
            ),
            node(
                summarize,
                name="summarize",
                inputs={
                    "image_metrics": "image_metrics",
                    "denoiser": "denoiser",
                    "evaluation": "params:evaluation",
                },
                outputs="summary",
            ),
            node(
                summarize_digits,
                name="summarize_digits",
                inputs={"image_metrics": "image_metrics", "evaluation": "params:evaluation"},
                outputs="digit_metrics",
            ),
            node(
                sweep_noise,
                name="sweep_noise",
                inputs={
                    "test_clean": "test_clean",
                    "denoiser": "denoiser",
                    "evaluation": "params:evaluation",
                },
                outputs="noise_sweep",
            ),
        ],
        tags="evaluation",
    )
