"""The downstream pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline import figures
from denoising_pipeline.pipelines.downstream import nodes
from denoising_pipeline.report import side

STAGES = {name: name for name in ("test_clean", "test_noisy", "test_denoised")}
SUMMED_UP = {
    "predictions": "predictions",
    "evaluation": "params:evaluation",
    "downstream": "params:downstream",
}


def create_pipeline() -> Pipeline:
    """Return the pipeline from images and a denoiser's results to a classifier's accuracies."""
    return Pipeline(
        [
            node(
                nodes.check_images,
                name="check_images",
                inputs={"source_manifest": "source_manifest", "image_table": "image_table"},
                outputs=None,
            ),
            node(
                nodes.train_clean_classifier,
                name="train_clean_classifier",
                inputs={
                    "train_clean": "train_clean",
                    "val_clean": "val_clean",
                    "splits": "splits",
                    "ingestion": "params:ingestion",
                    "downstream": "params:downstream",
                    "seed": "params:seed",
                },
                outputs="clean_classifier",
            ),
            node(
                nodes.train_noisy_classifier,
                name="train_noisy_classifier",
                inputs={
                    "train_clean": "train_clean",
                    "val_noisy": "val_noisy",
                    "splits": "splits",
                    "ingestion": "params:ingestion",
                    "denoiser": "denoiser",
                    "downstream": "params:downstream",
                    "seed": "params:seed",
                },
                outputs="noisy_classifier",
            ),
            node(
                nodes.classify_test_images,
                name="classify_test_images",
                inputs={
                    "clean_classifier": "clean_classifier",
                    "noisy_classifier": "noisy_classifier",
                    **STAGES,
                    "splits": "splits",
                    "downstream": "params:downstream",
                },
                outputs="predictions",
            ),
            node(
                nodes.summarize_downstream,
                name="summarize_downstream",
                inputs=SUMMED_UP,
                outputs="downstream_summary",
            ),
            node(
                nodes.summarize_digits,
                name="summarize_digits",
                inputs=SUMMED_UP,
                outputs="downstream_by_digit",
            ),
            node(
                nodes.count_confusions,
                name="count_confusions",
                inputs={"predictions": "predictions", "downstream": "params:downstream"},
                outputs="confusions",
            ),
            node(
                figures.downstream_by_label,
                name="draw_downstream",
                inputs={"downstream_by_digit": "downstream_by_digit"},
                outputs="downstream_figure",
            ),
            node(
                nodes.draw_confusions,
                name="draw_confusions",
                inputs={"confusions": "confusions"},
                outputs="confusion_figure",
            ),
            node(
                nodes.draw_worst_hallucinations,
                name="draw_worst_hallucinations",
                inputs={
                    **STAGES,
                    "predictions": "predictions",
                    "downstream": "params:downstream",
                },
                outputs="hallucination_examples",
            ),
            node(
                side.downstream,
                name="write_section",
                inputs={
                    "downstream_summary": "downstream_summary",
                    "downstream_by_digit": "downstream_by_digit",
                    "predictions": "predictions",
                    "test_clean": "test_clean",
                    "test_noisy": "test_noisy",
                    "test_denoised": "test_denoised",
                },
                outputs="downstream_section",
            ),
        ],
        tags="downstream",
    )
