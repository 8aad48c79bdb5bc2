"""The anomaly pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline.images.needs import check_drawn_of_one_size
from denoising_pipeline.pipelines.anomaly import nodes

ROWS = {"anomaly_rows": "anomaly_rows"}
SCORES = {"anomaly_scores": "anomaly_scores"}
EVALUATION = {"evaluation": "params:evaluation"}


def create_pipeline() -> Pipeline:
    """Return the pipeline from a denoiser to how well its error tells another source."""
    return Pipeline(
        [
            node(
                check_drawn_of_one_size,
                name="check_images",
                inputs={"source_manifest": "source_manifest"},
                outputs=None,
            ),
            node(
                nodes.score_images,
                name="score_images",
                inputs={
                    "denoiser": "denoiser",
                    "train_clean": "train_clean",
                    "val_clean": "val_clean",
                    "val_noisy": "val_noisy",
                    "test_clean": "test_clean",
                    "test_noisy": "test_noisy",
                    "sources": "sources",
                    "anomaly": "params:anomaly",
                },
                outputs="anomaly_rows",
            ),
            node(
                nodes.measure_anomalies,
                name="measure_anomalies",
                inputs={**ROWS, "denoiser": "denoiser", **EVALUATION},
                outputs="anomaly_scores",
            ),
            node(
                nodes.summarize_anomalies,
                name="summarize_anomalies",
                inputs={**SCORES, **EVALUATION},
                outputs="anomaly_summary",
            ),
            node(
                nodes.write_anomaly_table,
                name="write_anomaly_table",
                inputs={**SCORES, **ROWS, **EVALUATION},
                outputs="anomaly_markdown",
            ),
            node(
                nodes.draw_anomaly_curves,
                name="draw_anomaly_curves",
                inputs=ROWS,
                outputs="anomaly_curves",
            ),
            node(
                nodes.write_section,
                name="write_section",
                inputs={**SCORES, **ROWS},
                outputs="anomaly_section",
            ),
        ],
        tags="anomaly",
    )
