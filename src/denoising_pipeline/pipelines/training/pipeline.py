"""The training pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline.pipelines import LEARNT_FROM, by_name
from denoising_pipeline.pipelines.training.nodes import describe_denoiser, train_denoiser


def create_pipeline() -> Pipeline:
    """Return the pipeline from clean images and a degradation to a denoiser and its history."""
    return Pipeline(
        [
            node(
                train_denoiser,
                name="train_denoiser",
                inputs=by_name(
                    *LEARNT_FROM,
                    "params:training",
                    "params:seed",
                    "run_facts",
                    "epoch_logger",
                    "picture_logger",
                    "training_checkpoints",
                    "denoisers",
                ),
                outputs=["denoiser", "history"],
            ),
            node(
                describe_denoiser,
                name="describe_denoiser",
                inputs=by_name("denoiser"),
                outputs="card",
            ),
        ],
        tags="training",
    )
