"""The uncertainty pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline import figures
from denoising_pipeline.images.needs import check_drawn_of_one_size
from denoising_pipeline.pipelines.uncertainty import nodes
from denoising_pipeline.report import side

VALIDATION = {"val_noisy": "val_noisy", "val_clean": "val_clean"}
MEASURED = {name: name for name in ("test_clean", "test_denoised", "test_sd")}


def create_pipeline() -> Pipeline:
    """Return the pipeline from a denoiser to the standard deviation of each test pixel."""
    return Pipeline(
        [
            node(
                check_drawn_of_one_size,
                name="check_images",
                inputs={"source_manifest": "source_manifest"},
                outputs=None,
            ),
            node(
                nodes.train_sd_estimator,
                name="train_sd_estimator",
                inputs={
                    "denoiser": "denoiser",
                    "train_clean": "train_clean",
                    **VALIDATION,
                    "uncertainty": "params:uncertainty",
                    "seed": "params:seed",
                },
                outputs="sd_estimator",
            ),
            node(
                nodes.calibrate_sd,
                name="calibrate_sd",
                inputs={"denoiser": "denoiser", "sd_estimator": "sd_estimator", **VALIDATION},
                outputs="sd_calibration",
            ),
            node(
                nodes.estimate_test_sd,
                name="estimate_test_sd",
                inputs={
                    "sd_estimator": "sd_estimator",
                    "sd_calibration": "sd_calibration",
                    "test_noisy": "test_noisy",
                },
                outputs="test_sd",
            ),
            node(
                nodes.measure_coverage,
                name="measure_coverage",
                inputs={**MEASURED, "evaluation": "params:evaluation"},
                outputs="coverage",
            ),
            node(
                nodes.measure_reliability,
                name="measure_reliability",
                inputs=MEASURED,
                outputs="reliability",
            ),
            node(
                nodes.summarize_uncertainty,
                name="summarize_uncertainty",
                inputs={
                    "coverage": "coverage",
                    "sd_calibration": "sd_calibration",
                    "evaluation": "params:evaluation",
                },
                outputs="uncertainty_summary",
            ),
            node(
                figures.coverage_and_reliability,
                name="draw_coverage",
                inputs={"coverage": "coverage", "reliability": "reliability"},
                outputs="coverage_figure",
            ),
            node(
                nodes.draw_uncertainty_examples,
                name="draw_uncertainty_examples",
                inputs={
                    "test_clean": "test_clean",
                    "test_noisy": "test_noisy",
                    "test_denoised": "test_denoised",
                    "test_sd": "test_sd",
                    "uncertainty": "params:uncertainty",
                },
                outputs="uncertainty_examples",
            ),
            node(
                side.uncertainty,
                name="write_section",
                inputs={
                    "uncertainty_summary": "uncertainty_summary",
                    "coverage": "coverage",
                    "reliability": "reliability",
                    "test_clean": "test_clean",
                    "test_noisy": "test_noisy",
                    "test_denoised": "test_denoised",
                    "test_sd": "test_sd",
                },
                outputs="uncertainty_section",
            ),
        ],
        tags="uncertainty",
    )
