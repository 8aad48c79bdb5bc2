"""The pipelines that `kedro run --pipelines` knows."""

from kedro.pipeline import Pipeline

from denoising_pipeline.pipelines import (
    anomaly,
    benchmark,
    comparison,
    downstream,
    evaluation,
    features,
    inference,
    ingestion,
    noise_injection,
    preprocessing,
    projections,
    reporting,
    robustness,
    study,
    training,
    uncertainty,
)


def register_pipelines() -> dict[str, Pipeline]:
    """Return every pipeline by name; `__default__` goes from raw files to the report."""
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
    stages = {name: _grouped(name, stage) for name, stage in stages.items()}
    own_images = Pipeline([inference.create_pipeline(), inference.create_files_pipeline()])
    return {
        "__default__": sum(stages.values(), Pipeline([])),
        **stages,
        "inference": _grouped("inference", own_images),
        "benchmark": _grouped("benchmark", benchmark.create_pipeline()),
        "robustness": _grouped("robustness", robustness.create_pipeline()),
        "comparison": _grouped("comparison", comparison.create_pipeline()),
        "downstream": _grouped("downstream", downstream.create_pipeline()),
        "uncertainty": _grouped("uncertainty", uncertainty.create_pipeline()),
        "features": _grouped("features", features.create_pipeline()),
        "projections": _grouped("projections", projections.create_pipeline()),
        "anomaly": _grouped("anomaly", anomaly.create_pipeline()),
        "study": _grouped("study", study.create_pipeline()),
    }


def _grouped(name: str, stage: Pipeline) -> Pipeline:
    """Put the nodes of a stage under its name, so that Kedro-Viz draws it as one box."""
    return Pipeline(stage, namespace=name, prefix_datasets_with_namespace=False)
