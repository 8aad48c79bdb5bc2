"""The anomaly pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline.images.needs import check_drawn_of_one_size
from denoising_pipeline.pipelines import by_name
from denoising_pipeline.pipelines.anomaly import nodes


def create_pipeline() -> Pipeline:
    """Return the pipeline from a denoiser to how well its error tells another source."""
    return Pipeline(
        [
            node(
                check_drawn_of_one_size,
                name="check_images",
                inputs=by_name("source_manifest"),
                outputs=None,
            ),
            node(
                nodes.score_images,
                name="score_images",
                inputs=by_name(
                    "denoiser",
                    "train_clean",
                    "val_clean",
                    "val_noisy",
                    "test_clean",
                    "test_noisy",
                    "sources",
                    "params:anomaly",
                ),
                outputs="anomaly_rows",
            ),
            node(
                nodes.measure_anomalies,
                name="measure_anomalies",
                inputs=by_name("anomaly_rows", "denoiser", "params:evaluation"),
                outputs="anomaly_scores",
            ),
            node(
                nodes.summarize_anomalies,
                name="summarize_anomalies",
                inputs=by_name("anomaly_scores", "params:evaluation"),
                outputs="anomaly_summary",
            ),
            node(
                nodes.write_anomaly_table,
                name="write_anomaly_table",
                inputs=by_name("anomaly_scores", "anomaly_rows", "params:evaluation"),
                outputs="anomaly_markdown",
            ),
            node(
                nodes.draw_anomaly_curves,
                name="draw_anomaly_curves",
                inputs=by_name("anomaly_rows"),
                outputs="anomaly_curves",
            ),
            node(
                nodes.write_section,
                name="write_section",
                inputs=by_name("anomaly_scores", "anomaly_rows"),
                outputs="anomaly_section",
            ),
        ],
        tags="anomaly",
    )
