"""The noise injection pipeline."""

from kedro.pipeline import Pipeline, node

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
        inputs={"noise_injection": "params:noise_injection"},
        outputs="degradation",
    )
    return Pipeline(
        [
            choose,
            *(
                node(
                    inject,
                    name=f"inject_{split}_noise",
                    inputs={
                        f"{split}_clean": f"{split}_clean",
                        "recorded_images": "recorded_images",
                        "splits": "splits",
                        "noise_injection": "params:noise_injection",
                        "seed": "params:seed",
                        **more,
                    },
                    outputs=f"{split}_noisy",
                )
                for split, inject, more in (
                    ("val", inject_val_noise, {}),
                    ("test", inject_test_noise, {"preprocessing": "params:preprocessing"}),
                )
            ),
        ],
        tags="noise_injection",
    )
