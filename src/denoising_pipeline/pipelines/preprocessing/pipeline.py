"""The preprocessing pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline.pipelines.preprocessing.nodes import (
    normalize_test_images,
    normalize_train_images,
    split_source,
)


def create_pipeline() -> Pipeline:
    """Return the pipeline from checked images to clean images of each split."""
    return Pipeline(
        [
            node(
                split_source,
                name="split_source",
                inputs={
                    "image_table": "image_table",
                    "ingestion": "params:ingestion",
                    "preprocessing": "params:preprocessing",
                    "seed": "params:seed",
                },
                outputs="splits",
            ),
            node(
                normalize_train_images,
                name="normalize_train_images",
                inputs={
                    "train_images": "train_images",
                    "splits": "splits",
                    "preprocessing": "params:preprocessing",
                },
                outputs=["train_clean", "val_clean"],
            ),
            node(
                normalize_test_images,
                name="normalize_test_images",
                inputs={"test_images": "test_images", "preprocessing": "params:preprocessing"},
                outputs="test_clean",
            ),
        ],
        tags="preprocessing",
    )
