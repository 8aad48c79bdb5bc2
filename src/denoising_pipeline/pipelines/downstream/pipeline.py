"""The downstream pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline import figures
from denoising_pipeline.pipelines import by_name
from denoising_pipeline.pipelines.downstream import nodes
from denoising_pipeline.report import side


def create_pipeline() -> Pipeline:
    """Return the pipeline from images and a denoiser's results to a classifier's accuracies."""
    return Pipeline(
        [
            node(
                nodes.check_images,
                name="check_images",
                inputs=by_name("source_manifest", "image_table"),
                outputs=None,
            ),
            node(
                nodes.train_clean_classifier,
                name="train_clean_classifier",
                inputs=by_name(
                    "train_clean",
                    "val_clean",
                    "splits",
                    "params:ingestion",
                    "params:downstream",
                    "params:seed",
                ),
                outputs="clean_classifier",
            ),
            node(
                nodes.train_noisy_classifier,
                name="train_noisy_classifier",
                inputs=by_name(
                    "train_clean",
                    "val_noisy",
                    "splits",
                    "params:ingestion",
                    "denoiser",
                    "params:downstream",
                    "params:seed",
                ),
                outputs="noisy_classifier",
            ),
            node(
                nodes.classify_test_images,
                name="classify_test_images",
                inputs=by_name(
                    "clean_classifier",
                    "noisy_classifier",
                    "test_clean",
                    "test_noisy",
                    "test_denoised",
                    "splits",
                    "params:downstream",
                ),
                outputs="predictions",
            ),
            node(
                nodes.summarize_downstream,
                name="summarize_downstream",
                inputs=by_name("predictions", "params:evaluation", "params:downstream"),
                outputs="downstream_summary",
            ),
            node(
                nodes.summarize_digits,
                name="summarize_digits",
                inputs=by_name("predictions", "params:evaluation", "params:downstream"),
                outputs="downstream_by_digit",
            ),
            node(
                nodes.count_confusions,
                name="count_confusions",
                inputs=by_name("predictions", "params:downstream"),
                outputs="confusions",
            ),
            node(
                figures.downstream_by_label,
                name="draw_downstream",
                inputs=by_name("downstream_by_digit"),
                outputs="downstream_figure",
            ),
            node(
                nodes.draw_confusions,
                name="draw_confusions",
                inputs=by_name("confusions"),
                outputs="confusion_figure",
            ),
            node(
                nodes.draw_worst_hallucinations,
                name="draw_worst_hallucinations",
                inputs=by_name(
                    "test_clean", "test_noisy", "test_denoised", "predictions", "params:downstream"
                ),
                outputs="hallucination_examples",
            ),
            node(
                side.downstream,
                name="write_section",
                inputs=by_name(
                    "downstream_summary",
                    "downstream_by_digit",
                    "predictions",
                    "test_clean",
                    "test_noisy",
                    "test_denoised",
                ),
                outputs="downstream_section",
            ),
        ],
        tags="downstream",
    )
