"""The service as a process: pictures in, pictures out; what is wrong is told, and it goes on."""

import io
import json
import socket
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
import psutil
import pytest

pytest.importorskip("onnx", reason="needs the extra `onnx`")

from serving import client, decoded, encoded, photograph, served, wait_until, write_denoiser

from denoising_pipeline.denoiser.file import load_denoiser
from denoising_pipeline.denoiser.picture import Settings, denoise_picture
from denoising_pipeline.pictures.formats import open_picture

PLAIN = Settings()
MAX_BYTES = 3_000_000
KEPT = {"sent", "record", "before", "after"}
"""Files of results that wait to be downloaded."""


class Started:
    """A service that has been started."""

    def __init__(self, process: Any, address: str, folder: Path, model: Path) -> None:
        self.process = psutil.Process(process.pid)
        self.address = address
        self.folder = folder
        self.denoiser = load_denoiser(model)

    def files(self) -> list[Path]:
        """Every file that it has on disk."""
        return [path for path in self.folder.glob("denoise-serve-*/**/*") if path.is_file()]

    def expected(self, content: bytes, settings: Settings = PLAIN) -> bytes:
        """What the one function makes of a picture."""
        file = io.BytesIO()
        denoise_picture(open_picture(content), self.denoiser, file, settings)
        return file.getvalue()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    folder = tmp_path_factory.mktemp("service")
    model = tmp_path_factory.mktemp("model") / "average.zip"
    write_denoiser(model)
    limits = ("--max-bytes", str(MAX_BYTES), "--max-pixels", "1M")
    with served(folder, model, *limits) as (process, address):
        yield Started(process, address, folder, model)


@pytest.fixture
def web(service: Started) -> Iterator[httpx.Client]:
    """Afterwards the service still serves, and nothing is left on disk but what is kept."""
    with client(service.address) as opened:
        yield opened
        assert opened.post("/denoise", content=encoded(photograph(16))).status_code == 200
        wait_until(lambda: opened.get("/health").json()["taken"] == 0)
    wait_until(lambda: {path.name.partition("-")[0] for path in service.files()} <= KEPT)


@pytest.mark.parametrize(
    ("file_format", "kind"),
    [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("TIFF", "image/tiff"), ("BMP", "image/bmp")],
)
def test_a_picture_comes_back_in_its_format_as_from_everywhere_else(
    web: httpx.Client, service: Started, file_format: str, kind: str
) -> None:
    content = encoded(photograph(), file_format, quality=98, subsampling=0)
    answer = web.post("/denoise", params={"name": "a/pho to.x"}, content=content)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == kind
    assert "pho%20to_denoised.x" in answer.headers["content-disposition"]
    assert 20 < float(answer.headers["x-noise-level"]) < 30
    assert isinstance(json.loads(answer.headers["x-warnings"]), list)
    assert answer.content == service.expected(content)


def test_options_are_those_of_the_shell(web: httpx.Client, service: Started) -> None:
    content = encoded(photograph())
    half = web.post("/denoise", params={"strength": 0.5}, content=content)
    assert half.content == service.expected(content, Settings(strength=0.5))
    none = web.post("/denoise", params={"strength": 0}, content=content)
    assert none.content == content
    tiff = web.post("/denoise", params={"format": ".tif"}, content=content)
    assert tiff.headers["content-type"] == "image/tiff"
    assert "picture_denoised.tif" in tiff.headers["content-disposition"]


def test_a_result_that_is_kept_has_any_strength_byte_by_byte(
    web: httpx.Client, service: Started
) -> None:
    content = encoded(photograph())
    kept = web.post("/results", params={"name": "photo.png"}, content=content)
    assert kept.status_code == 201
    facts = kept.json()
    assert facts["name"] == "photo_denoised.png"
    assert facts["pages"][0]["height"] == 96
    assert facts["pages"][0]["noise_level"] == pytest.approx(25, abs=5)
    for strength in (1.0, 0.3, 0.0):
        found = web.get(facts["file"], params={"strength": strength})
        assert found.content == service.expected(content, Settings(strength=strength))
    before, after = (decoded(web.get(facts[kind][0]).content) for kind in ("before", "after"))
    assert np.array_equal(np.asarray(before), photograph())
    shown, written = (np.asarray(each, int) for each in (after, decoded(service.expected(content))))
    assert np.abs(shown - written).max() <= 1
    assert web.delete(facts["file"]).status_code == 204
    assert web.get(facts["file"]).status_code == 404
    assert web.get(facts["before"][0]).status_code == 404
    wait_until(lambda: not service.files())


def test_a_turned_picture_is_shown_upright_and_stays_turned(web: httpx.Client) -> None:
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    content = encoded(photograph()[:40], "JPEG", exif=exif)
    facts = web.post("/results", content=content).json()
    assert decoded(web.get(facts["after"][0]).content).size == (40, 96)
    file = decoded(web.get(facts["file"]).content)
    assert (file.size, file.getexif()[0x0112]) == ((96, 40), 6)


def test_only_some_results_are_kept(web: httpx.Client, service: Started) -> None:
    content = encoded(photograph(16))
    results = [web.post("/results", content=content).json()["file"] for _ in range(9)]
    found = [web.get(result).status_code for result in results]
    assert found == [404, *[200] * 8]


def png_of(width: int, height: int) -> bytes:
    """A PNG that says of itself how large it is, and is otherwise empty."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [header, b"IDAT" + zlib.compress(b"\0" * 1000), b"IEND"]
    parts = (struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def bomb() -> bytes:
    """A file of 100 kB with 30 million pixels."""
    return encoded(np.zeros((5000, 6000), np.uint8))


BAD: dict[str, tuple[int, bytes, dict[str, str]]] = {
    "text": (422, b"no image at all", {}),
    "text that says so": (415, b"no image at all", {"content-type": "text/plain"}),
    "a form": (415, b"--x\r\n", {"content-type": "multipart/form-data; boundary=x"}),
    "nothing": (400, b"", {}),
    "truncated": (422, encoded(photograph())[:9000], {}),
    "a truncated header": (422, encoded(photograph())[:20], {}),
    "a bomb": (413, bomb(), {}),
    "an enormous header": (413, png_of(2**31 - 1, 2**31 - 1), {}),
    "a GIF": (422, encoded(photograph(), "GIF"), {}),
    "too many bytes": (413, bytes(MAX_BYTES + 1), {}),
    "a foreign host": (403, b"", {"host": "evil.example"}),
    "a foreign origin": (403, encoded(photograph()), {"origin": "http://evil.example"}),
}


@pytest.mark.parametrize("address", ["/denoise", "/results"])
@pytest.mark.parametrize("wrong", BAD)
def test_what_is_wrong_is_said_in_a_sentence(web: httpx.Client, wrong: str, address: str) -> None:
    status, content, headers = BAD[wrong]
    answer = web.post(address, params={"name": "photo.png"}, content=content, headers=headers)
    assert answer.status_code == status
    reason = answer.json()["detail"]
    assert len(reason) > 20
    assert reason.endswith((".", "them."))


@pytest.mark.parametrize(
    ("params", "word"),
    [
        ({"strength": "1.5"}, "strength"),
        ({"strength": "nan"}, "strength"),
        ({"sigma": "-1"}, "sigma"),
        ({"sigma": "25"}, "sigma"),  # This denoiser is not told the level.
        ({"format": "gif"}, "gif"),
        ({"format": "jpeg"}, "transparency"),
    ],
)
def test_options_that_cannot_be_are_named(
    web: httpx.Client, params: dict[str, str], word: str
) -> None:
    rgba = np.dstack([photograph(), np.full((96, 96), 200, np.uint8)])
    answer = web.post("/denoise", params=params, content=encoded(rgba))
    assert answer.status_code == 422
    assert word in answer.json()["detail"]


def test_addresses_that_do_not_exist_are_told_as_json(web: httpx.Client) -> None:
    assert web.get("/nothing").json() == {"detail": "/nothing: Not Found."}
    assert web.get("/denoise").status_code == 405
    assert web.get("/results/x/before/0.png").status_code == 404
    assert web.get("/assets/../app.py").status_code == 404


def test_a_large_body_is_refused_while_it_arrives(web: httpx.Client, service: Started) -> None:
    """200 MB in pieces, of unknown length: neither memory nor disk takes them."""
    before = service.process.memory_info().rss
    sent = (bytes(2**20) for _ in range(200))
    assert web.post("/denoise", content=sent).status_code == 413
    assert service.process.memory_info().rss - before < 50 * 2**20


def test_a_gigabyte_that_is_announced_is_refused_before_it_is_sent(service: Started) -> None:
    found = urlsplit(service.address)
    head = (
        f"POST /denoise HTTP/1.1\r\nHost: {found.netloc}\r\nContent-Length: {10**9}\r\n"
        "Expect: 100-continue\r\n\r\n"
    )
    with socket.create_connection((found.hostname, found.port), timeout=60) as connection:
        connection.sendall(head.encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 413")


def test_what_the_service_is_can_be_asked(web: httpx.Client) -> None:
    assert web.get("/health").json()["status"] == "ok"
    assert "has no card" in web.get("/card").json()["detail"]
    paths = web.get("/openapi.json").json()["paths"]
    assert paths.keys() == {
        "/health",
        "/card",
        "/denoise",
        "/results",
        "/results/{key}",
        "/results/{key}/{kind}/{page}.png",
    }


def test_the_page_and_its_parts_need_nothing_from_elsewhere(web: httpx.Client) -> None:
    page = web.get("/")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for part in ("page.css", "page.js", "icon.svg"):
        assert f"/assets/{part}" in page.text
        found = web.get(f"/assets/{part}")
        assert found.status_code == 200
        assert "http" not in found.text.replace("http://www.w3.org/2000/svg", "")
