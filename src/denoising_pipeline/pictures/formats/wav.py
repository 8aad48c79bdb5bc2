"""WAV: a recording, each channel of which is a page, an image of one row."""

from collections.abc import Iterator
from typing import IO, ClassVar

import numpy as np

from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.wav import Recording, WavError, read_wav
from denoising_pipeline.pictures.formats.picture import Picture, Size, Source
from denoising_pipeline.pictures.formats.samples import PictureError, Samples


class WavPicture(Picture):
    """A recording; what its file holds beside the samples stays as it is."""

    format: ClassVar[str] = "WAV"
    mode = "grey"

    def __init__(self, source: Source, name: str, max_pixels: int, bits: int | None) -> None:
        super().__init__(source, name, max_pixels, bits)
        found = self._recording()
        self.pages = found.channels
        self.bits = found.bits
        self.rate = found.rate
        integers = f"u{found.bits // 8}" if found.bits == 8 else f"i{-(-found.bits // 16) * 2}"  # noqa: PLR2004
        self.dtype = np.dtype(f"f{found.bits // 8}" if found.is_float else integers)
        self._length = found.length
        self.check_size(1, found.length)

    @property
    def depth(self) -> str:
        """Such as "16 bit" or "float32"."""
        return self.dtype.name if self.dtype.kind == "f" else f"{self.bits} bit"

    def size(self, page: int = 0) -> Size:
        """Return 1 and the number of samples."""
        del page
        return 1, self._length

    def decode(self, page: int) -> Samples:
        """Return the values of a channel."""
        try:
            values = self._recording().values
        except WavError as error:
            raise PictureError(str(error)) from error
        return Samples(values[..., page : page + 1], 0, 1, bounded=False)

    def rewrite(self, pages: Iterator[Images], file: IO[bytes]) -> None:
        """Write the file again with other samples: rate, depth and all that is beside are kept."""
        channels = list(pages)
        file.write(self._recording().with_values(np.concatenate(channels, axis=2)))

    def _recording(self) -> Recording:
        try:
            return read_wav(self.content())
        except WavError as error:
            raise PictureError(str(error)) from error
