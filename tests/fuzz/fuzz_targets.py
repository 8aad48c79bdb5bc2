"""What reads bytes of others, as functions that may raise nothing but what they promise.

A target takes any bytes. It catches the errors that its reader promises, checks that they are
sentences, and lets everything else through: whatever comes out of a target is a fault. What it
needs is imported when it runs.
"""

import asyncio
import io
import json
import struct
import tempfile
import zlib
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import fuzz_seeds as seeds
import numpy as np

if TYPE_CHECKING:
    import h11

    from denoising_pipeline.service.guard import Guard

MAX_PIXELS = 2**14
MOST_PAGES = 4
LONGEST_SENTENCE = 50_000  # a line for each parameter
FAULT = 500
SIDE = 16

_PNG_START = 8
_CHUNK = struct.Struct(">I4s")


class Target(NamedTuple):
    """A reader.

    Attributes:
        run: Reads bytes.
        seeds: Makes files that it can read.
    """

    run: Callable[[bytes], None]
    seeds: Callable[[], Iterator[bytes]]


@contextmanager
def promised(*errors: type[Exception]) -> Iterator[None]:
    """Let these errors pass, not what derives from them, if they are sentences for people.

    Raises:
        AssertionError: An error has no words, or too many, or an address of somebody's manual.
    """
    try:
        yield
    except errors as error:
        if type(error) not in errors:
            raise
        words = str(error)
        assert words.strip(), error
        assert len(words) <= LONGEST_SENTENCE, words[:200]
        assert "https://" not in words, words


def read_raw(content: bytes) -> None:
    """Read IDX, in memory and as a file that can be mapped."""
    from denoising_pipeline.images.idx import IdxCutError, IdxError, read_idx

    with promised(IdxError, IdxCutError):
        read_idx(io.BytesIO(content), 2**20)
    with tempfile.TemporaryFile() as file, promised(IdxError, IdxCutError):
        file.write(content)
        file.seek(0)
        read_idx(file, 2**20).sum()


def read_training_image(content: bytes) -> None:
    """Read an image or recording to train on."""
    from denoising_pipeline.images.files import ImageError, decode_image

    with promised(ImageError):
        decode_image(io.BytesIO(content), "name", MAX_PIXELS)


def read_recording(content: bytes) -> None:
    """Read a recording, and write it with other samples."""
    from denoising_pipeline.images.wav import WavError, read_wav

    with promised(WavError):
        found = read_wav(content)
        found.with_values(found.values)
        read_wav(found.with_values(1 - found.values))


def through(content: bytes) -> None:
    """Read a picture, write it with other pixels in its own and in other formats, read it again."""
    from denoising_pipeline.pictures.formats import (
        FORMATS,
        PictureError,
        check_format,
        open_picture,
        write_picture,
    )

    written = []
    with promised(PictureError):
        picture = open_picture(content, max_pixels=MAX_PIXELS)
        if picture.pages > MOST_PAGES:
            return
        pages = [picture.read(page) for page in range(picture.pages)]
        assert all(np.isfinite(page).all() and 0 <= page.min() <= page.max() <= 1 for page in pages)
        write_picture(picture, iter(pages), same := io.BytesIO())
        written.append(same)
        for wanted in (None, list(FORMATS)[zlib.crc32(content) % len(FORMATS)]):
            check_format(picture, wanted)
            write_picture(picture, (1 - page for page in pages), file := io.BytesIO(), wanted)
            written.append(file)
    for made in written:
        again = open_picture(made.getvalue(), max_pixels=MAX_PIXELS)
        assert again.size() == picture.size()
        again.read()


def repaired_png(content: bytes) -> None:
    """As `through`, with the checksums of a PNG made right, so that what is behind is reached."""
    made, place = bytearray(content[:_PNG_START]), _PNG_START
    while place + _CHUNK.size <= len(content):
        length, kind = _CHUNK.unpack_from(content, place)
        data = content[place + _CHUNK.size :][: min(length, len(content))]
        made += _CHUNK.pack(len(data), kind) + data
        made += struct.pack(">I", zlib.crc32(kind + data))
        place += _CHUNK.size + length + 4
    through(bytes(made))


def load_file(content: bytes) -> None:
    """Load the file of a denoiser, and denoise with it."""
    from denoising_pipeline.denoiser.file import DENOISER, read_network

    with promised(ValueError):
        denoiser = read_network(io.BytesIO(content), DENOISER)
        shape = [size or SIDE for size in denoiser.image_shape]
        if max(shape) <= SIDE:
            denoiser.denoise(np.zeros((1, *shape), np.float32))


def load_description(content: bytes) -> None:
    """Load a denoiser that says any bytes of itself."""
    load_file(seeds.zipped(seeds.denoiser_members() | {"denoiser.json": content}))


def load_onnx(content: bytes) -> None:
    """Load a denoiser with any bytes as its network."""
    load_file(seeds.zipped(seeds.denoiser_members() | {"model.onnx": content}))


def load_weights(content: bytes) -> None:
    """Load a denoiser with any bytes as its weights."""
    load_file(seeds.zipped(seeds.dense_members() | {"model.weights.h5": content}))


def read_command_line(content: bytes) -> None:
    """Read `--params`, check them, and write what they are as a command line again."""
    from denoising_pipeline.config import (
        ParameterError,
        format_params,
        parse_params,
        validate_parameters,
    )

    text = content.decode("utf-8", "surrogateescape")
    with promised(ParameterError):
        given = parse_params(text)
        found = validate_parameters(given)
        assert validate_parameters(parse_params(format_params(given))) == found


def check_tree(content: bytes) -> None:
    """Check a tree of parameters."""
    from denoising_pipeline.config import ParameterError, validate_parameters

    try:
        tree = json.loads(content)
    except (ValueError, RecursionError):
        return
    if isinstance(tree, dict):
        with promised(ParameterError):
            validate_parameters(tree)


def answer(content: bytes) -> None:
    """Serve a request, given as the bytes that a client sends."""
    import h11

    connection = h11.Connection(h11.SERVER)
    connection.receive_data(content)
    connection.receive_data(b"")
    body = b""
    request: h11.Request | None = None
    try:
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                body += event.data
            else:
                break
    except h11.RemoteProtocolError:
        pass  # The server answers before the application is asked.
    if request is not None:
        asyncio.run(_served(request, body))


async def _served(request: "h11.Request", body: bytes) -> None:
    path, _, query = bytes(request.target).partition(b"?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method.decode("ascii"),
        "scheme": "http",
        "path": _unquoted(path),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": list(request.headers),
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
    }
    sent: list[MutableMapping[str, Any]] = []
    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> MutableMapping[str, Any]:
        if pending:
            return pending.pop()
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await _service()(scope, receive, send)
    assert sent[0]["status"] != FAULT
    assert all(isinstance(part, bytes) for pair in sent[0]["headers"] for part in pair)


def _unquoted(path: bytes) -> str:
    from urllib.parse import unquote

    return unquote(path.decode("ascii", "surrogateescape"))


@cache
def _service() -> "Guard":
    from denoising_pipeline.denoiser.file import DENOISER, read_network
    from denoising_pipeline.service.app import create_app
    from denoising_pipeline.service.limits import Limits
    from denoising_pipeline.service.shared import Service

    denoiser = read_network(io.BytesIO(next(seeds.denoiser())), DENOISER)
    limits = Limits(2**20, MAX_PIXELS, 20, kept_seconds=1)
    return create_app(Service(denoiser, "small", limits), "127.0.0.1")


TARGETS = {
    "idx": Target(read_raw, seeds.idx),
    "idx_gz": Target(read_raw, seeds.packed_idx),
    "image": Target(read_training_image, seeds.images),
    "wav": Target(read_recording, seeds.wav),
    "picture_wav": Target(through, seeds.wav),
    "picture_png": Target(through, seeds.png),
    "picture_png_repaired": Target(repaired_png, seeds.png),
    "picture_jpeg": Target(through, seeds.jpeg),
    "picture_webp": Target(through, seeds.webp),
    "picture_bmp": Target(through, seeds.bmp),
    "picture_tiff": Target(through, seeds.tiff),
    "picture_npy": Target(through, seeds.npy),
    "denoiser": Target(load_file, seeds.denoiser),
    "denoiser_card": Target(load_description, seeds.descriptions),
    "denoiser_onnx": Target(load_onnx, seeds.networks),
    "denoiser_weights": Target(load_weights, seeds.weights),
    "params": Target(read_command_line, seeds.command_lines),
    "parameters": Target(check_tree, seeds.parameters),
    "request": Target(answer, seeds.requests),
}
"""By name."""
