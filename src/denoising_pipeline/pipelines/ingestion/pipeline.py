"""The ingestion pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline.pipelines.ingestion.nodes import describe_source, validate_source


def create_pipeline() -> Pipeline:
    """Return the pipeline from raw IDX arrays to validated images, labels and a manifest."""
    validate = [
        node(
            validate_source,
            name=f"validate_{split}_source",
            inputs={
                "images": f"raw_{split}_images",
                "labels": f"raw_{split}_labels",
                "ingestion": "params:ingestion",
            },
            outputs=[f"{split}_images", f"{split}_labels"],
        )
        for split in ("train", "test")
    ]
    describe = node(
        describe_source,
        name="describe_source",
        inputs={
            "source": "params:source",
            "train_images": "raw_train_images",
            "train_labels": "raw_train_labels",
            "test_images": "raw_test_images",
            "test_labels": "raw_test_labels",
        },
        outputs="source_manifest",
    )
    return Pipeline([*validate, describe], tags="ingestion")
