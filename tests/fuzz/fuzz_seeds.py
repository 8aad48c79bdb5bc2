"""Small real files of every kind that is read, which fuzzing starts from.

What reads and writes them is imported where it is needed: each target waits for its own alone.
"""

import gzip
import io
import json
import struct
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.PngImagePlugin import PngInfo

DRAWS = np.random.default_rng(0)
GREY = DRAWS.integers(0, 256, (7, 9), np.uint8)
COLOUR = DRAWS.integers(0, 256, (7, 9, 3), np.uint8)
DEEP = DRAWS.integers(0, 65536, (7, 9), np.uint16)
CLEAR = DRAWS.integers(0, 256, (7, 9, 4), np.uint8)
FLOATS = DRAWS.random((7, 9), dtype=np.float32)


def saved(image: Image.Image | npt.NDArray[Any], kind: str, **options: Any) -> bytes:
    """Return the file that Pillow writes."""
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(file := io.BytesIO(), kind, **options)
    return file.getvalue()


def idx() -> Iterator[bytes]:
    """IDX files of every type, plain."""
    from denoising_pipeline.images.idx import DTYPES, idx_bytes

    for dtype in DTYPES.values():
        yield idx_bytes(np.arange(24).reshape(2, 3, 4).astype(dtype))
    yield idx_bytes(np.arange(5, dtype=np.uint8))


def packed_idx() -> Iterator[bytes]:
    """IDX files by gzip."""
    yield from (gzip.compress(content, mtime=0) for content in idx())


def png() -> Iterator[bytes]:
    """PNG files of every depth and colour type."""
    exif = Image.Exif()
    exif[0x0112] = 6
    text = PngInfo()
    text.add_text("note", "words")
    text.add_itxt("XML:com.adobe.xmp", "<x/>")
    palette = Image.fromarray(COLOUR).quantize(5)
    yield saved(GREY, "PNG", exif=exif, pnginfo=text, dpi=(72, 72), icc_profile=b"profile")
    yield saved(COLOUR, "PNG")
    yield saved(CLEAR, "PNG")
    yield saved(DEEP, "PNG")
    yield saved(CLEAR[..., 0] > 127, "PNG")
    yield saved(palette, "PNG", transparency=bytes([0, 128, 255]))
    yield saved(Image.fromarray(CLEAR).convert("LA"), "PNG")
    yield saved(COLOUR, "PNG", transparency=(1, 2, 3))
    yield saved(palette, "PNG", bits=4)


def jpeg() -> Iterator[bytes]:
    """JPEG files: grey, colour, ink, progressive, with EXIF."""
    exif = Image.Exif()
    exif[0x0112] = 8
    exif[0x011A] = 72.0
    yield saved(GREY, "JPEG", exif=exif, dpi=(72, 72))
    yield saved(COLOUR, "JPEG", progressive=True, subsampling=2, comment=b"words")
    yield saved(Image.fromarray(CLEAR, "CMYK"), "JPEG", icc_profile=b"profile")
    yield saved(COLOUR, "JPEG", keep_rgb=True, xmp=b"<x/>")


def webp() -> Iterator[bytes]:
    """WebP files with and without loss, and with several frames."""
    exif = Image.Exif()
    exif[0x0112] = 3
    yield saved(COLOUR, "WEBP", exif=exif, icc_profile=b"profile", xmp=b"<x/>")
    yield saved(CLEAR, "WEBP", lossless=True)
    more = [Image.fromarray(255 - COLOUR)]
    yield saved(COLOUR, "WEBP", save_all=True, append_images=more)


def bmp() -> Iterator[bytes]:
    """BMP files of every depth."""
    for image in (GREY, COLOUR, GREY > 127, CLEAR):
        yield saved(image, "BMP")
    yield saved(Image.fromarray(COLOUR).quantize(5), "BMP")


def tiff() -> Iterator[bytes]:
    """TIFF files: depths, packings, tiles, pages, channels apart, palettes, BigTIFF, ImageJ."""
    import tifffile

    options: list[tuple[npt.NDArray[Any], dict[str, Any]]] = [
        (GREY, {}),
        (COLOUR, {"photometric": "rgb", "compression": "zlib", "predictor": 2}),
        (COLOUR, {"photometric": "rgb", "planarconfig": "contig", "resolution": (72, 72)}),
        (COLOUR.transpose(2, 0, 1), {"photometric": "rgb", "planarconfig": "separate"}),
        (DEEP, {"tile": (16, 16), "compression": "zlib"}),
        (FLOATS, {"compression": "zlib", "extratags": [(317, 3, 1, 3, True)]}),
        (np.stack([GREY, GREY]), {"photometric": "minisblack"}),
        (GREY, {"photometric": "miniswhite", "rowsperstrip": 2}),
        (GREY, {"photometric": "palette", "colormap": np.zeros((3, 256), np.uint16)}),
        (CLEAR, {"photometric": "rgb", "extrasamples": ["unassalpha"]}),
        (DEEP.astype(np.int32), {}),
        (np.stack([GREY, GREY]), {"photometric": "minisblack", "metadata": {"axes": "CYX"}}),
    ]
    for image, given in options:
        tifffile.imwrite(file := io.BytesIO(), image, **given)
        yield file.getvalue()
    tifffile.imwrite(file := io.BytesIO(), DEEP, bigtiff=True)
    yield file.getvalue()
    tifffile.imwrite(file := io.BytesIO(), np.stack([DEEP, DEEP]), imagej=True)
    yield file.getvalue()
    tifffile.imwrite(file := io.BytesIO(), DEEP, ome=True)
    yield file.getvalue()
    for kind in ("tiff_lzw", "packbits", "jpeg"):
        yield saved(COLOUR, "TIFF", compression=kind)
    yield saved(GREY > 127, "TIFF", compression="group4")


def npy() -> Iterator[bytes]:
    """NPY files; the last one holds a pickle."""
    arrays: list[npt.NDArray[Any]] = [GREY, np.asfortranarray(FLOATS), COLOUR, DEEP.astype(">u2")]
    arrays += [np.stack([FLOATS] * 2).astype(np.float64), GREY > 127]
    for array in [*arrays, np.array([{}], object)]:
        np.save(file := io.BytesIO(), array)
        yield file.getvalue()


def wav() -> Iterator[bytes]:
    """WAV files of every depth, and an extensible one."""
    from denoising_pipeline.images.wav import write_wav

    yield write_wav(FLOATS[:1, :, np.newaxis], 8000)
    samples = DRAWS.integers(0, 256, 24, np.uint8).tobytes()
    for kind, bits in ((1, 8), (1, 16), (1, 24), (1, 32), (3, 32), (3, 64), (0xFFFE, 16)):
        body = bytes(24) if kind == 3 else samples
        start = struct.pack("<HHIIHH", kind, 1, 8000, 8000 * bits // 8, bits // 8, bits)
        if kind == 0xFFFE:
            start += struct.pack("<HHIH", 22, 16, 0, 1) + bytes(14)
        chunks = b"".join(
            name + struct.pack("<I", len(data)) + data
            for name, data in ((b"fmt ", start), (b"LIST", b"INFO"), (b"data", body))
        )
        yield b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def images() -> Iterator[bytes]:
    """Files of every format of images and recordings."""
    for made in (png, jpeg, webp, bmp, tiff, npy, wav):
        yield from made()


@cache
def denoiser_members() -> dict[str, bytes]:
    """What a small denoiser's file holds, by name."""
    from small_denoiser import write_denoiser

    with TemporaryDirectory() as folder:
        content = write_denoiser(Path(folder, "small.zip")).read_bytes()
    return members(content)


def denoiser() -> Iterator[bytes]:
    """The file of a small denoiser."""
    yield zipped(denoiser_members())


def descriptions() -> Iterator[bytes]:
    """What denoisers say of themselves."""
    said = json.loads(denoiser_members()["denoiser.json"])
    yield json.dumps(said).encode()
    yield json.dumps(said | {"card": None, "format": 1, "image_shape": [28, 28, 1]}).encode()
    dense = {"name": "dense", "layers": 1, "nodes": [8], "latent_dim": 4}
    yield json.dumps(said | {"architecture": dense, "image_shape": [28, 28, 1]}).encode()


def networks() -> Iterator[bytes]:
    """ONNX files of small denoisers."""
    yield denoiser_members()["model.onnx"]


@cache
def dense_members() -> dict[str, bytes]:
    """What the file of a small denoiser of Keras holds, by name."""
    from denoising_pipeline.denoiser import Denoiser
    from denoising_pipeline.denoiser.file import DENOISER, write_network
    from denoising_pipeline.models.dense import Dense

    architecture = Dense(latent_dim=2, layers=0)
    model = architecture.build((4, 4, 1), 0)
    write_network(Denoiser(architecture, (4, 4, 1), model), DENOISER, file := io.BytesIO())
    return members(file.getvalue())


def weights() -> Iterator[bytes]:
    """HDF5 files of weights."""
    yield dense_members()["model.weights.h5"]


def members(content: bytes) -> dict[str, bytes]:
    """Return what a zip holds, by name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(held: dict[str, bytes]) -> bytes:
    """Return an uncompressed zip."""
    with zipfile.ZipFile(file := io.BytesIO(), "w") as archive:
        for name, content in held.items():
            archive.writestr(name, content)
    return file.getvalue()


def command_lines() -> Iterator[bytes]:
    """What stands after `--params`."""
    yield b"source=kmnist,seed=1,training.epochs=3"
    yield b"noise_injection.name=salt_and_pepper,robustness.levels=[0.1, 0.2]"
    yield b"training.model={name: dense, widths: [64, 128]},training.patience=null"
    yield b"training.loss.name='mse',study.search={training.epochs: [1, 2]}"


def parameters() -> Iterator[bytes]:
    """Trees of parameters, as JSON."""
    from denoising_pipeline.config import Parameters

    yield Parameters().model_dump_json().encode()
    yield b'{"source": "x", "training": {"model": {"name": "unet", "widths": [1, 2]}}}'
    yield b'{"noise_injection": {"name": "composed", "parts": [{"name": "gaussian"}]}}'


def requests() -> Iterator[bytes]:
    """HTTP requests to the service."""
    body = saved(COLOUR, "PNG")
    length = b"Content-Length: %d\r\n\r\n" % len(body)
    host = b" HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    for path in (b"/denoise?name=a.png", b"/denoise?strength=0.5&format=TIFF", b"/results?sigma=9"):
        yield b"POST " + path + host + length + body
    for path in (b"/", b"/health", b"/card", b"/results/a/before/0.png", b"/assets/page.css"):
        yield b"GET " + path + host + b"Origin: http://127.0.0.1\r\n\r\n"
    yield b"DELETE /results/a" + host + b"Sec-Fetch-Site: none\r\n\r\n"
    yield b"POST /denoise" + host + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
