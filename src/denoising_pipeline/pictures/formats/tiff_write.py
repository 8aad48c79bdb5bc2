"""Samples put into a copy of a TIFF file, and new TIFF files."""

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from tifffile import TIFF, TiffPage, TiffWriter

from denoising_pipeline.images import tiff_codecs as codecs
from denoising_pipeline.images.tiff_pages import OFFSETS, SIZES, Layout, directory
from denoising_pipeline.pictures.formats.exif import ORIENTATION, RESOLUTION, Tag, packed, tags_of
from denoising_pipeline.pictures.formats.picture import Metadata
from denoising_pipeline.pictures.formats.samples import PictureError, Samples

_BESIDE = {ORIENTATION, *RESOLUTION}
_COMPRESSION, _PHOTOMETRIC = 259, 262
_RGB, _YCBCR = 2, 6
_SHORT, _LONG, _LONG8 = 3, 4, 16
_LETTERS = {_SHORT: "H", _LONG: "I", 13: "I", _LONG8: "Q", 18: "Q"}


def put_page(
    file: IO[bytes],
    page: TiffPage,
    layout: Layout,
    old: npt.NDArray[Any],
    new: npt.NDArray[Any],
    in_place: bool,
) -> bool:
    """Replace the samples of a page in a copy of its file.

    Strips and tiles that did not change stay byte by byte. What has become smaller is filled up
    with zeros, what has become larger, or lacked its end, goes to the end of the file. JPEG becomes
    deflate, without a loss.

    Args:
        file: The copy, a seekable binary file.
        page: Its directory in the original.
        layout: Of the page.
        old: (H, W, channels), as decoded.
        new: Likewise.
        in_place: New strips and tiles may take the places of old ones; else all go to the end.

    Returns:
        Whether any sample has changed.

    Raises:
        PictureError: The file would come to be larger than its kind of TIFF can be.
    """
    foreign = layout.packing not in codecs.PACKINGS
    if foreign and np.array_equal(old, new):
        return False
    packing = codecs.DEFLATE if foreign else layout.packing
    offsets, sizes = list(layout.offsets), list(layout.sizes)
    is_changed = foreign
    end = page.parent.filehandle.size
    for segment in layout.segments():
        part = layout.cut(new, segment)
        number, room = segment.number, layout.sizes[segment.number]
        is_cut = offsets[number] + room > end
        is_same = not foreign and _is_same(part, layout.cut(old, segment))
        if is_same and not is_cut:
            continue
        is_changed = is_changed or not is_same
        packed = layout.packed(part, packing)
        sizes[number] = len(packed)
        if len(packed) > room or not in_place or is_cut:
            offsets[number] = file.seek(0, 2)
            offsets[number] += file.write(b"\0" * (offsets[number] % 2))
        else:
            file.seek(offsets[number])
            file.write(packed)
            packed = b"\0" * (room - len(packed))
        file.write(packed)
    if (tuple(offsets), tuple(sizes)) != (layout.offsets, layout.sizes):
        _set_numbers(file, page, OFFSETS, offsets)
        _set_numbers(file, page, SIZES, sizes)
    if foreign:
        _set_short(file, page, _COMPRESSION, codecs.DEFLATE)
        if int(page.photometric) == _YCBCR:
            _set_short(file, page, _PHOTOMETRIC, _RGB)
    return is_changed


def leave_out(file: IO[bytes], pages: Iterable[TiffPage]) -> None:
    """Take out of a changed copy what pointed behind the end of the original.

    Readers leave out such tags and directories; in the copy they may find pixels there.

    Args:
        file: The copy, a seekable binary file.
        pages: All directories of the original.
    """
    by_place = {page.offset: page for page in pages}
    for page in by_place.values():
        tiff, read = page.parent.tiff, {tag.offset for tag in page.tags}
        entries, link = directory(file, page)
        kept = [
            entry
            for place, entry in entries.items()
            if place in read
            or struct.unpack(tiff.tagheaderformat, entry)[1] not in TIFF.DATA_FORMATS
        ]
        (following,) = struct.unpack(tiff.offsetformat, link)
        end = bytes(tiff.offsetsize) if following not in by_place else link
        file.seek(page.offset)
        file.write(struct.pack(tiff.tagnoformat, len(kept)) + b"".join(kept) + end)


def write_tiff(file: IO[bytes], pages: Iterator[Samples], bits: int, metadata: Metadata) -> None:
    """Write a new TIFF file, packed as deflate.

    Args:
        file: A seekable binary file, which can be read.
        pages: Of any types; grey, RGB or CMYK, with or without transparency.
        bits: Of each sample; 1 of grey becomes a bilevel page.
        metadata: Written with each page: profile, resolution, orientation and XMP; EXIF with the
            first.
    """
    tags: list[tuple[int, int, int, Any, bool]] = []
    if metadata.orientation != 1:
        tags.append((ORIENTATION, _SHORT, 1, metadata.orientation, True))
    if metadata.xmp:
        tags.append((700, 1, len(metadata.xmp), metadata.xmp, True))
    with TiffWriter(file, byteorder="<") as writer:
        for page in pages:
            samples = page.widened(bits)
            kind = {1: "minisblack", 3: "rgb", 4: "separated"}[samples.colour.shape[2]]
            if samples.white < samples.black:
                kind = "miniswhite"
            stored, extra = samples.colour, []
            if samples.alpha is not None:
                alpha = samples.alpha[..., np.newaxis]
                stored, extra = np.concatenate([stored, alpha], axis=2), ["unassalpha"]
            stored = stored[..., 0] if stored.shape[2] == 1 else stored
            writer.write(
                stored,
                photometric=kind,
                planarconfig="contig" if stored.ndim > 2 else None,  # noqa: PLR2004
                extrasamples=extra or None,
                compression=None if stored.dtype == bool else "zlib",
                predictor=stored.dtype.kind in "iu" and stored.dtype != bool,
                metadata=None,
                software=False,
                iccprofile=metadata.icc or None,
                resolution=metadata.dpi,
                resolutionunit="INCH" if metadata.dpi else None,
                extratags=tags,
            )
    _add_tags(file, [tag for tag in tags_of(metadata.exif) if tag.code not in _BESIDE])


def _add_tags(file: IO[bytes], tags: Sequence[Tag]) -> None:
    """Give the first page of a new file more tags: its directory is written again at the end."""
    if not tags:
        return
    file.seek(4)
    file.seek(*struct.unpack("<I", file.read(4)))
    (count,) = struct.unpack("<H", file.read(2))
    kept = [file.read(12) for _ in range(count)]
    following = file.read(4)
    end = file.seek(0, 2)
    end += file.write(b"\0" * (end % 2))
    file.write(packed(tags, end, kept, following))
    file.seek(4)
    file.write(struct.pack("<I", end))


def _is_same(part: npt.NDArray[Any], other: npt.NDArray[Any]) -> bool:
    is_float = part.dtype.kind == "f"
    return all(
        np.array_equal(part[row : row + 64], other[row : row + 64], equal_nan=is_float)
        for row in range(0, len(part), 64)
    )


def _set_numbers(
    file: IO[bytes], page: TiffPage, codes: tuple[int, int], numbers: list[int]
) -> None:
    """Change a list of offsets or sizes, moved to the end where its type is too narrow."""
    tag = next(found for code in codes if (found := page.tags.get(code)) is not None)
    order = page.parent.byteorder
    if (letter := _LETTERS.get(int(tag.dtype), "")) == "":
        raise PictureError("is damaged: the places of its pixels have no type of numbers")
    if max(numbers) >= 2 ** (8 * struct.calcsize(f"={letter}")):
        if letter != "H" or page.parent.is_bigtiff:
            raise PictureError("would become larger than 4 GB: save it as BigTIFF first")
        file.seek(tag.offset + 2)
        file.write(struct.pack(f"{order}H", _LONG))
        place, letter = tag.offset + 8, "I"
        if len(numbers) > 1:
            place = file.seek(0, 2)
            file.seek(tag.offset + 8)
            file.write(struct.pack(f"{order}I", place))
        file.seek(place)
    else:
        file.seek(tag.valueoffset)
    file.write(struct.pack(f"{order}{len(numbers)}{letter}", *numbers))


def _set_short(file: IO[bytes], page: TiffPage, code: int, number: int) -> None:
    file.seek(page.tags[code].valueoffset)
    file.write(struct.pack(f"{page.parent.byteorder}H", number))
