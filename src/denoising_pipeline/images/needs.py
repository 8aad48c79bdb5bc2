"""What pipelines need of images, checked before any network is trained."""

from collections.abc import Mapping
from typing import Any

from denoising_pipeline.images.checks import RECORDED, open_shape


def check_one_size(manifest: Mapping[str, Any]) -> None:
    """Check that all images have one size.

    Args:
        manifest: As for `open_shape`.

    Raises:
        ValueError: They differ in size.
    """
    if open_shape(manifest)[0] is None:
        raise ValueError(
            f"{manifest['source']}: the images differ in size, and this pipeline takes images of "
            "one size. Crop them to one size, or leave the pipeline out."
        )


def check_drawn(source: str, drawn: bool) -> None:
    """Check that the noise of images is drawn, and was not recorded.

    Args:
        source: Name of their source.
        drawn: Whether it is.

    Raises:
        ValueError: It was recorded.
    """
    if not drawn:
        raise ValueError(
            f"{source}: the noise of its images was recorded, and this pipeline draws noise. Leave "
            "the pipeline out, or train on clean images alone, with a noise_injection.name that is "
            "drawn."
        )


def check_clean_of_one_size(source_manifest: dict[str, Any]) -> None:
    """Check that there are clean images, all of one size.

    Args:
        source_manifest: The record of the source.

    Raises:
        ValueError: They differ in size, or all of them are noisy.
    """
    if source_manifest["kind"] == "noisy":
        raise ValueError(
            f"{source_manifest['source']} has noisy images alone, and this pipeline needs clean "
            "ones. Leave the pipeline out, or use a source with clean images."
        )
    check_one_size(source_manifest)


def check_drawn_of_one_size(source_manifest: dict[str, Any]) -> None:
    """Check that noise is drawn onto images, all of one size.

    Args:
        source_manifest: The record of the source.

    Raises:
        ValueError: They differ in size, or their noise was recorded.
    """
    check_drawn(source_manifest["source"], source_manifest["kind"] not in RECORDED)
    check_one_size(source_manifest)
