"""What a training starts from, if not from nothing."""

from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.onnx_weights import Weights, with_keras
from denoising_pipeline.models import Architecture
from denoising_pipeline.models.base import ImageShape


def starting_weights(
    start: Denoiser | None, architecture: Architecture, image_shape: ImageShape
) -> Weights | None:
    """Return the weights of a network that goes on from a denoiser; None: they are drawn.

    Args:
        start: The denoiser; None: there is none.
        architecture: That of the network to be trained.
        image_shape: (H, W, C) that this is built for.

    Raises:
        ValueError: The denoiser has another architecture or other images, or its weights cannot be
            read; or there is none, and most of the network is not trained.
    """
    if start is None:
        if architecture.needs_start:
            raise ValueError(
                f"The network in {architecture.name!r} is not trained, so it has to come from a "
                "denoiser. Set training.start to one, such as photos, or "
                "training.model.trained=all."
            )
        return None
    known = architecture.weights_from(start.architecture, ()) is not None
    if not known or start.image_shape != image_shape:
        raise ValueError(
            f"The denoiser of training.start is {start.architecture!r} for images of "
            f"{start.image_shape}, and the network to be trained {architecture!r} for "
            f"{image_shape}. Set training.model and ingestion.channels to its own, or "
            "training.start to null."
        )
    return architecture.weights_from(start.architecture, with_keras(start).model.get_weights())
