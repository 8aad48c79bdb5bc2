"""The ingestion pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline.pipelines import by_name
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
                inputs=by_name("raw_source", "params:source", "params:ingestion"),
                outputs="source_manifest",
            ),
            node(
                check_recipe,
                name="check_recipe",
                inputs=by_name(
                    "source_manifest",
                    "params:preprocessing",
                    "params:noise_injection",
                    "params:training",
                    "params:evaluation",
                ),
                outputs=None,
            ),
            node(
                list_images,
                name="list_images",
                inputs=by_name(
                    "raw_source", "source_manifest", "params:ingestion", "params:preprocessing"
                ),
                outputs="image_table",
            ),
            node(
                take_images,
                name="take_images",
                inputs=by_name("raw_source", "source_manifest", "image_table"),
                outputs=["train_images", "test_images", "recorded_images"],
            ),
        ],
        tags="ingestion",
    )
