"""The comparison pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline import figures
from denoising_pipeline.pipelines.comparison import nodes


def create_pipeline() -> Pipeline:
    """Return the pipeline from tracked runs to a table, a text and figures that compare them."""
    return Pipeline(
        [
            node(
                nodes.compare_runs,
                name="compare_runs",
                inputs={
                    "tracked_runs": "tracked_runs",
                    "comparison": "params:comparison",
                    "evaluation": "params:evaluation",
                    "seed": "params:seed",
                },
                outputs=["comparison_table", "comparison_history", "comparison_left_out"],
            ),
            node(
                nodes.write_markdown,
                name="write_markdown",
                inputs={
                    "comparison_table": "comparison_table",
                    "comparison_left_out": "comparison_left_out",
                    "comparison": "params:comparison",
                    "evaluation": "params:evaluation",
                },
                outputs="comparison_markdown",
            ),
            node(
                nodes.draw_scores,
                name="draw_scores",
                inputs={
                    "comparison_table": "comparison_table",
                    "comparison": "params:comparison",
                },
                outputs="comparison_figure",
            ),
            node(
                figures.learning_curves,
                name="draw_learning_curves",
                inputs={"comparison_history": "comparison_history"},
                outputs="comparison_learning_curves",
            ),
        ],
        tags="comparison",
    )
