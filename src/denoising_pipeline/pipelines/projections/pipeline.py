"""The projections pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline import figures
from denoising_pipeline.images.needs import check_clean_of_one_size
from denoising_pipeline.pipelines import by_name
from denoising_pipeline.pipelines.projections import nodes


def create_pipeline() -> Pipeline:
    """Return the pipeline from clean images to autoencoders' projections, measured and drawn."""
    return Pipeline(
        [
            node(
                check_clean_of_one_size,
                name="check_images",
                inputs=by_name("source_manifest"),
                outputs=None,
            ),
            node(
                nodes.project_images,
                name="project_images",
                inputs=by_name(
                    "train_clean",
                    "val_clean",
                    "test_clean",
                    "splits",
                    options="params:projections",
                    seed="params:seed",
                ),
                outputs="projection_rows",
            ),
            node(
                nodes.summarize_projections,
                name="summarize_projections",
                inputs=by_name("projection_rows", "params:evaluation"),
                outputs="projection_scores",
            ),
            node(
                nodes.compare_projections,
                name="compare_projections",
                inputs=by_name("projection_rows", "params:evaluation", "params:seed"),
                outputs="projection_summary",
            ),
            node(
                nodes.write_projection_table,
                name="write_projection_table",
                inputs=by_name("projection_scores", "projection_summary"),
                outputs="projection_markdown",
            ),
            node(
                figures.projection_scores,
                name="draw_projections",
                inputs=by_name("projection_scores"),
                outputs="projection_figure",
            ),
            node(
                nodes.draw_map,
                name="draw_map",
                inputs=by_name(
                    "test_clean", "projection_rows", "projection_scores", "projection_summary"
                ),
                outputs="projection_map",
            ),
            node(
                nodes.write_section,
                name="write_section",
                inputs=by_name("projection_scores", "projection_rows", "projection_summary"),
                outputs="projections_section",
            ),
        ],
        tags="projections",
    )
