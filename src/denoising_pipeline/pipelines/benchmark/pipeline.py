"""The benchmark pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline import figures
from denoising_pipeline.baselines.markdown import write_markdown
from denoising_pipeline.pipelines import by_name
from denoising_pipeline.pipelines.benchmark.nodes import (
    calibrate_baselines,
    draw_benchmark_examples,
    score_denoisers,
)
from denoising_pipeline.report import side


def create_pipeline() -> Pipeline:
    """Return the pipeline from images and a denoiser to a table of it and all baselines."""
    return Pipeline(
        [
            node(
                calibrate_baselines,
                name="calibrate_baselines",
                inputs=by_name(
                    "train_clean", "val_clean", "val_noisy", "denoiser", "params:benchmark"
                ),
                outputs="baseline_calibration",
            ),
            node(
                score_denoisers,
                name="score_denoisers",
                inputs=by_name(
                    "train_clean",
                    "val_clean",
                    "val_noisy",
                    "test_clean",
                    "test_noisy",
                    "denoiser",
                    "baseline_calibration",
                    "article_recipe",
                    "params:evaluation",
                    "params:benchmark",
                ),
                outputs=["benchmark_table", "benchmark_denoised"],
            ),
            node(
                write_markdown,
                name="write_markdown",
                inputs=by_name("benchmark_table"),
                outputs="benchmark_markdown",
            ),
            node(
                figures.benchmark_scores,
                name="draw_benchmark_scores",
                inputs=by_name("benchmark_table"),
                outputs="benchmark_figure",
            ),
            node(
                draw_benchmark_examples,
                name="draw_benchmark_examples",
                inputs=by_name(
                    "test_clean", "benchmark_denoised", "benchmark_table", "params:benchmark"
                ),
                outputs="benchmark_examples",
            ),
            node(
                side.benchmark,
                name="write_section",
                inputs=by_name("benchmark_table", "test_clean", "benchmark_denoised"),
                outputs="benchmark_section",
            ),
        ],
        tags="benchmark",
    )
