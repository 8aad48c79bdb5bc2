"""The reporting pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline import figures
from denoising_pipeline.pipelines import by_name
from denoising_pipeline.pipelines.reporting import nodes
from denoising_pipeline.report.others import SIDES


def create_pipeline() -> Pipeline:
    """Return the pipeline from images and tables to figures and the report."""
    return Pipeline(
        [
            node(
                nodes.draw_denoising_examples,
                name="draw_denoising_examples",
                inputs=by_name(
                    "test_clean", "test_noisy", "test_denoised", "image_metrics", "params:reporting"
                ),
                outputs="denoising_examples",
            ),
            node(
                nodes.draw_noisy_examples,
                name="draw_noisy_examples",
                inputs=by_name("test_clean", "test_noisy", "denoiser", "params:reporting"),
                outputs="noisy_examples",
            ),
            node(
                figures.training_curves,
                name="draw_training_curves",
                inputs=by_name("history"),
                outputs="training_curves",
            ),
            node(
                nodes.draw_psnr_distribution,
                name="draw_psnr_distribution",
                inputs=by_name("image_metrics"),
                outputs="psnr_figure",
            ),
            node(
                figures.digit_scores,
                name="draw_digit_scores",
                inputs=by_name("digit_metrics"),
                outputs="digit_figure",
            ),
            node(
                nodes.draw_best_and_worst,
                name="draw_best_and_worst",
                inputs=by_name(
                    "test_clean", "test_noisy", "test_denoised", "image_metrics", "params:reporting"
                ),
                outputs="best_and_worst_examples",
            ),
            node(
                nodes.write_report,
                name="write_report",
                inputs=by_name(
                    "test_clean",
                    "test_noisy",
                    "test_denoised",
                    "image_metrics",
                    "digit_metrics",
                    "summary",
                    "history",
                    "noise_sweep",
                    "source_manifest",
                    "denoiser",
                    "params:reporting",
                    "run_facts",
                    *(f"{name}_section" for name in SIDES),
                ),
                outputs="report",
            ),
        ],
        tags="reporting",
    )
