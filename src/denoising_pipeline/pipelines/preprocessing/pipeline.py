"""The preprocessing pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline.pipelines import by_name
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
                inputs=by_name(
                    "image_table", "params:ingestion", "params:preprocessing", "params:seed"
                ),
                outputs="splits",
            ),
            node(
                normalize_train_images,
                name="normalize_train_images",
                inputs=by_name("train_images", "splits", "params:preprocessing"),
                outputs=["train_clean", "val_clean"],
            ),
            node(
                normalize_test_images,
                name="normalize_test_images",
                inputs=by_name("test_images", "params:preprocessing"),
                outputs="test_clean",
            ),
        ],
        tags="preprocessing",
    )
