"""The features pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline.images.needs import check_clean_of_one_size
from denoising_pipeline.pipelines.features import nodes
from denoising_pipeline.report import side

SCORES = {"feature_scores": "feature_scores"}
EVALUATION = {"evaluation": "params:evaluation"}


def create_pipeline() -> Pipeline:
    """Return the pipeline from images and a denoiser to codes and what can be told from them."""
    return Pipeline(
        [
            node(
                check_clean_of_one_size,
                name="check_images",
                inputs={"source_manifest": "source_manifest"},
                outputs=None,
            ),
            node(
                nodes.encode_images,
                name="encode_images",
                inputs={
                    "denoiser": "denoiser",
                    "train_clean": "train_clean",
                    "test_clean": "test_clean",
                    "splits": "splits",
                    "features": "params:features",
                },
                outputs="features",
            ),
            node(
                nodes.probe_features,
                name="probe_features",
                inputs={
                    "features": "features",
                    "denoiser": "denoiser",
                    "train_clean": "train_clean",
                    "val_clean": "val_clean",
                    "test_clean": "test_clean",
                    "test_noisy": "test_noisy",
                    "test_denoised": "test_denoised",
                    "splits": "splits",
                    "options": "params:features",
                    **EVALUATION,
                },
                outputs="feature_scores",
            ),
            node(
                nodes.summarize_features,
                name="summarize_features",
                inputs={"features": "features", **SCORES, **EVALUATION},
                outputs="feature_summary",
            ),
            node(
                nodes.write_feature_table,
                name="write_feature_table",
                inputs={**SCORES, **EVALUATION},
                outputs="feature_markdown",
            ),
            node(
                nodes.draw_features,
                name="draw_features",
                inputs=SCORES,
                outputs="feature_figure",
            ),
            node(
                side.features,
                name="write_section",
                inputs={
                    "feature_scores": "feature_scores",
                    "feature_summary": "feature_summary",
                },
                outputs="features_section",
            ),
        ],
        tags="features",
    )
