"""Formats that Pillow reads and writes without a loss of samples: JPEG, WebP and BMP."""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile

from denoising_pipeline.images import png
from denoising_pipeline.pictures.formats.exif import dpi_of
from denoising_pipeline.pictures.formats.palette import PALETTE_NOTE
from denoising_pipeline.pictures.formats.picture import Metadata, OnePagePicture, Source
from denoising_pipeline.pictures.formats.samples import PictureError, Samples

_MODES = {
    "1": "grey",
    "L": "grey",
    "P": "palette",
    "RGB": "RGB",
    "RGBA": "RGBA",
    "RGBX": "RGB",
    "CMYK": "CMYK",
}


class PluginPicture(OnePagePicture):
    """A file of one page and at most 8 bits that one of Pillow's plugins reads."""

    plugin: ClassVar[type[ImageFile]]

    def __init__(self, source: Source, name: str, max_pixels: int, bits: int | None) -> None:
        super().__init__(source, name, max_pixels, bits)
        with self.opened() as opened:
            width, height = opened.size
            self.check_size(height, width)
            self._size = (height, width)
            if opened.mode not in _MODES:
                raise PictureError(f"is of the type {opened.mode}: save it as grey or RGB")
            self.mode = _MODES[opened.mode]
            self.bits = 1 if opened.mode == "1" else 8
            self.dtype = np.dtype(np.uint8)
            if self.mode == "palette":
                self.note, self.own = PALETTE_NOTE, ("the palette",)
            self.metadata = metadata_of(opened)
            self.look(opened)

    @abstractmethod
    def look(self, opened: Any) -> None:
        """Remember what writing the file again needs."""

    @contextmanager
    def opened(self) -> Iterator[ImageFile]:
        """Open the file without the limit of pixels that Pillow keeps for the whole process."""
        with self.open() as file, self.plugin(file) as opened:
            yield opened

    def decode(self, page: int) -> Samples:
        """Decode the page."""
        del page
        with self.opened() as opened:
            opened.load()
            colour = np.asarray(opened.convert("RGB") if opened.mode == "P" else opened)
        colour = colour.astype(np.uint8, copy=False).reshape(*self._size, -1)
        if self.mode != "RGBA":
            return self.scaled(colour[..., :3] if self.mode == "RGB" else colour)
        alpha = colour[..., 3]
        return self.scaled(colour[..., :3], alpha=alpha, visible=alpha > 0)


def as_image(samples: Samples, bits: int = 8) -> Image.Image:
    """Return samples as an image of Pillow: "1", "L", "RGB", "RGBA" or "CMYK".

    Args:
        samples: Unsigned integers of at most 8 bits; grey with transparency becomes "RGBA".
        bits: Of each; fewer than 8 are brought to the range of 8, but 1 stays 1.
    """
    samples = samples.widened(bits)
    colour, alpha = samples.colour, samples.alpha
    if alpha is not None:
        colour = np.broadcast_to(colour, (*alpha.shape, 3))
        return Image.fromarray(np.concatenate([colour, alpha[..., np.newaxis]], axis=2))
    if colour.shape[2] == 1:
        return Image.fromarray(colour[..., 0])
    is_print = colour.shape[2] == 4  # noqa: PLR2004
    return Image.fromarray(np.ascontiguousarray(colour), "CMYK" if is_print else None)


def metadata_of(opened: ImageFile) -> Metadata:
    """Return what Pillow tells of a file."""
    info = opened.info
    exif = info.get("exif", b"").removeprefix(b"Exif\0\0")
    across, down = info.get("dpi") or dpi_of(exif) or (0, 0)
    found = Metadata(
        icc=info.get("icc_profile") or b"",
        exif=exif,
        xmp=info.get("xmp") or b"",
        dpi=(float(across), float(down)) if across and down else None,
    )
    return replace(found, orientation=png.read_orientation([(b"eXIf", exif)]))
