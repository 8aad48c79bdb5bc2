"""JPEG: the tables, the sampling and every marker of a file are kept.

Source of the format: ITU-T Recommendation T.81, annex B.
"""

import io
from contextlib import suppress
from typing import IO, Any, ClassVar, TypeAlias

from PIL import Image, JpegImagePlugin

from denoising_pipeline.pictures.formats.exif import exif_of
from denoising_pipeline.pictures.formats.picture import Metadata, present
from denoising_pipeline.pictures.formats.plugins import PluginPicture, as_image
from denoising_pipeline.pictures.formats.samples import PictureError, Samples

Segments: TypeAlias = list[tuple[int, bytes]]
"""Markers and their segments before the first scan, the marker's two bytes included."""

LONGEST_SIDE = 65500
"""Pixels, as libjpeg has it."""

LONGEST_BLOCK = 65_000
"""Bytes of EXIF or XMP data."""

_SCAN, _COMMENT, _ADOBE, _PHOTOSHOP = 0xDA, 0xFE, 0xEE, 0xED
_APPLICATION = range(0xE0, 0xF0)
_QUALITY = 95
_SAMPLINGS = (0, 1, 2)
"""4:4:4, 4:2:2 and 4:2:0, which can be written; what is rarer becomes 4:4:4."""


class JpegPicture(PluginPicture):
    """A JPEG file of 8 bits: grey, RGB, YCbCr, CMYK, or YCCK, which comes back as CMYK."""

    format: ClassVar[str] = "JPEG"
    plugin = JpegImagePlugin.JpegImageFile

    def look(self, opened: Any) -> None:
        """Remember tables, sampling and order of the scans."""
        numbers = [layer[3] for layer in opened.layer]
        while numbers[-1] in numbers[-2:-1]:
            numbers.pop()
        named_rgb = [layer[0] for layer in opened.layer] == [*b"RGB"]
        transform = opened.info.get("adobe_transform", 0 if named_rgb else 1)
        is_rgb = opened.layers == 3 and transform == 0 and "jfif" not in opened.info  # noqa: PLR2004
        sampling = JpegImagePlugin.get_sampling(opened)
        self._options: dict[str, Any] = {
            "qtables": [opened.quantization[number] for number in numbers],
            "subsampling": 0 if is_rgb or sampling not in _SAMPLINGS else sampling,
            "progressive": "progressive" in opened.info,
            "keep_rgb": is_rgb,
        }
        self._segments, _ = read_segments(self.content())
        has_more = any(data[4:8] == b"MPF\0" for _, data in self._segments)
        if has_more:
            self.note = "Left out: the further images behind the first (MPF)."
        markers = {marker for marker, _ in self._segments}
        self.own = present(
            {
                "the comment": _COMMENT in markers,
                "IPTC data": _PHOTOSHOP in markers,
                "the further images": has_more,
            }
        )

    def save(self, samples: Samples, file: IO[bytes]) -> None:
        """Write the file with other samples."""
        segments, rest = read_segments(_coded(as_image(samples), self._options))
        kept = [part for part in self._segments if _is_kept(*part)]
        made = [part for part in segments if part[0] == _ADOBE or not _is_other(part[0])]
        file.write(b"\xff\xd8" + b"".join(data for _, data in [*kept, *made]) + rest)


def create_jpeg(samples: Samples, bits: int, metadata: Metadata, file: IO[bytes]) -> None:
    """Write a new JPEG file of quality 95 without subsampling.

    Args:
        samples: Unsigned integers of at most 8 bits, without transparency.
        bits: Of each.
        metadata: What is written beside them, blocks of more than `LONGEST_BLOCK` aside.
        file: Binary file.
    """
    image, exif = as_image(samples, bits), exif_of(metadata)
    exif, xmp = (block if len(block) <= LONGEST_BLOCK else b"" for block in (exif, metadata.xmp))
    image = image.convert("L") if image.mode == "1" else image
    image.save(
        file,
        "JPEG",
        quality=_QUALITY,
        subsampling=0,
        icc_profile=metadata.icc or None,
        exif=exif and b"Exif\0\0" + exif,
        xmp=xmp or None,
        **({"dpi": metadata.dpi} if metadata.dpi else {}),
    )


def read_segments(content: bytes) -> tuple[Segments, bytes]:
    """Return the segments before the first scan, and everything from this scan on.

    Raises:
        PictureError: The file is damaged.
    """
    segments: Segments = []
    place = 2
    while place + 4 <= len(content) and content[place] == 0xFF:  # noqa: PLR2004
        marker = content[place + 1]
        if marker == 0xFF:  # noqa: PLR2004
            place += 1
            continue
        if marker == _SCAN:
            return segments, content[place:]
        end = place + 2 + int.from_bytes(content[place + 2 : place + 4], "big")
        segments.append((marker, content[place:end]))
        place = end
    raise PictureError("is damaged or truncated: its pixels do not begin")


def _coded(image: Image.Image, options: dict[str, Any]) -> bytes:
    """Code an image, as small as it can be unless it is too noisy for Pillow to do so."""
    for extra in ({"optimize": True}, {"progressive": False}):
        with suppress(OSError):
            image.save(file := io.BytesIO(), "JPEG", **(options | extra))
            return file.getvalue()
    raise PictureError("cannot be written as JPEG with the tables that it had")


def _is_other(marker: int) -> bool:
    """Whether it is no part of the coding."""
    return marker in _APPLICATION or marker == _COMMENT


def _is_kept(marker: int, data: bytes) -> bool:
    return _is_other(marker) and marker != _ADOBE and data[4:8] != b"MPF\0"
