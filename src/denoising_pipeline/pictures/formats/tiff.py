"""TIFF: a file is copied, and its samples are put in the place of those that were there.

So every tag, ImageJ's and OME's metadata, and what nobody knows of stay as they were.
"""

import logging
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from typing import IO, Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL.TiffImagePlugin import TiffImageFile
from tifffile import PHOTOMETRIC, TiffFile, TiffPage

from denoising_pipeline.images import tiff_codecs as codecs
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.pixels import turned
from denoising_pipeline.images.tiff_pages import (
    Layout,
    are_apart,
    directory,
    hidden_pages,
    layout_of,
    page_at,
)
from denoising_pipeline.pictures.formats.exif import CARRIED, IPTC, STORED, exif_of_tiff
from denoising_pipeline.pictures.formats.picture import (
    Metadata,
    Picture,
    Size,
    Source,
    present,
    reading,
)
from denoising_pipeline.pictures.formats.samples import PictureError, Samples
from denoising_pipeline.pictures.formats.tiff_write import leave_out, put_page, write_tiff

logging.getLogger("tifffile").addHandler(logging.NullHandler())
"""What it finds in damaged files is said in words of our own, once."""

_COLOURS = {
    PHOTOMETRIC.MINISWHITE: 1,
    PHOTOMETRIC.MINISBLACK: 1,
    PHOTOMETRIC.MASK: 1,
    PHOTOMETRIC.PALETTE: 1,
    PHOTOMETRIC.RGB: 3,
    PHOTOMETRIC.YCBCR: 3,
    PHOTOMETRIC.SEPARATED: 4,
}
"""Channels that are colour."""

_MODES = {1: "grey", 3: "RGB", 4: "CMYK"}
_ALPHAS = {1, 2}
_JPEGS = {7}
_DNG, _SUB_DIRECTORIES, _ORIENTATION = 50706, 330, 274
_INCH = {1: 1.0, 2: 1.0, 3: 2.54}


class Plane(NamedTuple):
    """Where a page lies: the directory, its layout, and its channel if it is one of several."""

    directory: int
    layout: Layout
    photometric: int
    alpha: int | None
    channel: int | None


class TiffPicture(Picture):
    """A TIFF file: integers of 1 to 64 bits or floating point, of one or many pages.

    Channels that are no colour (such as those of a microscope) are pages of their own.
    """

    format: ClassVar[str] = "TIFF"

    def __init__(self, source: Source, name: str, max_pixels: int, bits: int | None) -> None:
        super().__init__(source, name, max_pixels, bits)
        with self.open() as file, TiffFile(file) as tiff:
            self._look(tiff, file)
        self.pages = len(self._planes)
        layout = self._planes[0].layout
        self.bits, self.dtype = layout.bits, layout.dtype.newbyteorder("=")
        self.is_mixed = len({(each.layout.bits, each.layout.dtype) for each in self._planes}) > 1
        plane = self._planes[0]
        self.mode = "palette" if self._colours is not None else _MODES[_count(plane)]
        self.palette_bits = 8 if self._colours is None else 8 * self._colours.dtype.itemsize
        if plane.alpha is not None:
            self.mode = {"grey": "grey+alpha", "RGB": "RGBA"}.get(self.mode, self.mode)
        for number in range(self.pages):
            self.check_size(*self.size(number))

    def _look(self, tiff: TiffFile, file: IO[bytes]) -> None:
        """Remember where the pages lie and what is said of them."""
        first = tiff.pages.first
        if _DNG in first.tags or first.photometric not in _COLOURS:
            raise PictureError(
                f"is of the type {getattr(first.photometric, 'name', first.photometric)} (raw "
                "of a camera, or a colour space that is not read): save it as grey or RGB"
            )
        directories = [page_at(tiff, number) for number in range(len(tiff.pages))]
        self._planes = [plane for page in directories for plane in _planes(page)]
        if len(self._planes) == len(directories) == 1:
            plane = self._planes[0]
            self._planes = [
                plane._replace(layout=layout) for layout in hidden_pages(tiff, plane.layout)
            ]
        layouts = {id(plane.layout): plane.layout for plane in self._planes}
        self._in_place = are_apart(directories, layouts.values())
        if _SUB_DIRECTORIES in first.tags or any(page.is_reduced for page in directories):
            self.note = "Left as they are: smaller copies of the pages in the file."
        self._colours = _palette(first)
        if self._colours is not None:
            self.note = "It comes back as RGB, without its palette and private tags."
        self.peak = _stated_peak(first)
        codes, stack = {tag.code for tag in first.tags}, first.is_imagej or first.is_ome
        self.own = present(
            {
                "the palette": self._colours is not None,
                "axes and sizes of ImageJ or OME": stack,
                "smaller copies of the pages": bool(self.note) and self._colours is None,
                "IPTC data": IPTC in codes,
                "further tags": not stack and bool(codes - CARRIED - STORED),
            }
        )
        self.metadata = _metadata(first, file)

    def size(self, page: int = 0) -> Size:
        """Return height and width of a page."""
        layout = self._planes[page].layout
        return layout.height, layout.width

    def decode(self, page: int) -> Samples:
        """Decode a page."""
        plane = self._planes[page]
        with self.open() as file:
            return self._samples(plane, self._decoded(file, plane))

    def rewrite(self, pages: Iterator[Images], file: IO[bytes]) -> None:
        """Write the file again with other pages."""
        if self._colours is not None:
            self._rewrite_palette(pages, file)
            return
        with self.open() as source, TiffFile(source) as tiff:
            directories = [page_at(tiff, number) for number in range(len(tiff.pages))]
            source.seek(0)
            shutil.copyfileobj(source, file)
            links = [directory(source, page)[1] for page in directories]
            file.write(bytes(tiff.tiff.offsetsize - min(map(len, links))))  # The last may be cut.
            is_changed = False
            for _, planes in groupby(self._planes, lambda plane: id(plane.layout)):
                group = list(planes)
                images = [next(pages) for _ in group]
                with reading():
                    stored = self._decoded(source, group[0])
                parts = [
                    self._samples(plane, stored).with_image(image).colour
                    for plane, image in zip(group, images, strict=True)
                ]
                parts.append(stored[..., _span(group[-1])[1] :])
                new = np.concatenate(parts, axis=2) if parts[0].shape != stored.shape else parts[0]
                page, layout = directories[group[0].directory], group[0].layout
                is_changed |= put_page(file, page, layout, stored, new, self._in_place)
            next(pages, None)
            if is_changed:
                leave_out(file, directories)
            else:
                source.seek(0)
                file.seek(0)
                shutil.copyfileobj(source, file)
                file.truncate()

    def _rewrite_palette(self, pages: Iterator[Images], file: IO[bytes]) -> None:
        """Write RGB, unless nothing has changed."""
        unchanged = True

        def changed() -> Iterator[Samples]:
            nonlocal unchanged
            for page, image in enumerate(pages):
                old = self.samples(page)
                new = old.with_image(image)
                unchanged = unchanged and np.array_equal(old.colour, new.colour)
                yield new

        write_tiff(file, changed(), self.colour_bits, self.metadata)
        if unchanged:
            file.seek(0)
            file.truncate()
            file.write(self.content())

    def _decoded(self, file: IO[bytes], plane: Plane) -> npt.NDArray[Any]:
        if plane.layout.packing in codecs.PACKINGS:
            return plane.layout.read_page(file)
        return _decoded_by_pillow(file, plane)

    def _samples(self, plane: Plane, stored: npt.NDArray[Any]) -> Samples:
        first, last = _span(plane)
        colour = stored[..., first:last]
        if self._colours is not None:
            return Samples(self._colours[colour[..., 0]], 0, np.iinfo(self._colours.dtype).max)
        alpha = None if plane.alpha is None else stored[..., last]
        visible = None if alpha is None or plane.alpha not in _ALPHAS else alpha > 0
        samples = self.scaled(colour, plane.layout.bits, alpha=alpha, visible=visible)
        if plane.photometric == PHOTOMETRIC.MINISWHITE:
            return replace(samples, black=samples.white, white=samples.black)
        return samples


def _planes(page: TiffPage) -> Iterator[Plane]:
    if page.is_reduced:
        return
    layout = layout_of(page)
    foreign = layout.packing not in codecs.PACKINGS
    if foreign and (layout.packing not in _JPEGS or layout.dtype.itemsize > 1):
        raise PictureError(
            f"is packed as {getattr(page.compression, 'name', page.compression)}, which is not "
            "read here: save it as deflate, LZW or not packed"
        )
    if page.photometric == PHOTOMETRIC.YCBCR and layout.packing not in _JPEGS:
        raise PictureError("stores YCbCr without JPEG: save it as RGB")
    photometric = int(page.photometric)
    count = _COLOURS.get(PHOTOMETRIC(photometric), 1)
    if layout.channels < count:
        raise PictureError(f"is damaged: it has {layout.channels} channels for {count} of colour")
    extra = page.extrasamples[0] if page.extrasamples else 0
    further = layout.channels - count
    if further and count == 1 and extra not in _ALPHAS:
        for channel in range(layout.channels):
            yield Plane(page.index, layout, photometric, None, channel)
    else:
        yield Plane(page.index, layout, photometric, int(extra) if further else None, None)


def _count(plane: Plane) -> int:
    """Return the number of channels of a page that are colour."""
    return 1 if plane.channel is not None else _COLOURS[PHOTOMETRIC(plane.photometric)]


def _span(plane: Plane) -> tuple[int, int]:
    first = plane.channel or 0
    return first, first + _count(plane)


def _palette(page: TiffPage) -> npt.NDArray[Any] | None:
    """Return the colours, (N, 3) uint16, or uint8 where these say as much."""
    if page.photometric != PHOTOMETRIC.PALETTE:
        return None
    if page.colormap is None:
        raise PictureError("is damaged: its palette is missing")
    colours = np.asarray(page.colormap, np.uint16).T
    high = (colours >> 8).astype(np.uint8)
    return (
        high
        if ((colours == high * np.uint16(257)) | (colours == high * np.uint16(256))).all()
        else colours
    )


def _stated_peak(page: TiffPage) -> int | None:
    """Return the value that is white, by the tag MaxSampleValue or OME's SignificantBits."""
    stated = page.tags.valueof(281)
    if isinstance(stated, int) and stated > 0:
        return stated
    if page.is_ome and (found := re.search(r'SignificantBits="(\d+)"', page.description)):
        return int(2 ** int(found[1]) - 1)
    return None


def _metadata(page: TiffPage, file: IO[bytes]) -> Metadata:
    tags = page.tags
    dpi = None
    unit = _INCH.get(int(tags.valueof(296, default=2)), 1.0)
    across, down = tags.valueof(282), tags.valueof(283)
    if unit and across and down and across[1] and down[1] and tags.valueof(296, default=2) != 1:
        dpi = (unit * across[0] / across[1], unit * down[0] / down[1])
    xmp = tags.valueof(700, default=b"")
    orientation = int(tags.valueof(_ORIENTATION, default=1))
    return Metadata(
        icc=tags.valueof(34675, default=b"") or b"",
        exif=exif_of_tiff(file, page),
        xmp=xmp if isinstance(xmp, bytes) else str(xmp).encode(),
        dpi=dpi,
        orientation=orientation if orientation in range(1, 9) else 1,
    )


def _decoded_by_pillow(file: IO[bytes], plane: Plane) -> npt.NDArray[Any]:
    """Decode JPEG within TIFF, without the orientation that Pillow applies."""
    file.seek(0)
    opened = TiffImageFile(file)
    opened.seek(plane.directory)
    orientation = int(opened.tag_v2.get(_ORIENTATION) or 1)
    opened.load()
    stored = np.asarray(opened.convert("RGB") if opened.mode == "YCbCr" else opened)
    stored = turned(stored, {6: 8, 8: 6}.get(orientation, orientation))
    return stored.reshape(plane.layout.height, plane.layout.width, plane.layout.channels)
