"""Which format a file has, by how it begins."""

from collections.abc import Iterable

from denoising_pipeline.images.wav import is_wav
from denoising_pipeline.pictures.formats.npy import MAGIC
from denoising_pipeline.pictures.formats.samples import PictureError

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"BM", "BMP"),
    *((start, "TIFF") for start in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
    (MAGIC, "NPY"),
)
_REFUSED = (
    (0, b"GIF8", "a GIF: save it, or each of its frames, as PNG"),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000: save it as PNG or TIFF"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000: save it as PNG or TIFF"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL: save it as PNG or TIFF"),
    (0, b"\xff\x0a", "a JPEG XL: save it as PNG or TIFF"),
    (4, b"ftypheic", "a HEIC photograph: export it as JPEG, or as TIFF of 16 bits"),
    (4, b"ftyp", "a HEIF, AVIF or video file: export it as PNG, JPEG or TIFF"),
    (0, b"8BPS", "a Photoshop document: export it as TIFF"),
    (0, b"%PDF", "a PDF: save its pages as TIFF or PNG"),
)


def signature_of(start: bytes, known: Iterable[str]) -> str:
    """Return the name of the format that a file has.

    Args:
        start: Its first 16 bytes.
        known: Names of the formats that are read, for the message.

    Raises:
        PictureError: It is empty, or of none of them.
    """
    if not start:
        raise PictureError("is empty")
    for signature, found in _SIGNATURES:
        if start.startswith(signature):
            return found
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "WebP"
    if is_wav(start):
        return "WAV"
    for place, signature, advice in _REFUSED:
        if start[place:].startswith(signature):
            raise PictureError(f"is {advice}")
    raise PictureError(f"is no image that is read: save it as {', '.join(known)}")
