"""Pages as a browser shows them."""

import math
from pathlib import Path

import numpy as np
from PIL import Image

from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.pixels import turned
from denoising_pipeline.pictures.formats.picture import Metadata

SHOWN_PIXELS = 16_000_000
"""Of a page at most, since a telephone shows no more."""

FAST = 1
"""Level of compression."""


def write_preview(image: Images, metadata: Metadata, path: Path) -> None:
    """Write a page as a PNG of 8 bits, upright, with its colour profile.

    Args:
        image: float32 (H, W, C) in [0, 1], as stored.
        metadata: Of the picture.
        path: Where it goes; a larger image than `SHOWN_PIXELS` is averaged to a part of its size.
    """
    pixels = np.rint(np.clip(image, 0, 1) * np.float32(255)).astype(np.uint8)
    pixels = np.ascontiguousarray(turned(pixels, metadata.orientation))
    shown = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    smaller = math.ceil(math.sqrt(shown.width * shown.height / SHOWN_PIXELS))
    if smaller > 1:
        shown = shown.reduce(smaller)
    space = metadata.icc[16:20]
    if space == b"RGB ":
        shown = shown.convert("RGB")
    fits = space == (b"RGB " if shown.mode == "RGB" else b"GRAY")
    shown.save(path, "PNG", compress_level=FAST, icc_profile=metadata.icc if fits else None)
