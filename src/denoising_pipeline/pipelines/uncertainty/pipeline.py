"""The uncertainty pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline import figures
from denoising_pipeline.images.needs import check_drawn_of_one_size
from denoising_pipeline.pipelines import by_name
from denoising_pipeline.pipelines.uncertainty import nodes
from denoising_pipeline.report import side


def create_pipeline() -> Pipeline:
    """Return the pipeline from a denoiser to the standard deviation of each test pixel."""
    return Pipeline(
        [
            node(
                check_drawn_of_one_size,
                name="check_images",
                inputs=by_name("source_manifest"),
                outputs=None,
            ),
            node(
                nodes.train_sd_estimator,
                name="train_sd_estimator",
                inputs=by_name(
                    "denoiser",
                    "train_clean",
                    "val_noisy",
                    "val_clean",
                    "params:uncertainty",
                    "params:seed",
                ),
                outputs="sd_estimator",
            ),
            node(
                nodes.calibrate_sd,
                name="calibrate_sd",
                inputs=by_name("denoiser", "sd_estimator", "val_noisy", "val_clean"),
                outputs="sd_calibration",
            ),
            node(
                nodes.estimate_test_sd,
                name="estimate_test_sd",
                inputs=by_name("sd_estimator", "sd_calibration", "test_noisy"),
                outputs="test_sd",
            ),
            node(
                nodes.measure_coverage,
                name="measure_coverage",
                inputs=by_name("test_clean", "test_denoised", "test_sd", "params:evaluation"),
                outputs="coverage",
            ),
            node(
                nodes.measure_reliability,
                name="measure_reliability",
                inputs=by_name("test_clean", "test_denoised", "test_sd"),
                outputs="reliability",
            ),
            node(
                nodes.summarize_uncertainty,
                name="summarize_uncertainty",
                inputs=by_name("coverage", "sd_calibration", "params:evaluation"),
                outputs="uncertainty_summary",
            ),
            node(
                figures.coverage_and_reliability,
                name="draw_coverage",
                inputs=by_name("coverage", "reliability"),
                outputs="coverage_figure",
            ),
            node(
                nodes.draw_uncertainty_examples,
                name="draw_uncertainty_examples",
                inputs=by_name(
                    "test_clean", "test_noisy", "test_denoised", "test_sd", "params:uncertainty"
                ),
                outputs="uncertainty_examples",
            ),
            node(
                side.uncertainty,
                name="write_section",
                inputs=by_name(
                    "uncertainty_summary",
                    "coverage",
                    "reliability",
                    "test_clean",
                    "test_noisy",
                    "test_denoised",
                    "test_sd",
                ),
                outputs="uncertainty_section",
            ),
        ],
        tags="uncertainty",
    )
