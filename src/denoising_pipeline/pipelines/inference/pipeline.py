"""The inference pipeline."""

from kedro.pipeline import Pipeline, node

from denoising_pipeline.pipelines.inference.nodes import denoise_images


def create_pipeline(
    images: str = "images_to_denoise",
    denoised: str = "denoised_images",
    name: str = "denoise_images",
) -> Pipeline:
    """Return the pipeline from an array of images to the denoised array.

    Args:
        images: Catalog entry of the images, float32 (N, H, W, C) in [0, 1].
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
