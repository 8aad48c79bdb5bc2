"""The projections pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline import figures
from denoising_pipeline.images.needs import check_clean_of_one_size
from denoising_pipeline.pipelines.projections import nodes

ROWS = {"projection_rows": "projection_rows"}
SCORES = {"projection_scores": "projection_scores"}
SUMMARY = {"projection_summary": "projection_summary"}
EVALUATION = {"evaluation": "params:evaluation"}
SEED = {"seed": "params:seed"}


def create_pipeline() -> Pipeline:
    """Return the pipeline from clean images to autoencoders' projections, measured and drawn."""
    return Pipeline(
        [
            node(
                check_clean_of_one_size,
                name="check_images",
                inputs={"source_manifest": "source_manifest"},
                outputs=None,
            ),
            node(
                nodes.project_images,
                name="project_images",
                inputs={
                    "train_clean": "train_clean",
                    "val_clean": "val_clean",
                    "test_clean": "test_clean",
                    "splits": "splits",
                    "options": "params:projections",
                    **SEED,
                },
                outputs="projection_rows",
            ),
            node(
                nodes.summarize_projections,
                name="summarize_projections",
                inputs={**ROWS, **EVALUATION},
                outputs="projection_scores",
            ),
            node(
                nodes.compare_projections,
                name="compare_projections",
                inputs={**ROWS, **EVALUATION, **SEED},
                outputs="projection_summary",
            ),
            node(
                nodes.write_projection_table,
                name="write_projection_table",
                inputs={**SCORES, **SUMMARY},
                outputs="projection_markdown",
            ),
            node(
                figures.projection_scores,
                name="draw_projections",
                inputs=SCORES,
                outputs="projection_figure",
            ),
            node(
                nodes.draw_map,
                name="draw_map",
                inputs={"test_clean": "test_clean", **ROWS, **SCORES, **SUMMARY},
                outputs="projection_map",
            ),
            node(
                nodes.write_section,
                name="write_section",
                inputs={**SCORES, **ROWS, **SUMMARY},
                outputs="projections_section",
            ),
        ],
        tags="projections",
    )
