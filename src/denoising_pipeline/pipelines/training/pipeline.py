"""The training pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline.pipelines.training.nodes import describe_denoiser, train_denoiser


def create_pipeline() -> Pipeline:
    """Return the pipeline from clean images and a degradation to a denoiser and its history."""
    return Pipeline(
        [
            node(
                train_denoiser,
                name="train_denoiser",
                inputs={
                    "train_clean": "train_clean",
                    "recorded_images": "recorded_images",
                    "splits": "splits",
                    "val_noisy": "val_noisy",
                    "val_clean": "val_clean",
                    "degradation": "degradation",
                    "source_manifest": "source_manifest",
                    "training": "params:training",
                    "seed": "params:seed",
                    "run_facts": "run_facts",
                    "epoch_logger": "epoch_logger",
                    "picture_logger": "picture_logger",
                    "training_checkpoints": "training_checkpoints",
                    "denoisers": "denoisers",
                },
                outputs=["denoiser", "history"],
            ),
            node(
                describe_denoiser,
                name="describe_denoiser",
                inputs={"denoiser": "denoiser"},
                outputs="card",
            ),
        ],
        tags="training",
    )
