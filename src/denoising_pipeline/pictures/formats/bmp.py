"""BMP.

Source of the format: Microsoft, "Bitmap Storage" (Win32 documentation).
"""

import struct
from typing import IO, Any, ClassVar

import numpy as np
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile

from denoising_pipeline.pictures.formats.palette import as_palette
from denoising_pipeline.pictures.formats.picture import Metadata
from denoising_pipeline.pictures.formats.plugins import PluginPicture, as_image
from denoising_pipeline.pictures.formats.samples import Samples

_HEADER, _MASKS = 40, 54
_RGB_MASKS = (0xFF0000, 0xFF00, 0xFF)
_PLAIN, _MASKED = 0, 3


class BmpPicture(PluginPicture):
    """A BMP file; 16 bits a pixel come back as 24, what is packed comes back not packed."""

    format: ClassVar[str] = "BMP"
    plugin = BmpImageFile

    def look(self, opened: Any) -> None:
        """Nothing but the resolution is kept."""

    def save(self, samples: Samples, file: IO[bytes]) -> None:
        """Write the file with other samples."""
        if (content := _replaced(self.content(), samples)) is not None:
            file.write(content)
            return
        create_bmp(samples, self.bits, self.metadata, file, indexed=self.mode == "palette")


def create_bmp(
    samples: Samples, bits: int, metadata: Metadata, file: IO[bytes], indexed: bool = False
) -> None:
    """Write a new BMP file.

    Args:
        samples: Unsigned integers of at most 8 bits; grey with transparency becomes RGBA.
        bits: Of each.
        metadata: Of which the resolution is written.
        file: Binary file.
        indexed: Whether RGB of at most 256 colours becomes a palette.
    """
    found = as_palette(samples) if indexed else None
    if found is None:
        image = as_image(samples, bits)
    else:
        image = Image.fromarray(found.indices)
        image.putpalette(found.colours.tobytes())
    image.save(file, "BMP", **({"dpi": metadata.dpi} if metadata.dpi else {}))


def _replaced(content: bytes, samples: Samples) -> bytearray | None:
    """Return a file of 24 or 32 bits a pixel with other colours; None: it has others, or packs."""
    start, size, width, height, _, bits, packing = struct.unpack_from("<4xIIiiHHI", content, 6)
    masks = struct.unpack_from("<III", content, _MASKS) if packing == _MASKED else _RGB_MASKS
    if size < _HEADER or packing not in {_PLAIN, _MASKED} or masks != _RGB_MASKS:
        return None
    if bits not in {24, 32} or samples.colour.shape[2] != 3:  # noqa: PLR2004
        return None
    line = (width * bits // 8 + 3) // 4 * 4
    new = bytearray(content)
    stored = np.frombuffer(new, np.uint8, line * abs(height), start).reshape(-1, line)
    pixels = stored[:: -1 if height > 0 else 1, : width * bits // 8].reshape(
        abs(height), width, bits // 8
    )
    pixels[..., :3] = samples.colour[..., ::-1]
    return new
