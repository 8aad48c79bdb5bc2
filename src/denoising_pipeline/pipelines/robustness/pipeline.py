"""The robustness pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline import figures
from denoising_pipeline.pipelines.robustness import nodes

SCORES = {"shift_scores": "shift_scores"}
EVALUATION = {"evaluation": "params:evaluation"}
ROBUSTNESS = {"robustness": "params:robustness"}
NOISE = {"noise_injection": "params:noise_injection"}
SEED = {"seed": "params:seed"}


def create_pipeline() -> Pipeline:
    """Return the pipeline from a denoiser to its scores on what it was not trained on."""
    return Pipeline(
        [
            node(
                nodes.calibrate_ood,
                name="calibrate_ood",
                inputs={"denoiser": "denoiser", "val_noisy": "val_noisy", **ROBUSTNESS},
                outputs="ood_detector",
            ),
            node(
                nodes.score_shifts,
                name="score_shifts",
                inputs={
                    "denoiser": "denoiser",
                    "ood_detector": "ood_detector",
                    "train_clean": "train_clean",
                    "val_noisy": "val_noisy",
                    "val_clean": "val_clean",
                    "test_clean": "test_clean",
                    "sources": "sources",
                    **NOISE,
                    **ROBUSTNESS,
                    **SEED,
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
                nodes.summarize_corruptions,
                name="summarize_corruptions",
                inputs={**SCORES, **EVALUATION},
                outputs="corruption_scores",
            ),
            node(
                nodes.summarize_sources,
                name="summarize_sources",
                inputs={**SCORES, "source": "params:source", **EVALUATION},
                outputs="source_scores",
            ),
            node(
                nodes.measure_ood,
                name="measure_ood",
                inputs={**SCORES, "ood_detector": "ood_detector", **EVALUATION, **SEED},
                outputs="ood_roc",
            ),
            node(
                figures.noise_sweeps,
                name="draw_noise_sweeps",
                inputs={"noise_sweeps": "noise_sweeps"},
                outputs="noise_sweeps_figure",
            ),
            node(
                nodes.draw_corruption_examples,
                name="draw_corruption_examples",
                inputs={
                    "denoiser": "denoiser",
                    "test_clean": "test_clean",
                    **NOISE,
                    **ROBUSTNESS,
                    **SEED,
                },
                outputs="corruption_examples",
            ),
            node(
                nodes.draw_ood_curves,
                name="draw_ood_curves",
                inputs=SCORES,
                outputs="ood_curves",
            ),
        ],
        tags="robustness",
    )
