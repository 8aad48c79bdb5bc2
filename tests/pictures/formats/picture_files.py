"""What tests of formats share: a picture read, changed, written, and read again."""

import io
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from denoising_pipeline.images.arrays import Images
from denoising_pipeline.pictures.formats import Picture, open_picture, write_picture

DRAWS = np.random.default_rng(0)
GREY = DRAWS.integers(0, 256, (7, 9), np.uint8)
COLOUR = DRAWS.integers(0, 256, (7, 9, 3), np.uint8)
DEEP = DRAWS.integers(0, 65536, (7, 9, 4), np.uint16)

Change = Callable[[Images], Images]


def saved(image: Image.Image | npt.NDArray[Any], kind: str = "PNG", **options: Any) -> bytes:
    """Return the file that Pillow writes."""
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(file := io.BytesIO(), kind, **options)
    return file.getvalue()


def darker(image: Images) -> Images:
    return image * np.float32(0.5)


def one_pixel(image: Images) -> Images:
    """Turn the first pixel over, so that the file has to be written anew."""
    changed = image.copy()
    changed[0, 0] = 1 - np.rint(changed[0, 0])
    return changed


def written(
    content: bytes, change: Change = darker, kind: str | None = None, bits: int | None = None
) -> bytes:
    """Return a file whose pages have been changed."""
    picture = open_picture(content, bits=bits)
    return with_pages(picture, map(change, map(picture.read, range(picture.pages))), kind)


def with_pages(picture: Picture, pages: Iterable[Images], kind: str | None = None) -> bytes:
    write_picture(picture, iter(pages), file := io.BytesIO(), kind)
    return file.getvalue()


def opened(content: bytes) -> Image.Image:
    """Return what Pillow makes of a file."""
    image = Image.open(io.BytesIO(content))
    image.load()
    return image
