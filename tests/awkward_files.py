"""Forty files as people have them, most of which some program fails on; what is true of each."""

import io
import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import tifffile
from PIL import Image, ImageCms, PngImagePlugin
from skimage import data

from denoising_pipeline.images.png import Header
from denoising_pipeline.pictures.formats.png import write_png

LARGE = (6000, 4000)
PRIMARIES = {
    b"rXYZ": (0.5151, 0.2412, -0.0011),
    b"gXYZ": (0.2920, 0.6922, 0.0419),
    b"bXYZ": (0.1571, 0.0666, 0.7841),
}
"""Of Display P3 under D50."""

ROTATED = 6
"""In EXIF: the camera was held upright."""

Pixels = npt.NDArray[Any]


class Truth(NamedTuple):
    """What the table has to say of a file.

    Attributes:
        format: Of the file; empty: it cannot be read.
        mode: Likewise.
        depth: Likewise.
        size: Width and height.
        reason: In why it failed or was left out; empty: it is done.
        status: What became of it.
        pages: How many there are.
    """

    format: str = ""
    mode: str = ""
    depth: str = ""
    size: tuple[int, int] = (0, 0)
    reason: str = ""
    status: str = "done"
    pages: int = 1


def failed(reason: str) -> Truth:
    return Truth(reason=reason, status="failed", pages=0)


def skipped(reason: str) -> Truth:
    return Truth(reason=reason, status="skipped", pages=0)


def write_awkward(folder: Path) -> dict[str, Truth]:
    """Write the files into a new folder; return what is true of each, by its path below it."""
    folder.mkdir()
    truths = {}
    for name, content, truth in _files():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        truths[name] = truth
    outside = folder.parent / "outside.png"
    outside.write_bytes(saved(noisy(40, 30)))
    (folder / "link.png").symlink_to(outside.absolute())
    truths["link.png"] = skipped("is a link that leads out of the folder")
    return truths


def noisy(width: int, height: int, sigma: float = 20) -> Pixels:
    """Return a photograph with Gaussian noise, uint8 (H, W, 3); repeated where it is too small."""
    clean = np.resize(data.astronaut()[:256, 100:356], (256, 256, 3))
    tiles = (-(-height // 256), -(-width // 256), 1)
    noise = np.random.default_rng(0).normal(0, sigma, (256, 256, 3))
    seen = np.clip(np.rint(clean + noise), 0, 255).astype(np.uint8)
    return np.tile(seen, tiles)[:height, :width]


def saved(pixels: Pixels | Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(file := io.BytesIO(), kind, **options)
    return file.getvalue()


def tiff(pixels: Pixels, **options: Any) -> bytes:
    tifffile.imwrite(file := io.BytesIO(), pixels, **options)
    return file.getvalue()


def npy(array: Pixels) -> bytes:
    np.save(file := io.BytesIO(), array)
    return file.getvalue()


def deep_png(pixels: Pixels) -> bytes:
    """Return a PNG of 16 bits, RGB, which Pillow does not write."""
    header = Header(pixels.shape[1], pixels.shape[0], 16, 2, interlaced=False)
    write_png(file := io.BytesIO(), header, pixels, [(b"IDAT", b"")])
    return file.getvalue()


def exif(orientation: int) -> Image.Exif:
    found = Image.Exif()
    found[0x0112], found[0x010F] = orientation, "Nobody"
    return found


@cache
def wide_gamut() -> bytes:
    """Return the profile of sRGB with the primaries of Display P3; it has the time in it."""
    content = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for tag, primary in PRIMARIES.items():
        entry = content.index(tag)
        start = struct.unpack(">I", content[entry + 4 : entry + 8])[0] + 8
        numbers = struct.pack(">3i", *(round(value * 2**16) for value in primary))
        content = content[:start] + numbers + content[start + len(numbers) :]
    return content


def _files() -> Iterator[tuple[str, bytes, Truth]]:
    yield from _eight_bits(Image.fromarray(noisy(64, 48)))
    yield from _deep(noisy(64, 48).astype(np.uint16) * 257)
    yield from _sizes()
    yield from _names()
    yield from _bad()


def _eight_bits(photo: Image.Image) -> Iterator[tuple[str, bytes, Truth]]:
    rgb = Truth("PNG", "RGB", "8 bit", photo.size)
    jpeg = rgb._replace(format="JPEG")
    grey, cmyk = photo.convert("L"), photo.convert("CMYK")
    alpha = photo.copy()
    alpha.putalpha(Image.linear_gradient("L").resize(photo.size))
    yield "a.jpg", saved(photo, "JPEG", quality=95, dpi=(300, 300)), jpeg
    yield "a.png", saved(photo), rgb
    rotated = saved(photo, "JPEG", quality=95, exif=exif(ROTATED))
    yield "rotated.jpg", rotated, jpeg
    yield "rotated.png", saved(photo, exif=exif(ROTATED)), rgb
    yield "wide gamut.png", saved(photo, icc_profile=wide_gamut()), rgb
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "Nobody")
    yield "described.png", saved(photo, pnginfo=text, dpi=(72, 72)), rgb
    yield "one bit.png", saved(photo.convert("1")), rgb._replace(mode="grey", depth="1 bit")
    yield "grey.png", saved(grey), rgb._replace(mode="grey")
    yield "grey.jpg", saved(grey, "JPEG", quality=95), jpeg._replace(mode="grey")
    yield "palette.png", saved(photo.quantize(64)), rgb._replace(mode="palette")
    clear = photo.quantize(64)
    yield "clear palette.png", saved(clear, transparency=3), rgb._replace(mode="palette+alpha")
    yield "alpha.png", saved(alpha), rgb._replace(mode="RGBA")
    yield "grey alpha.png", saved(alpha.convert("LA")), rgb._replace(mode="grey+alpha")
    yield "print.jpg", saved(cmyk, "JPEG", quality=95), jpeg._replace(mode="CMYK")
    yield "print.tif", saved(cmyk, "TIFF"), rgb._replace(format="TIFF", mode="CMYK")
    webp = saved(photo, "WEBP", lossless=True)
    yield "web.webp", webp, rgb._replace(format="WebP")
    yield "old.bmp", saved(photo, "BMP"), rgb._replace(format="BMP")


def _deep(photo: Pixels) -> Iterator[tuple[str, bytes, Truth]]:
    size = photo.shape[1], photo.shape[0]
    grey = photo[..., 1]
    of_tiff = Truth("TIFF", "grey", "16 bit", size)
    yield "16 bit.png", saved(grey), of_tiff._replace(format="PNG")
    yield "48 bit.png", deep_png(photo), of_tiff._replace(format="PNG", mode="RGB")
    yield "16 bit.tif", tiff(grey, photometric="minisblack"), of_tiff
    yield "48 bit.tif", tiff(photo, photometric="rgb"), of_tiff._replace(mode="RGB")
    wide = grey.astype(np.uint32) * 65537
    yield "32 bit.tif", tiff(wide, photometric="minisblack"), of_tiff._replace(depth="uint32")
    counts = tiff(grey.astype(np.float32) / 7, photometric="minisblack")
    yield "float.tif", counts, of_tiff._replace(depth="float32")
    stack = np.stack([grey, grey[::-1], grey[:, ::-1]])
    yield "pages.tif", tiff(stack, photometric="minisblack"), of_tiff._replace(pages=3)
    axes = tiff(stack, imagej=True, metadata={"axes": "ZYX"})
    yield "imagej.tif", axes, of_tiff._replace(pages=3)
    floats = (photo / 65535).astype(np.float32)
    of_npy = Truth("NPY", "RGB", "float32", size)
    yield "float.npy", npy(floats), of_npy
    yield "16 bit.npy", npy(grey), of_npy._replace(mode="grey", depth="16 bit")


def _sizes() -> Iterator[tuple[str, bytes, Truth]]:
    for width, height in ((1, 1), (1, 4000), (29, 31)):
        truth = Truth("PNG", "RGB", "8 bit", (width, height))
        yield f"{width}x{height}.png", saved(noisy(width, height)), truth
    large = saved(noisy(*LARGE), "JPEG", quality=95)
    yield "large.jpg", large, Truth("JPEG", "RGB", "8 bit", LARGE)


def _names() -> Iterator[tuple[str, bytes, Truth]]:
    content, truth = saved(noisy(40, 30)), Truth("PNG", "RGB", "8 bit", (40, 30))
    for name in (" two  words .png", "é日本.PNG", "line\nbreak.png", "deep/a.png"):
        yield name, content, truth


def _bad() -> Iterator[tuple[str, bytes, Truth]]:
    png, jpeg = saved(noisy(64, 48)), saved(noisy(64, 48), "JPEG")
    yield "text.png", b"Dear diary", failed("is no image")
    yield "truncated.png", png[: len(png) // 2], failed("damaged or truncated")
    cut = failed("damaged or truncated")._replace(format="JPEG", mode="RGB", depth="8 bit")
    cut = cut._replace(size=(64, 48), pages=1)  # which its header says
    yield "truncated.jpg", jpeg[: len(jpeg) // 2], cut
    bomb = png[:16] + (60000).to_bytes(4, "big") * 2 + png[24:]
    yield "bomb.png", bomb, failed("pixels")
