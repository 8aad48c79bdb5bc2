"""The study pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline import figures
from denoising_pipeline.pipelines import LEARNT_FROM, by_name
from denoising_pipeline.pipelines.study.nodes import run_study, summarize_study
from denoising_pipeline.report import side


def create_pipeline() -> Pipeline:
    """Return the pipeline from images to many trainings and what is learnt of them."""
    return Pipeline(
        [
            node(
                run_study,
                name="run_study",
                inputs=by_name(
                    *LEARNT_FROM,
                    "params:study",
                    "params:training",
                    "params:evaluation",
                    "params:seed",
                    "study_storage",
                    "trial_logger",
                    "denoisers",
                ),
                outputs=["study_trials", "study_scores", "study_importance", "study_recipe"],
            ),
            node(
                summarize_study,
                name="summarize_study",
                inputs=by_name("study_trials", "study_scores", "params:evaluation", "params:seed"),
                outputs="study_summary",
            ),
            node(
                figures.study_quality,
                name="draw_quality",
                inputs=by_name("study_trials"),
                outputs="study_quality_figure",
            ),
            node(
                figures.study_importance,
                name="draw_importance",
                inputs=by_name("study_importance"),
                outputs="study_importance_figure",
            ),
            node(
                figures.study_parallel,
                name="draw_parallel",
                inputs=by_name("study_trials"),
                outputs="study_parallel_figure",
            ),
            node(
                figures.study_slices,
                name="draw_slices",
                inputs=by_name("study_trials"),
                outputs="study_slices_figure",
            ),
            node(
                side.study,
                name="write_section",
                inputs=by_name("study_trials", "study_importance", "study_summary", "study_recipe"),
                outputs="study_section",
            ),
        ],
        tags="study",
    )
