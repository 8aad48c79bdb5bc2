"""The reporting pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline import figures
from denoising_pipeline.pipelines.reporting import nodes
from denoising_pipeline.report.others import SIDES

IMAGES = {name: name for name in ("test_clean", "test_noisy", "test_denoised", "image_metrics")}
SECTIONS = {f"{name}_section": f"{name}_section" for name in SIDES}
"""What other pipelines found, where they have run on the same."""


def create_pipeline() -> Pipeline:
    """Return the pipeline from images and tables to figures and the report."""
    return Pipeline(
        [
            node(
                nodes.draw_denoising_examples,
                name="draw_denoising_examples",
                inputs={**IMAGES, "reporting": "params:reporting"},
                outputs="denoising_examples",
            ),
            node(
                nodes.draw_noisy_examples,
                name="draw_noisy_examples",
                inputs={
                    "test_clean": "test_clean",
                    "test_noisy": "test_noisy",
                    "denoiser": "denoiser",
                    "reporting": "params:reporting",
                },
                outputs="noisy_examples",
            ),
            node(
                figures.training_curves,
                name="draw_training_curves",
                inputs={"history": "history"},
                outputs="training_curves",
            ),
            node(
                nodes.draw_psnr_distribution,
                name="draw_psnr_distribution",
                inputs={"image_metrics": "image_metrics"},
                outputs="psnr_figure",
            ),
            node(
                figures.digit_scores,
                name="draw_digit_scores",
                inputs={"digit_metrics": "digit_metrics"},
                outputs="digit_figure",
            ),
            node(
                nodes.draw_best_and_worst,
                name="draw_best_and_worst",
                inputs={**IMAGES, "reporting": "params:reporting"},
                outputs="best_and_worst_examples",
            ),
            node(
                nodes.write_report,
                name="write_report",
                inputs={
                    **IMAGES,
                    "digit_metrics": "digit_metrics",
                    "summary": "summary",
                    "history": "history",
                    "noise_sweep": "noise_sweep",
                    "source_manifest": "source_manifest",
                    "denoiser": "denoiser",
                    "reporting": "params:reporting",
                    "run_facts": "run_facts",
                    **SECTIONS,
                },
                outputs="report",
            ),
        ],
        tags="reporting",
    )
