"""The ingestion pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline.pipelines.ingestion.nodes import (
    check_recipe,
    check_source,
    list_images,
    take_images,
)


def create_pipeline() -> Pipeline:
    """Return the pipeline from raw files to checked images, a table of them and a manifest."""
    return Pipeline(
        [
            node(
                check_source,
                name="check_source",
                inputs={
                    "raw_source": "raw_source",
                    "source": "params:source",
                    "ingestion": "params:ingestion",
                },
                outputs="source_manifest",
            ),
            node(
                check_recipe,
                name="check_recipe",
                inputs={
                    "source_manifest": "source_manifest",
                    "preprocessing": "params:preprocessing",
                    "noise_injection": "params:noise_injection",
                    "training": "params:training",
                    "evaluation": "params:evaluation",
                },
                outputs=None,
            ),
            node(
                list_images,
                name="list_images",
                inputs={
                    "raw_source": "raw_source",
                    "source_manifest": "source_manifest",
                    "ingestion": "params:ingestion",
                    "preprocessing": "params:preprocessing",
                },
                outputs="image_table",
            ),
            node(
                take_images,
                name="take_images",
                inputs={
                    "raw_source": "raw_source",
                    "source_manifest": "source_manifest",
                    "image_table": "image_table",
                },
                outputs=["train_images", "test_images", "recorded_images"],
            ),
        ],
        tags="ingestion",
    )
