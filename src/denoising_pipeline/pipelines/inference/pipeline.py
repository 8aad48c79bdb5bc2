"""The inference pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline.pipelines.inference.nodes import denoise_images


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
                inputs={"denoiser": "denoiser", "noisy": images},
                outputs=denoised,
            )
        ],
        tags="inference",
    )
