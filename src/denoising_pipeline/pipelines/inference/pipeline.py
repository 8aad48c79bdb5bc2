"""The inference pipeline, for an array or for files; which, the session chooses by the tags."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline.pipelines import by_name
from denoising_pipeline.pipelines.inference.nodes import check_files, denoise_files, denoise_images

ARRAY, FILES = "array", "files"
"""Tags of what `--pipelines inference` does without and with `inference.input`."""


def create_pipeline(
    images: str = "images_to_denoise",
    denoised: str = "denoised_images",
    name: str = "denoise_images",
) -> Pipeline:
    """Return the pipeline from images to denoised images.

    Args:
        images: Catalog entry of the images, an array or a set.
        denoised: Catalog entry that takes the result.
        name: Name of the node.

    Returns:
        The pipeline; evaluation uses it on the test images.
    """
    return Pipeline(
        [
            node(
                denoise_images,
                name=name,
                inputs=by_name("denoiser", noisy=images),
                outputs=denoised,
            )
        ],
        tags=["inference", ARRAY],
    )


def create_files_pipeline() -> Pipeline:
    """Return the pipeline that denoises the files of `inference.input`."""
    return Pipeline(
        [
            node(
                denoise_files,
                name="denoise_files",
                inputs=by_name("params:inference", "model_files"),
                outputs=["denoised_files", "denoised_files_page"],
            ),
            node(
                check_files,
                name="check_files",
                inputs=by_name("denoised_files"),
                outputs=None,
            ),
        ],
        tags=["inference", FILES],
    )
