"""NPY: one array of numbers, which is an image or a stack of them."""

import math
from collections.abc import Iterator
from typing import IO, Any, ClassVar

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy

from denoising_pipeline.images.arrays import Images
from denoising_pipeline.pictures.formats.picture import Picture, Size, Source
from denoising_pipeline.pictures.formats.samples import PictureError, Samples

MAGIC = b"\x93NUMPY"
_MODES = {1: "grey", 2: "grey+alpha", 3: "RGB", 4: "RGBA"}
_WIDEST = 8


class NpyPicture(Picture):
    """An array (..., H, W) or (..., H, W, C) of integers, floating point or truth values.

    A last axis of 1 to 4 is C, transparency the last of 2 and 4; what comes before H are pages.
    """

    format: ClassVar[str] = "NPY"

    def __init__(self, source: Source, name: str, max_pixels: int, bits: int | None) -> None:
        super().__init__(source, name, max_pixels, bits)
        with self.open() as file:
            self._shape, self._fortran, self.dtype, self._start = _header(file)
            available = file.seek(0, 2) - self._start
        if self.dtype.kind not in "biuf" or self.dtype.itemsize > _WIDEST:
            raise PictureError(
                f"holds {self.dtype}: save integers or floating point of at most 64 bits"
            )
        if len(self._shape) < 2:  # noqa: PLR2004
            raise PictureError(f"has the shape {self._shape}: save (H, W), (H, W, C) or a stack")
        channels = self._shape[-1] if len(self._shape) > 2 else 0  # noqa: PLR2004
        depth = 3 if channels in _MODES else 2
        self._page_shape = self._shape[-depth:]
        self.pages = math.prod(self._shape[:-depth])
        self.mode = _MODES[channels] if depth == 3 else "grey"  # noqa: PLR2004
        self.bits = 1 if self.dtype == bool else 8 * self.dtype.itemsize
        if not self.pages:
            raise PictureError("has no pages")
        self.check_size(*self.size())
        if math.prod(self._shape) * self.dtype.itemsize > available:
            raise PictureError("is truncated: its numbers end too early")

    def size(self, page: int = 0) -> Size:
        """Return height and width."""
        del page
        return self._page_shape[0], self._page_shape[1]

    def decode(self, page: int) -> Samples:
        """Return the numbers of a page."""
        leading = self._shape[: len(self._shape) - len(self._page_shape)]
        where = np.unravel_index(page, leading) if leading else ()
        stored = np.array(self._array()[where], dtype=self.dtype.newbyteorder("="))
        stored = (stored.view(np.uint8) > 0).view(np.uint8) if stored.dtype == bool else stored
        stored = stored.reshape(*self.size(), -1)
        if not self.has_alpha:
            return self.scaled(stored)
        alpha = stored[..., -1]
        return self.scaled(stored[..., :-1], alpha=alpha, visible=alpha > 0)

    def rewrite(self, pages: Iterator[Images], file: IO[bytes]) -> None:
        """Write the array again, in C order."""
        changed = (self.samples(page).with_image(image) for page, image in enumerate(pages))
        write_npy(file, self._shape, self.dtype, changed)

    def _array(self) -> npt.NDArray[Any]:
        """Return all numbers, mapped and not read where the source is a file."""
        order: Any = "F" if self._fortran else "C"
        if isinstance(self.source, bytes):
            count = math.prod(self._shape)
            array = np.frombuffer(self.source, self.dtype, count, self._start)
            return array.reshape(self._shape, order=order)
        return np.memmap(self.source, self.dtype, "r", self._start, self._shape, order)


def write_npy(
    file: IO[bytes], shape: tuple[int, ...], dtype: np.dtype[Any], pages: Iterator[Samples]
) -> None:
    """Write an array page by page.

    Args:
        file: Binary file.
        shape: Of the whole array.
        dtype: Of its numbers, byte order included.
        pages: Its pages in order.
    """
    header = {"descr": npy.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    npy.write_array_header_1_0(file, header)
    for samples in pages:
        stored = samples.colour
        if samples.alpha is not None:
            stored = np.concatenate([stored, samples.alpha[..., np.newaxis]], axis=2)
        file.write(np.ascontiguousarray(stored, dtype).data)


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    version = npy.read_magic(file)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, dtype = read(file)
    return shape, fortran, dtype, file.tell()
