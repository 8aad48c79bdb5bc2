"""WebP, with or without a loss.

Source of the format: Google, "WebP Container Specification".
"""

from typing import IO, Any, ClassVar

from PIL.WebPImagePlugin import WebPImageFile

from denoising_pipeline.pictures.formats.exif import exif_of
from denoising_pipeline.pictures.formats.picture import Metadata
from denoising_pipeline.pictures.formats.plugins import PluginPicture, as_image
from denoising_pipeline.pictures.formats.samples import PictureError, Samples

LONGEST_SIDE = 16383
"""Pixels."""

_QUALITY = 95


class WebpPicture(PluginPicture):
    """A WebP file of one frame; one without a loss comes back so, another of quality 95.

    Decoders make grey of a lossy file tinted by one step, so what is exactly grey is written
    without a loss.
    """

    format: ClassVar[str] = "WebP"
    plugin = WebPImageFile

    def look(self, opened: Any) -> None:
        """Remember whether it was packed without a loss."""
        if opened.n_frames > 1:
            raise PictureError("is animated: save its frames as PNG files of their own")
        self._lossless = is_lossless(self.content())

    def save(self, samples: Samples, file: IO[bytes]) -> None:
        """Write the file with other samples."""
        create_webp(samples, 8, self.metadata, file, self._lossless or samples.is_grey)


def create_webp(
    samples: Samples, bits: int, metadata: Metadata, file: IO[bytes], lossless: bool = True
) -> None:
    """Write a new WebP file; transparency and what lies under it are never lossy.

    Args:
        samples: Unsigned integers of at most 8 bits.
        bits: Of each.
        metadata: What is written beside them.
        file: Binary file.
        lossless: Else of quality 95.
    """
    image = as_image(samples, bits)
    image.convert("RGBA" if samples.alpha is not None else "RGB").save(
        file,
        "WEBP",
        lossless=lossless,
        quality=_QUALITY,
        alpha_quality=100,
        exact=True,
        icc_profile=metadata.icc,
        exif=exif_of(metadata, resolution=True),
        xmp=metadata.xmp,
    )


def is_lossless(content: bytes) -> bool:
    """Return whether the first frame is packed without a loss."""
    place = 12
    while place + 8 <= len(content):
        kind = content[place : place + 4]
        if kind in {b"VP8 ", b"VP8L"}:
            return kind == b"VP8L"
        size = int.from_bytes(content[place + 4 : place + 8], "little")
        place += 8 + size + size % 2
    return False
