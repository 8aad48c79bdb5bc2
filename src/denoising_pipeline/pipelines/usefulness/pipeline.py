"""The usefulness pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline import figures
from denoising_pipeline.pipelines.usefulness import nodes

STAGES = {name: name for name in ("test_clean", "test_noisy", "test_denoised")}
SUMMED_UP = {
    "predictions": "predictions",
    "evaluation": "params:evaluation",
    "usefulness": "params:usefulness",
}


def create_pipeline() -> Pipeline:
    """Return the pipeline from images and a denoiser's results to what a classifier reads."""
    return Pipeline(
        [
            node(
                nodes.train_clean_classifier,
                name="train_clean_classifier",
                inputs={
                    "train_clean": "train_clean",
                    "val_clean": "val_clean",
                    "splits": "splits",
                    "ingestion": "params:ingestion",
                    "usefulness": "params:usefulness",
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
                    "noise_injection": "params:noise_injection",
                    "usefulness": "params:usefulness",
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
                    "usefulness": "params:usefulness",
                },
                outputs="predictions",
            ),
            node(
                nodes.summarize_usefulness,
                name="summarize_usefulness",
                inputs=SUMMED_UP,
                outputs="usefulness_summary",
            ),
            node(
                nodes.summarize_digits,
                name="summarize_digits",
                inputs=SUMMED_UP,
                outputs="usefulness_by_digit",
            ),
            node(
                nodes.count_confusions,
                name="count_confusions",
                inputs={"predictions": "predictions", "usefulness": "params:usefulness"},
                outputs="confusions",
            ),
            node(
                figures.usefulness_by_label,
                name="draw_usefulness",
                inputs={"usefulness_by_digit": "usefulness_by_digit"},
                outputs="usefulness_figure",
            ),
            node(
                figures.confusion_matrices,
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
                    "usefulness": "params:usefulness",
                },
                outputs="worst_hallucinations",
            ),
        ],
        tags="usefulness",
    )
