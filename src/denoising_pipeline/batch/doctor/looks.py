"""What one file is, and what of it is compared with other files."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.files import ImageError, Pages
from denoising_pipeline.images.noise_kinds import noise_kinds
from denoising_pipeline.images.noise_level import NoiseEstimate, estimate_noise
from denoising_pipeline.images.pairs import differ_by_noise
from denoising_pipeline.pictures.formats import MAX_PIXELS, PictureError, open_picture

GRID = 16
"""Rows and columns of the small picture by which scenes are recognized."""


@dataclass(frozen=True)
class Look:
    """What one file is.

    Attributes:
        path: Of the file.
        format: Such as "PNG".
        mode: Such as "grey", "RGB".
        depth: Such as "8 bit".
        height: Of the first page, in pixels.
        width: Likewise.
        pages: Images in the file.
        sigma: Noise level of the first page on the scale of [0, 1]; None: not known.
        kinds: What there is to say of the noise, in words.
        clipped: Share of the values that are black or white.
        small: Mean brightness of the fields of a grid, float32 (GRID, GRID).
        digest: Of the pixels; equal for equal images.
    """

    path: Path
    format: str
    mode: str
    depth: str
    height: int
    width: int
    pages: int
    sigma: float | None
    kinds: tuple[str, ...]
    clipped: float
    small: npt.NDArray[np.float32]
    digest: bytes

    @property
    def is_stack(self) -> bool:
        """Whether it has several pages, each of which is learnt from as an image of its own."""
        return self.pages > 1 and self.format == "TIFF"

    @property
    def images(self) -> int:
        """Images that are learnt from."""
        return self.pages if self.is_stack else 1


def look_at(path: Path, max_pixels: int = MAX_PIXELS) -> tuple[Look, Images]:
    """Read the first page of a file.

    Args:
        path: Of the file.
        max_pixels: Of a page at most.

    Returns:
        What it is, and its pixels: float32 (H, W, C) in [0, 1].

    Raises:
        ValueError: It is no image that is read; the sentence goes on from the file's name.
        OSError: It cannot be opened.
    """
    picture = open_picture(path, max_pixels=max_pixels)
    if picture.rate:
        raise PictureError("is a recording, and pictures are looked at here")
    pixels, known = picture.read_known()
    noise = estimate_noise(pixels, known)
    height, width = pixels.shape[:2]
    found = Look(
        path=path,
        format=picture.format,
        mode=picture.mode,
        depth=picture.depth,
        height=height,
        width=width,
        pages=picture.pages,
        sigma=_level(noise),
        kinds=tuple(noise_kinds(noise)),
        clipped=noise.clipped,
        small=_small(pixels),
        digest=hashlib.blake2b(np.ascontiguousarray(pixels).data, digest_size=16).digest(),
    )
    return found, pixels


def is_still(path: Path) -> bool:
    """Tell whether the pages of a stack show the same but for the noise: first, middle and last."""
    try:
        with path.open("rb") as file:
            pages = Pages(file, "")
            places = dict.fromkeys((0, pages.count // 2, pages.count - 1))
            first, *others = (pages.read(page).pixels for page in places)
    except ImageError:
        return False
    return all(differ_by_noise(first, other) for other in others)


def _small(pixels: Images) -> npt.NDArray[np.float32]:
    high, wide = pixels.shape[0] // GRID, pixels.shape[1] // GRID
    if not high or not wide:
        return np.zeros((GRID, GRID), np.float32)
    fields = pixels[: high * GRID, : wide * GRID].mean(axis=2)
    small: npt.NDArray[np.float32] = fields.reshape(GRID, high, GRID, wide).mean(axis=(1, 3))
    return small


def _level(noise: NoiseEstimate) -> float | None:
    """Return the noise level where it can be told.

    Where JPEG leaves blocks, it took the fine noise away, and little is left to estimate; where
    most is black or white, as in a scanned text, edges are taken for noise.
    """
    return None if noise.is_clipped else noise.level
