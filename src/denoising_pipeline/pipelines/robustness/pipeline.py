"""The robustness pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline.images.needs import check_drawn_of_one_size
from denoising_pipeline.pipelines import by_name
from denoising_pipeline.pipelines.robustness import nodes
from denoising_pipeline.report import side


def create_pipeline() -> Pipeline:
    """Return the pipeline from a denoiser to its scores on what it was not trained on."""
    return Pipeline(
        [
            node(
                check_drawn_of_one_size,
                name="check_images",
                inputs=by_name("source_manifest"),
                outputs=None,
            ),
            node(
                nodes.calibrate_ood,
                name="calibrate_ood",
                inputs=by_name("denoiser", "val_noisy", "params:robustness"),
                outputs="ood_detector",
            ),
            node(
                nodes.calibrate_classical,
                name="calibrate_classical",
                inputs=by_name(
                    "denoiser", "train_clean", "val_noisy", "val_clean", "params:robustness"
                ),
                outputs="classical_calibration",
            ),
            node(
                nodes.score_shifts,
                name="score_shifts",
                inputs=by_name(
                    "denoiser",
                    "ood_detector",
                    "classical_calibration",
                    "train_clean",
                    "val_noisy",
                    "val_clean",
                    "test_clean",
                    "sources",
                    "params:evaluation",
                    "params:robustness",
                ),
                outputs="shift_scores",
            ),
            node(
                nodes.summarize_noise_sweeps,
                name="summarize_noise_sweeps",
                inputs=by_name("shift_scores", "params:evaluation"),
                outputs="noise_sweeps",
            ),
            node(
                nodes.summarize_degradations,
                name="summarize_degradations",
                inputs=by_name("shift_scores", "params:evaluation"),
                outputs="degradation_scores",
            ),
            node(
                nodes.summarize_sources,
                name="summarize_sources",
                inputs=by_name("shift_scores", "denoiser", "params:evaluation"),
                outputs="source_scores",
            ),
            node(
                nodes.measure_ood,
                name="measure_ood",
                inputs=by_name("shift_scores", "ood_detector", "params:evaluation", "params:seed"),
                outputs="ood_roc",
            ),
            node(
                nodes.draw_noise_sweeps,
                name="draw_noise_sweeps",
                inputs=by_name("noise_sweeps", "classical_calibration"),
                outputs="noise_sweeps_figure",
            ),
            node(
                nodes.draw_degradation_examples,
                name="draw_degradation_examples",
                inputs=by_name("denoiser", "test_clean", "params:robustness"),
                outputs="degradation_examples",
            ),
            node(
                nodes.draw_ood_curves,
                name="draw_ood_curves",
                inputs=by_name("ood_roc"),
                outputs="ood_curves",
            ),
            node(
                side.robustness,
                name="write_section",
                inputs=by_name(
                    "noise_sweeps",
                    "degradation_scores",
                    "source_scores",
                    "ood_roc",
                    "classical_calibration",
                ),
                outputs="robustness_section",
            ),
        ],
        tags="robustness",
    )
