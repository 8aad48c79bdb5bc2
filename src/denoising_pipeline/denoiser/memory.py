"""How much memory a network takes."""

import math
from collections.abc import Sequence
from typing import Any

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.images.tiles import least_pixels

VALUE_BYTES = 4
"""Of float32, whatever the precision of the layers."""

ALIVE = 4
"""How many arrays of the largest layer are taken to exist at once."""


def bytes_per_pixel(model: Any, multiples: tuple[int, int]) -> int:
    """Estimate what a network for images of any size takes while it processes them.

    An image and what becomes of it are held twice, for padding and cropping; the encoder's outputs
    wait for the decoder; and where the layers are largest, some of them exist at once. The estimate
    is meant to be too high: processes were seen to grow by a half to four fifths of it.

    Args:
        model: As `Architecture.build` returns it for any size.
        multiples: Of the architecture.

    Returns:
        Bytes per pixel of the padded images, these included.
    """
    shape = (1, *multiples, model.input_shape[-1])
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")
    bottleneck = encoder.compute_output_shape(shape)
    waiting = bottleneck if isinstance(bottleneck, list) else [bottleneck]
    images = _values([shape, decoder.compute_output_shape(bottleneck)])
    layers = [*_layer_shapes(encoder, shape), *_layer_shapes(decoder, bottleneck)]
    largest = max(_values([layer]) for layer in layers)
    values = 2 * images + _values(waiting) + ALIVE * largest
    return math.ceil(VALUE_BYTES * values / math.prod(multiples))


def pixels_within(
    memory: int,
    per_pixel: int,
    size: tuple[int, int],
    context: int,
    multiples: tuple[int, int],
) -> int:
    """Return how many pixels a network may take at once.

    Args:
        memory: Bytes that it may take.
        per_pixel: Bytes of each, as of `bytes_per_pixel`.
        size: Height and width of the image.
        context: How far the network sees, in pixels.
        multiples: Of the architecture.

    Raises:
        ValueError: Not even the smallest tile fits.
    """
    pixels, least = memory // per_pixel, least_pixels(*size, context, multiples)
    if pixels < least:
        height, width = size
        raise ValueError(
            f"max_memory is {memory:,} bytes, but the smallest tile of an image of "
            f"{height}x{width} pixels takes {least * per_pixel:,}, since the network sees "
            f"{context} pixels on each side. Allow more memory, best ten times that."
        )
    return pixels


def _layer_shapes(part: Any, given: Any) -> list[tuple[int, ...]]:
    outputs = [layer.output for layer in part.layers]
    shapes = load_keras().Model(part.inputs, outputs).compute_output_shape(given)
    return list(shapes)


def _values(shapes: Sequence[tuple[int, ...]]) -> int:
    return sum(map(math.prod, shapes))
