"""People's own image files: read page by page, and written back as they were."""

from denoising_pipeline.images.arrays import MAX_PIXELS
from denoising_pipeline.pictures.formats.front import (
    FORMATS,
    check_format,
    format_of,
    left_out,
    open_picture,
    write_picture,
)
from denoising_pipeline.pictures.formats.picture import Picture
from denoising_pipeline.pictures.formats.samples import PictureError

__all__ = [
    "FORMATS",
    "MAX_PIXELS",
    "Picture",
    "PictureError",
    "check_format",
    "format_of",
    "left_out",
    "open_picture",
    "write_picture",
]
