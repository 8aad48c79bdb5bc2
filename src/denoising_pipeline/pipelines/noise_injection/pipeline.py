"""The noise injection pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline.pipelines import by_name
from denoising_pipeline.pipelines.noise_injection.nodes import (
    choose_degradation,
    inject_test_noise,
    inject_val_noise,
)


def create_pipeline() -> Pipeline:
    """Return the pipeline from clean to noisy images, for validation and test."""
    choose = node(
        choose_degradation,
        name="choose_degradation",
        inputs=by_name("params:noise_injection"),
        outputs="degradation",
    )
    return Pipeline(
        [
            choose,
            *(
                node(
                    inject,
                    name=f"inject_{split}_noise",
                    inputs=by_name(
                        f"{split}_clean",
                        "recorded_images",
                        "splits",
                        "params:noise_injection",
                        "params:seed",
                        *more,
                    ),
                    outputs=f"{split}_noisy",
                )
                for split, inject, more in (
                    ("val", inject_val_noise, ()),
                    ("test", inject_test_noise, ("params:preprocessing",)),
                )
            ),
        ],
        tags="noise_injection",
    )
