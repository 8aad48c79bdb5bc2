"""The comparison pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline import figures
from denoising_pipeline.pipelines import by_name
from denoising_pipeline.pipelines.comparison import nodes


def create_pipeline() -> Pipeline:
    """Return the pipeline from tracked runs to a table, a text and figures that compare them."""
    return Pipeline(
        [
            node(
                nodes.compare_runs,
                name="compare_runs",
                inputs=by_name(
                    "tracked_runs", "params:comparison", "params:evaluation", "params:seed"
                ),
                outputs=["comparison_table", "comparison_history", "comparison_left_out"],
            ),
            node(
                nodes.write_markdown,
                name="write_markdown",
                inputs=by_name(
                    "comparison_table",
                    "comparison_left_out",
                    "params:comparison",
                    "params:evaluation",
                ),
                outputs="comparison_markdown",
            ),
            node(
                nodes.draw_scores,
                name="draw_scores",
                inputs=by_name("comparison_table", "params:comparison"),
                outputs="comparison_figure",
            ),
            node(
                figures.learning_curves,
                name="draw_learning_curves",
                inputs=by_name("comparison_history"),
                outputs="comparison_learning_curves",
            ),
        ],
        tags="comparison",
    )
