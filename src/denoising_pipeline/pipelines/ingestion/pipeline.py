"""The ingestion pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline.pipelines.ingestion.nodes import check_source, list_images, take_images


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
                    "training": "params:training",
                    "evaluation": "params:evaluation",
                },
                outputs="source_manifest",
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
                    "ingestion": "params:ingestion",
                },
                outputs=["train_images", "test_images"],
            ),
        ],
        tags="ingestion",
    )
