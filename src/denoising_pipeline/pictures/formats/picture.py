"""What a picture is, whatever its format: facts, pages, and the way back into its own format."""

import io
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.png import PngError
from denoising_pipeline.images.tiff_codecs import TiffError
from denoising_pipeline.pictures.formats.samples import PictureError, Samples, scale_of

Source: TypeAlias = Path | bytes
"""A file, which is opened for each reading and closed again, or its content."""

Size: TypeAlias = tuple[int, int]
"""Height and width in pixels, as they are stored: an orientation is not applied."""

_NARROW = 16

_MOST_DPI = 65_535
"""That every format can hold; what is beyond is no resolution."""


@dataclass(frozen=True)
class Metadata:
    """What other formats can take over.

    Attributes:
        icc: The colour profile; empty: none.
        exif: A block that begins with "II" or "MM"; empty: none.
        xmp: A packet; empty: none.
        dpi: Pixels per inch, horizontally and vertically.
        orientation: 1 to 8, as EXIF has it.
    """

    icc: bytes = b""
    exif: bytes = b""
    xmp: bytes = b""
    dpi: tuple[float, float] | None = None
    orientation: int = 1

    def __post_init__(self) -> None:
        """Leave out a resolution that cannot be one."""
        if self.dpi and not all(0 < side <= _MOST_DPI for side in self.dpi):
            object.__setattr__(self, "dpi", None)


def present(parts: Mapping[str, bool]) -> tuple[str, ...]:
    """Return the names of the parts that are there."""
    return tuple(name for name, is_there in parts.items() if is_there)


@contextmanager
def reading() -> Iterator[None]:
    """Say in one sentence what decoders meet in a damaged file.

    Raises:
        PictureError: Any of their errors.
        OSError: The file cannot be opened or read.
    """
    try:
        yield
    except (PictureError, MemoryError):
        raise
    except (PngError, TiffError) as error:
        raise PictureError(str(error)) from error
    except Image.DecompressionBombError as error:
        raise PictureError(
            "has more pixels than Pillow reads of its format: save it as PNG or TIFF"
        ) from error
    except Exception as error:  # Decoders raise whatever their code meets.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        words = str(error).split()
        # Of a single word, such as the key of a dict, nobody learns anything.
        told = f": {' '.join(words)}" if len(words) > 1 else ""
        raise PictureError(f"is damaged or truncated{told}") from error


class Picture(ABC):
    """An image file that can be read page by page, and written back as it was.

    Attributes:
        name: What people call it.
        format: "PNG", "JPEG", "WebP", "BMP", "TIFF", "NPY" or "WAV".
        pages: Number of images in it.
        mode: "grey", "grey+alpha", "RGB", "RGBA", "palette", "palette+alpha" or "CMYK".
        dtype: Of the stored samples.
        bits: Of each sample.
        is_mixed: Whether its pages have several types or depths.
        palette_bits: Of each sample of a palette's colours, if it has one.
        rate: Samples a second of a recording, whose channels are pages of one row; None: a picture.
        peak: The value that is white, where the file says that it is below the type's largest.
        usual_bits: Of samples stored in 16 bits, as they were where the denoiser at hand was
            trained; None: as each page needs.
        note: What of the file is not denoised or will not come back, a sentence; empty: nothing.
        own: What the file has besides that no other format takes over, in words.
        metadata: What other formats can take over.
    """

    format: ClassVar[str]
    pages: int = 1
    mode: str
    dtype: np.dtype[Any]
    bits: int
    is_mixed: bool = False
    palette_bits: int = 8
    rate: int | None = None
    peak: int | None = None
    usual_bits: int | None = None
    note: str = ""
    own: tuple[str, ...] = ()
    metadata: Metadata = Metadata()

    def __init__(self, source: Source, name: str, max_pixels: int, bits: int | None) -> None:
        self.source = source
        self.name = name
        self._max_pixels = max_pixels
        self._told_bits = bits

    @property
    def channels(self) -> int:
        """1 or 3, as stored; a page of three channels that are equal everywhere is read as one."""
        return 1 if self.mode.startswith("grey") else 3

    @property
    def colour_bits(self) -> int:
        """Of each sample that is seen: of a palette's colours, not of what points to them."""
        return self.palette_bits if self.mode.startswith("palette") else self.bits

    @property
    def depth(self) -> str:
        """Such as "1 bit", "16 bit", "int32", "float32"."""
        narrow = self.dtype.kind in "bu" and self.bits <= _NARROW
        return f"{self.bits} bit" if narrow else self.dtype.name

    @property
    def has_alpha(self) -> bool:
        """Whether it stores transparency."""
        return self.mode.endswith(("alpha", "RGBA"))

    @abstractmethod
    def size(self, page: int = 0) -> Size:
        """Return height and width of a page."""

    @abstractmethod
    def decode(self, page: int) -> Samples:
        """Decode a page; within `reading`."""

    @abstractmethod
    def rewrite(self, pages: Iterator[Images], file: IO[bytes]) -> None:
        """Write the file again with other pages, to a seekable binary file at its start."""

    def samples(self, page: int = 0) -> Samples:
        """Decode a page.

        Raises:
            PictureError: The file is damaged.
            OSError: The file cannot be opened.
        """
        with reading():
            return self.decode(page)

    def read(self, page: int = 0) -> Images:
        """Return a page: float32 (H, W, C) in [0, 1], C being 1 or 3; errors as for `samples`."""
        return self.read_known(page)[0]

    def read_known(self, page: int = 0) -> tuple[Images, npt.NDArray[np.bool_] | None]:
        """Return a page as `read` does, and (H, W), where it shows what is there; None: all of it.

        It does not where it is transparent, and where values are not finite.
        """
        samples = self.samples(page)
        return samples.image(), samples.known()

    def open(self) -> AbstractContextManager[IO[bytes]]:
        """Open the file for reading."""
        return io.BytesIO(self.source) if isinstance(self.source, bytes) else self.source.open("rb")

    def content(self) -> bytes:
        """Read the whole file."""
        return self.source if isinstance(self.source, bytes) else self.source.read_bytes()

    def scaled(
        self, colour: npt.NDArray[Any], page_bits: int | None = None, **parts: Any
    ) -> Samples:
        """Return samples with the scale that this file has, or a page of it with other bits."""
        whole = 8 * colour.dtype.itemsize
        stored = page_bits or self.bits
        bits = self._told_bits or (stored if stored < whole else None)
        return Samples(colour, *scale_of(colour, self.peak, bits, self.usual_bits), **parts)

    def check_size(self, height: int, width: int) -> None:
        """Refuse a page that is too large, before it is decoded.

        Raises:
            PictureError: It has more pixels than allowed, or none.
        """
        if not height or not width:
            raise PictureError("has no pixels")
        if height * width > self._max_pixels:
            raise PictureError(
                f"has {height}x{width} pixels, and at most {self._max_pixels:,} are allowed: if "
                "this is right, raise that by --max-pixels (inference.max_pixels of Kedro, "
                "max_pixels in Python), or else cut it into parts"
            )


class OnePagePicture(Picture):
    """A file of one page: if nothing of it changes, it comes back byte by byte."""

    def __init__(self, source: Source, name: str, max_pixels: int, bits: int | None) -> None:
        super().__init__(source, name, max_pixels, bits)
        self._size: Size = (0, 0)

    def size(self, page: int = 0) -> Size:
        """Return height and width."""
        del page
        return self._size

    def rewrite(self, pages: Iterator[Images], file: IO[bytes]) -> None:
        """Write the file again with another page."""
        (image,) = pages
        stored = self.samples()
        changed = stored.with_image(image)
        if np.array_equal(stored.colour, changed.colour):
            file.write(self.content())
        else:
            del stored
            self.save(changed, file)

    @abstractmethod
    def save(self, samples: Samples, file: IO[bytes]) -> None:
        """Write the file with other samples of the same size and type."""
