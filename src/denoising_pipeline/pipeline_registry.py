"""The pipelines that `kedro run --pipelines` knows."""

from kedro.pipeline import Pipeline

from denoising_pipeline.pipelines import (
    evaluation,
    inference,
    ingestion,
    noise_injection,
    preprocessing,
    reporting,
    training,
)


def register_pipelines() -> dict[str, Pipeline]:
    """Return every pipeline by name; `__default__` is the whole way from raw files to figures."""
    denoise_test = inference.create_pipeline(
        images="test_noisy", denoised="test_denoised", name="denoise_test_images"
    )
    stages = {
        "ingestion": ingestion.create_pipeline(),
        "preprocessing": preprocessing.create_pipeline(),
        "noise_injection": noise_injection.create_pipeline(),
        "training": training.create_pipeline(),
        "evaluation": Pipeline([denoise_test, evaluation.create_pipeline()], tags="evaluation"),
        "reporting": reporting.create_pipeline(),
    }
    return {
        "__default__": sum(stages.values(), Pipeline([])),
        **stages,
        "inference": inference.create_pipeline(),
    }
