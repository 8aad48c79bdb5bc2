"""Digits in colour: a source on which colours can be learnt in a minute.

Stroke and ground of a digit have one of a few pairs of colours. Most pairs can be told by how light
they are; two have the same lightness in opposite colours, so that nobody can know which it was.
"""

from io import BytesIO
from pathlib import Path

import numpy as np
from fsspec.implementations.local import LocalFileSystem
from PIL import Image

from denoising_pipeline.core.files import write_missing
from denoising_pipeline.core.seeding import generator
from denoising_pipeline.images.arrays import Bytes, Images, as_images
from denoising_pipeline.images.luma import luma
from denoising_pipeline.images.source import open_source

PAIRS = 6
"""Of colours that differ; one more is the opposite of the last."""

DIGITS = {"train": 2000, "test": 500}
"""Number of digits by split."""

LICENCE = """\
CC BY-SA 3.0

Digits of MNIST, by Yann LeCun, Corinna Cortes and Christopher J.C. Burges, with colours:
https://creativecommons.org/licenses/by-sa/3.0/
"""


def palette(seed: int = 0) -> Images:
    """Draw the pairs of colours.

    Args:
        seed: Of the colours.

    Returns:
        float32 (PAIRS + 1, 2, 3) in [0, 1]: of each pair the ground and the stroke.
    """
    drawn = generator(seed, "palette").random((PAIRS, 2, 3), dtype=np.float32)
    grey = luma(drawn)
    chroma = drawn - grey
    room = np.minimum(grey, 1 - grey) / np.abs(chroma).max(axis=-1, keepdims=True)
    chroma *= np.minimum(room, 1)  # so that the opposite colour exists as well
    return np.concatenate([grey + chroma, (grey - chroma)[-1:]])


def coloured(digits: Images, split: str, seed: int = 0) -> Images:
    """Give colours to digits.

    Args:
        digits: float32 (N, H, W, 1) in [0, 1].
        split: `"train"` or `"test"`.
        seed: Of the colours, and of which digit has which.

    Returns:
        float32 (N, H, W, 3) in [0, 1].
    """
    pairs = palette(seed)
    chosen = pairs[generator(seed, "colours", split).integers(len(pairs), size=len(digits))]
    ground, stroke = chosen[:, 0, None, None], chosen[:, 1, None, None]
    mixed: Images = ground + digits * (stroke - ground)
    return mixed


def fetch_coloured_digits(folder: Path, mnist: Path, overwrite: bool = False) -> list[Path]:
    """Write the first digits of MNIST in colour, as PNG in `train/` and `test/`, and a LICENCE.

    Args:
        folder: Where they go; it is made if missing.
        mnist: Folder of the four files of MNIST.
        overwrite: Replace files of these names that have another content.

    Returns:
        The paths of the digits and of the licence.

    Raises:
        FileExistsError: A file is there with another content, and `overwrite` is off.
        SourceError: MNIST is not there.
    """
    arrays = open_source(LocalFileSystem(), mnist.as_posix()).arrays
    wanted = {folder / "LICENCE": LICENCE.encode()}
    for split, count in DIGITS.items():
        digits = coloured(as_images(arrays[f"{split}_images"][:count]), split)
        for index, pixels in enumerate(np.rint(255 * digits).astype(np.uint8)):
            wanted[folder / split / f"{index:04}.png"] = _png(pixels)
    write_missing(wanted, overwrite)
    return list(wanted)


def _png(pixels: Bytes) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()
