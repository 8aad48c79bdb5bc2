"""The robustness pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline.images.needs import check_drawn_of_one_size
from denoising_pipeline.pipelines.robustness import nodes
from denoising_pipeline.report import side

SCORES = {"shift_scores": "shift_scores"}
EVALUATION = {"evaluation": "params:evaluation"}
ROBUSTNESS = {"robustness": "params:robustness"}
SEED = {"seed": "params:seed"}


def create_pipeline() -> Pipeline:
    """Return the pipeline from a denoiser to its scores on what it was not trained on."""
    return Pipeline(
        [
            node(
                check_drawn_of_one_size,
                name="check_images",
                inputs={"source_manifest": "source_manifest"},
                outputs=None,
            ),
            node(
                nodes.calibrate_ood,
                name="calibrate_ood",
                inputs={"denoiser": "denoiser", "val_noisy": "val_noisy", **ROBUSTNESS},
                outputs="ood_detector",
            ),
            node(
                nodes.calibrate_classical,
                name="calibrate_classical",
                inputs={
                    "denoiser": "denoiser",
                    "train_clean": "train_clean",
                    "val_noisy": "val_noisy",
                    "val_clean": "val_clean",
                    **ROBUSTNESS,
                },
                outputs="classical_calibration",
            ),
            node(
                nodes.score_shifts,
                name="score_shifts",
                inputs={
                    "denoiser": "denoiser",
                    "ood_detector": "ood_detector",
                    "classical_calibration": "classical_calibration",
                    "train_clean": "train_clean",
                    "val_noisy": "val_noisy",
                    "val_clean": "val_clean",
                    "test_clean": "test_clean",
                    "sources": "sources",
                    **EVALUATION,
                    **ROBUSTNESS,
                },
                outputs="shift_scores",
            ),
            node(
                nodes.summarize_noise_sweeps,
                name="summarize_noise_sweeps",
                inputs={**SCORES, **EVALUATION},
                outputs="noise_sweeps",
            ),
            node(
                nodes.summarize_degradations,
                name="summarize_degradations",
                inputs={**SCORES, **EVALUATION},
                outputs="degradation_scores",
            ),
            node(
                nodes.summarize_sources,
                name="summarize_sources",
                inputs={**SCORES, "denoiser": "denoiser", **EVALUATION},
                outputs="source_scores",
            ),
            node(
                nodes.measure_ood,
                name="measure_ood",
                inputs={**SCORES, "ood_detector": "ood_detector", **EVALUATION, **SEED},
                outputs="ood_roc",
            ),
            node(
                nodes.draw_noise_sweeps,
                name="draw_noise_sweeps",
                inputs={
                    "noise_sweeps": "noise_sweeps",
                    "classical_calibration": "classical_calibration",
                },
                outputs="noise_sweeps_figure",
            ),
            node(
                nodes.draw_degradation_examples,
                name="draw_degradation_examples",
                inputs={
                    "denoiser": "denoiser",
                    "test_clean": "test_clean",
                    **ROBUSTNESS,
                },
                outputs="degradation_examples",
            ),
            node(
                nodes.draw_ood_curves,
                name="draw_ood_curves",
                inputs={"ood_roc": "ood_roc"},
                outputs="ood_curves",
            ),
            node(
                side.robustness,
                name="write_section",
                inputs={
                    "noise_sweeps": "noise_sweeps",
                    "degradation_scores": "degradation_scores",
                    "source_scores": "source_scores",
                    "ood_roc": "ood_roc",
                    "classical_calibration": "classical_calibration",
                },
                outputs="robustness_section",
            ),
        ],
        tags="robustness",
    )
