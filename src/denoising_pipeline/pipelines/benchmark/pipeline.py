"""The benchmark pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline import figures
from denoising_pipeline.pipelines.benchmark.nodes import (
    draw_benchmark_examples,
    score_denoisers,
    write_markdown,
)


def create_pipeline() -> Pipeline:
    """Return the pipeline from images and a denoiser to a table of it and all baselines."""
    return Pipeline(
        [
            node(
                score_denoisers,
                name="score_denoisers",
                inputs={
                    "train_clean": "train_clean",
                    "val_clean": "val_clean",
                    "val_noisy": "val_noisy",
                    "test_clean": "test_clean",
                    "test_noisy": "test_noisy",
                    "denoiser": "denoiser",
                    "noise_injection": "params:noise_injection",
                    "evaluation": "params:evaluation",
                    "benchmark": "params:benchmark",
                    "seed": "params:seed",
                },
                outputs=["benchmark_table", "benchmark_denoised"],
            ),
            node(
                write_markdown,
                name="write_markdown",
                inputs={"benchmark_table": "benchmark_table"},
                outputs="benchmark_markdown",
            ),
            node(
                figures.benchmark_scores,
                name="draw_benchmark_scores",
                inputs={"benchmark_table": "benchmark_table"},
                outputs="benchmark_figure",
            ),
            node(
                draw_benchmark_examples,
                name="draw_benchmark_examples",
                inputs={
                    "test_clean": "test_clean",
                    "benchmark_denoised": "benchmark_denoised",
                    "benchmark_table": "benchmark_table",
                },
                outputs="benchmark_examples",
            ),
        ],
        tags="benchmark",
    )
