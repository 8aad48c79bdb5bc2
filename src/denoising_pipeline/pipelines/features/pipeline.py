"""The features pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline.images.needs import check_clean_of_one_size
from denoising_pipeline.pipelines import by_name
from denoising_pipeline.pipelines.features import nodes
from denoising_pipeline.report import side


def create_pipeline() -> Pipeline:
    """Return the pipeline from images and a denoiser to codes and what can be told from them."""
    return Pipeline(
        [
            node(
                check_clean_of_one_size,
                name="check_images",
                inputs=by_name("source_manifest"),
                outputs=None,
            ),
            node(
                nodes.encode_images,
                name="encode_images",
                inputs=by_name(
                    "denoiser", "train_clean", "test_clean", "splits", "params:features"
                ),
                outputs="features",
            ),
            node(
                nodes.probe_features,
                name="probe_features",
                inputs=by_name(
                    "features",
                    "denoiser",
                    "train_clean",
                    "val_clean",
                    "test_clean",
                    "test_noisy",
                    "test_denoised",
                    "splits",
                    options="params:features",
                    evaluation="params:evaluation",
                ),
                outputs="feature_scores",
            ),
            node(
                nodes.summarize_features,
                name="summarize_features",
                inputs=by_name("features", "feature_scores", "params:evaluation"),
                outputs="feature_summary",
            ),
            node(
                nodes.write_feature_table,
                name="write_feature_table",
                inputs=by_name("feature_scores", "params:evaluation"),
                outputs="feature_markdown",
            ),
            node(
                nodes.draw_features,
                name="draw_features",
                inputs=by_name("feature_scores"),
                outputs="feature_figure",
            ),
            node(
                side.features,
                name="write_section",
                inputs=by_name("feature_scores", "feature_summary"),
                outputs="features_section",
            ),
        ],
        tags="features",
    )
