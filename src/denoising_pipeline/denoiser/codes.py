"""What a denoiser's encoder makes of an image: a code of fixed size."""

import math
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.denoiser.denoiser import Denoiser
from denoising_pipeline.denoiser.inputs import checked
from denoising_pipeline.denoiser.onnx_network import OnnxNetwork
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet

BATCH = 512
"""Images that are encoded at once."""


def code_values(denoiser: Denoiser) -> int:
    """Return how many values a code has.

    Raises:
        ValueError: The denoiser has no code of fixed size.
    """
    return math.prod(_encoder(denoiser).output_shape[1:])


def has_code(denoiser: Denoiser) -> bool:
    """Return whether a denoiser has a code of fixed size."""
    try:
        return code_values(denoiser) > 0
    except ValueError:
        return False


def encode(denoiser: Denoiser, images: Images | ImageSet) -> npt.NDArray[np.float32]:
    """Return the codes of images.

    What an encoder gives for each place of the image is flattened, place after place. Of an encoder
    with skips, only the vector in the middle is the code: what goes past it is the image itself at
    another resolution.

    Args:
        denoiser: One with a code of fixed size.
        images: float32 (N, H, W, C) in [0, 1], or a set, as the denoiser takes them; N is 1 or
            more.

    Returns:
        float32 (N, K).

    Raises:
        ValueError: The denoiser has no code of fixed size, or does not take the images.
    """
    encoder = _encoder(denoiser)
    given = checked(images, denoiser.image_shape)
    codes = [np.asarray(encoder.predict_on_batch(batch)) for _, batch in given.batches(BATCH)]
    return np.concatenate(codes).reshape(len(given), -1).astype(np.float32, copy=False)


def decode(denoiser: Denoiser, codes: npt.NDArray[np.float32]) -> Images:
    """Return the images that codes stand for.

    Args:
        denoiser: One whose decoder takes nothing but the code.
        codes: float32 (N, K) of `encode`.

    Returns:
        float32 (N, H, W, C), in [0, 1] if the network is bounded.

    Raises:
        ValueError: The decoder takes more than the code.
    """
    _encoder(denoiser)
    decoder = denoiser.decoder
    if len(decoder.inputs) > 1:
        raise ValueError(
            f"The decoder of {denoiser.architecture.name!r} takes what went past the code as well, "
            "so that a code alone is no image. Take a denoiser without skips: dense or "
            "convolutional."
        )
    given = codes.reshape(len(codes), *decoder.input_shape[1:])
    parts = [
        np.asarray(decoder.predict_on_batch(given[start : start + BATCH]))
        for start in range(0, len(given), BATCH)
    ]
    return np.concatenate(parts)


@lru_cache(maxsize=2)
def _encoder(denoiser: Denoiser) -> Any:
    """Return the `keras.Model` from images to the code alone, kept so that it is traced once.

    Raises:
        ValueError: There is none.
    """
    name = denoiser.architecture.name
    portable = isinstance(denoiser.model, OnnxNetwork)
    if portable:
        raise ValueError(
            f"This denoiser ({name}) runs without Keras and has no encoder of its own. Take one "
            "that the pipeline trained."
        )
    outputs = denoiser.encoder.outputs
    if len(outputs) > 1:
        outputs = [output for output in outputs if len(output.shape) == 2]  # noqa: PLR2004
    if not outputs or None in outputs[0].shape[1:]:
        raise ValueError(
            f"The encoder of {name!r} gives features of every place of the image, at several "
            "resolutions, and no code of fixed size. Take a denoiser with a bottleneck: "
            "--params training.model.name=dense, convolutional or residual_unet."
        )
    return load_keras().Model(denoiser.encoder.inputs, outputs[0])
