"""The training pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline.pipelines.training.nodes import train_denoiser


def create_pipeline() -> Pipeline:
    """Return the pipeline from clean images and a noise model to a denoiser and its history."""
    return Pipeline(
        [
            node(
                train_denoiser,
                name="train_denoiser",
                inputs={
                    "train_clean": "train_clean",
                    "val_noisy": "val_noisy",
                    "val_clean": "val_clean",
                    "noise_injection": "params:noise_injection",
                    "training": "params:training",
                    "seed": "params:seed",
                    "epoch_logger": "epoch_logger",
                    "training_checkpoints": "training_checkpoints",
                },
                outputs=["denoiser", "history"],
            )
        ],
        tags="training",
    )
