"""PNG: every part of a file that does not hold samples is written back as it was."""

import struct
import zlib
from collections.abc import Iterator
from typing import IO, Any, ClassVar

import numpy as np
import numpy.typing as npt

from denoising_pipeline.images import png
from denoising_pipeline.images.packing import pack_bits
from denoising_pipeline.images.png import Chunks, Header
from denoising_pipeline.pictures.formats.exif import exif_of
from denoising_pipeline.pictures.formats.palette import PALETTE_NOTE, as_palette
from denoising_pipeline.pictures.formats.picture import Metadata, OnePagePicture, Source, present
from denoising_pipeline.pictures.formats.samples import PictureError, Samples

MODES = {
    png.GREY: "grey",
    png.RGB: "RGB",
    png.PALETTE: "palette",
    png.GREY_ALPHA: "grey+alpha",
    png.RGB_ALPHA: "RGBA",
}
_COLOUR_BOUND = {b"PLTE", b"tRNS", b"hIST", b"bKGD", b"sBIT"}
"""Parts whose meaning depends on the colour type and the palette."""

_TEXTS = {b"tEXt", b"zTXt", b"iTXt"}
_LOOKS = {b"gAMA", b"cHRM", b"cICP"}
_XMP = b"XML:com.adobe.xmp"
_METRE = 0.0254
_FILTER_BLOCK = 2**20


class PngPicture(OnePagePicture):
    """A PNG file of any depth and colour type."""

    format: ClassVar[str] = "PNG"

    def __init__(self, source: Source, name: str, max_pixels: int, bits: int | None) -> None:
        super().__init__(source, name, max_pixels, bits)
        content = self.content()
        self._header = header = png.read_header(content)
        self.check_size(header.height, header.width)
        chunks = png.read_chunks(content)
        self._chunks = [(kind, data if kind != b"IDAT" else b"") for kind, data in chunks]
        parts = dict(self._chunks)
        if int.from_bytes(parts.get(b"acTL", b"")[:4], "big") > 1:
            raise PictureError("is animated: save its frames as PNG files of their own")
        self._size = (header.height, header.width)
        self.bits = header.bits
        self.dtype = np.dtype(np.uint16 if header.bits > 8 else np.uint8)  # noqa: PLR2004
        self.mode = MODES[header.colour]
        if b"tRNS" in parts and header.colour in {png.GREY, png.RGB, png.PALETTE}:
            self.mode = {"grey": "grey+alpha", "RGB": "RGBA"}.get(self.mode, "palette+alpha")
        if header.colour == png.PALETTE:
            self.note = PALETTE_NOTE
        self.metadata = _metadata(self._chunks)
        named = {kind for kind, data in self._chunks if not data.startswith(_XMP + b"\0")}
        self.own = present(
            {
                "the palette": header.colour == png.PALETTE,
                "texts": bool(named & _TEXTS),
                "gamma and primaries": bool(named & _LOOKS) and not named & {b"iCCP", b"sRGB"},
            }
        )

    def decode(self, page: int) -> Samples:
        """Decode the page."""
        del page
        stored = png.read_samples(self.content())
        colour, parts = self._header.colour, dict(self._chunks)
        clear = parts.get(b"tRNS")
        if colour in {png.GREY_ALPHA, png.RGB_ALPHA}:
            alpha = stored[..., -1]
            return self._scaled(stored[..., :-1], alpha)
        if colour == png.PALETTE:
            return self._looked_up(stored[..., 0], parts.get(b"PLTE", b""), clear)
        if clear is None:
            return self._scaled(stored, None)
        key = np.frombuffer(clear[: 2 * stored.shape[2]], ">u2")
        opaque = (stored != key).any(axis=2)
        return self._scaled(stored, np.where(opaque, 2**self.bits - 1, 0).astype(stored.dtype))

    def save(self, samples: Samples, file: IO[bytes]) -> None:
        """Write the file with other samples."""
        header, parts = self._header, dict(self._chunks)
        colour = samples.colour
        if header.colour == png.PALETTE:
            self._save_palette(samples, file)
            return
        if header.colour in {png.GREY_ALPHA, png.RGB_ALPHA}:
            colour = _with_alpha(samples)
        elif b"tRNS" in parts:
            colour = _off_key(samples, parts[b"tRNS"], 2**self.bits - 1)
        write_png(file, header._replace(interlaced=False), colour, self._chunks)

    def _scaled(self, colour: npt.NDArray[Any], alpha: npt.NDArray[Any] | None) -> Samples:
        return self.scaled(colour, alpha=alpha, visible=None if alpha is None else alpha > 0)

    def _looked_up(self, indices: npt.NDArray[Any], palette: bytes, clear: bytes | None) -> Samples:
        colours = np.frombuffer(palette, np.uint8).reshape(-1, 3)
        if indices.max() >= len(colours):
            raise PictureError("is damaged: it uses colours that its palette does not have")
        alpha = None
        if clear is not None:
            table = np.full(len(colours), 255, np.uint8)
            stated = np.frombuffer(clear, np.uint8)[: len(colours)]
            table[: len(stated)] = stated
            alpha = table[indices]
        visible = None if alpha is None else alpha > 0
        return Samples(colours[indices], 0, 255, alpha, visible)

    def _save_palette(self, samples: Samples, file: IO[bytes]) -> None:
        header = self._header._replace(interlaced=False)
        chunks: Chunks = [part for part in self._chunks if part[0] not in _COLOUR_BOUND]
        found = as_palette(samples)
        if found is None:
            clear = samples.alpha is not None
            header = header._replace(bits=8, colour=png.RGB_ALPHA if clear else png.RGB)
            write_png(file, header, _with_alpha(samples), chunks)
            return
        indices, colours, alphas = found
        bits = next(b for b in png.DEPTHS[png.PALETTE] if b >= header.bits and len(colours) <= 2**b)
        table = [(b"PLTE", colours.tobytes())]
        if alphas is not None:
            table.append((b"tRNS", alphas.tobytes()))
        place = [kind for kind, _ in chunks].index(b"IDAT")
        chunks[place:place] = table
        write_png(file, header._replace(bits=bits), indices[..., np.newaxis], chunks)


def create_png(samples: Samples, bits: int, metadata: Metadata, file: IO[bytes]) -> None:
    """Write a new PNG file.

    Args:
        samples: Unsigned integers, black being 0; fewer than 8 bits that PNG does not have, such as
            those of colours, are brought to the range of 8.
        bits: Of each: 1, 2, 4, 8 or 16.
        metadata: What is written beside them.
        file: Binary file.
    """
    kinds = {(1, False): png.GREY, (3, False): png.RGB, (1, True): png.GREY_ALPHA}
    clear = samples.alpha is not None
    colour = kinds.get((samples.colour.shape[2], clear), png.RGB_ALPHA)
    if bits not in png.DEPTHS[colour]:
        samples, bits = samples.widened(bits), 8
    height, width = samples.colour.shape[:2]
    header = Header(width, height, bits, colour, interlaced=False)
    write_png(file, header, _with_alpha(samples), _chunks_of(metadata))


def write_png(file: IO[bytes], header: Header, stored: npt.NDArray[Any], chunks: Chunks) -> None:
    """Write samples and other parts.

    Args:
        file: Binary file.
        header: Of what is written, not interlaced.
        stored: (H, W, C), unsigned integers of at most `header.bits`.
        chunks: The other parts in their order, an empty IDAT standing for the samples.
    """
    start = struct.pack(">IIBBBBB", *header[:4], 0, 0, 0)
    file.write(png.SIGNATURE + _chunk(b"IHDR", start))
    written = False
    for kind, data in chunks:
        if kind == b"IDAT" and not written:
            written = True
            for packed in _packed(header, stored):
                file.write(_chunk(b"IDAT", packed))
        elif kind not in {b"IHDR", b"IDAT", b"IEND"}:
            file.write(_chunk(kind, data))
    file.write(_chunk(b"IEND", b""))


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def _packed(header: Header, stored: npt.NDArray[Any]) -> Iterator[bytes]:
    """Yield the compressed lines, a block of rows at a time."""
    height = len(stored)
    samples = stored.reshape(height, -1)
    step = max(header.bits * png.CHANNELS[header.colour] // 8, 1)
    plain = header.bits < 8 or header.colour == png.PALETTE  # noqa: PLR2004
    compressor = zlib.compressobj(6)
    rows = max(_FILTER_BLOCK // max(samples.shape[1], 1), 1)
    above: npt.NDArray[np.uint8] | None = None
    for top in range(0, height, rows):
        lines = _line_bytes(samples[top : top + rows], header.bits)
        if above is None:
            above = np.zeros_like(lines[:1])
        body = _filtered(lines, above, step, plain)
        above = lines[-1:]
        if packed := compressor.compress(body.tobytes()):
            yield packed
    yield compressor.flush()


def _line_bytes(samples: npt.NDArray[Any], bits: int) -> npt.NDArray[np.uint8]:
    if bits < 8:  # noqa: PLR2004
        return pack_bits(samples, bits)
    return np.ascontiguousarray(samples.astype(f">u{bits // 8}")).view(np.uint8)


def _filtered(
    lines: npt.NDArray[np.uint8], above: npt.NDArray[np.uint8], step: int, plain: bool
) -> npt.NDArray[np.uint8]:
    """Put before each line the filter whose differences are the least in sum, and apply it."""
    body = np.zeros((len(lines), 1 + lines.shape[1]), np.uint8)
    body[:, 1:] = lines
    if plain:
        return body
    up = np.concatenate([above, lines[:-1]])
    left, corner = np.zeros_like(lines), np.zeros_like(lines)
    left[:, step:], corner[:, step:] = lines[:, :-step], up[:, :-step]
    best = np.full(len(lines), np.inf)
    for number, predicted in ((1, left), (2, up), (4, _paeth(left, up, corner))):
        differences = lines - predicted
        sums = np.abs(differences.view(np.int8).astype(np.int16)).sum(axis=1)
        better = sums < best
        best[better] = sums[better]
        body[better, 0] = number
        body[better, 1:] = differences[better]
    return body


def _paeth(
    left: npt.NDArray[np.uint8], above: npt.NDArray[np.uint8], corner: npt.NDArray[np.uint8]
) -> npt.NDArray[np.uint8]:
    """Return whichever of the three is nearest to left + above - corner, in this order."""
    wide_left, wide_above = left.astype(np.int16), above.astype(np.int16)
    to_left, to_above = wide_above - corner, wide_left - corner
    to_corner = np.abs(to_left + to_above)
    np.abs(to_left, out=to_left)
    np.abs(to_above, out=to_above)
    nearest = np.where(to_above <= to_corner, above, corner)
    return np.where((to_left <= to_above) & (to_left <= to_corner), left, nearest)


def _with_alpha(samples: Samples) -> npt.NDArray[Any]:
    if samples.alpha is None:
        return samples.colour
    return np.concatenate([samples.colour, samples.alpha[..., np.newaxis]], axis=2)


def _off_key(samples: Samples, clear: bytes, white: int) -> npt.NDArray[Any]:
    """Move what has come to have the transparent colour by one step: it is visible."""
    colour = samples.colour
    key = np.frombuffer(clear[: 2 * colour.shape[2]], ">u2")
    clash = (colour == key).all(axis=2) & samples.visible
    if clash.any():
        colour = colour.copy()
        colour[clash, -1] = key[-1] - 1 if key[-1] == white else key[-1] + 1
    return colour


def _metadata(chunks: Chunks) -> Metadata:
    parts = dict(chunks)
    icc, exif, dpi = b"", parts.get(b"eXIf", b""), None
    if profile := parts.get(b"iCCP"):
        try:
            icc = zlib.decompress(profile[profile.index(b"\0") + 2 :])
        except (ValueError, zlib.error):
            icc = b""
    if len(unit := parts.get(b"pHYs", b"")) == 9 and unit[8] == 1:  # noqa: PLR2004
        across, down = struct.unpack_from(">II", unit)
        dpi = (across * _METRE, down * _METRE)
    xmp = b""
    for kind, data in chunks:
        if kind == b"iTXt" and data.startswith(_XMP + b"\0\0"):
            xmp = data[len(_XMP) + 3 :].split(b"\0", 2)[2]
    return Metadata(icc, exif, xmp, dpi, png.read_orientation(chunks))


def _chunks_of(metadata: Metadata) -> Chunks:
    chunks: Chunks = []
    if metadata.icc:
        chunks.append((b"iCCP", b"ICC profile\0\0" + zlib.compress(metadata.icc)))
    if metadata.dpi:
        sides = [round(side / _METRE) for side in metadata.dpi]
        chunks.append((b"pHYs", struct.pack(">IIB", *sides, 1)))
    if exif := exif_of(metadata):
        chunks.append((b"eXIf", exif))
    if metadata.xmp:
        chunks.append((b"iTXt", _XMP + b"\0\0\0\0\0" + metadata.xmp))
    return [*chunks, (b"IDAT", b"")]
