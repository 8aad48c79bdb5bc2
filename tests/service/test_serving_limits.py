"""More than the service takes on: time, places, and its end in the middle of work."""

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import Popen
from typing import Any, NamedTuple

import httpx
import numpy as np
import pytest

pytest.importorskip("onnx", reason="needs the extra `onnx`")

from serving import client, encoded, photograph, served, wait_until, write_denoiser

TIMEOUT = 3
LARGE = encoded(np.random.default_rng(0).integers(0, 256, (3000, 3000), np.uint8))
"""A picture that the slow denoiser of these tests needs minutes for."""


class Slow(NamedTuple):
    """A service with a slow denoiser."""

    process: Popen[str]
    address: str
    folder: Path


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "slow.zip"
    write_denoiser(path, repeats=100, side=15)
    return path


@pytest.fixture
def slow(tmp_path: Path, model: Path) -> Iterator[Slow]:
    limits = ("--timeout", str(TIMEOUT), "--queue", "2", "--max-memory", "16M")
    with served(tmp_path, model, *limits, measured=True) as (process, address):
        yield Slow(process, address, tmp_path)


def post(slow: Slow, content: bytes) -> httpx.Response:
    with client(slow.address) as web:
        return web.post("/denoise", content=content)


def taken(slow: Slow) -> Any:
    with client(slow.address) as web:
        return web.get("/health").json()["taken"]


def test_what_takes_too_long_is_given_up_and_what_is_too_much_is_refused(slow: Slow) -> None:
    """Meanwhile the service says how it is; afterwards it works on."""
    with ThreadPoolExecutor(2) as pool:
        first = [pool.submit(post, slow, LARGE) for _ in range(2)]
        wait_until(lambda: taken(slow) == 2)
        third = post(slow, LARGE)
        assert third.status_code == 503
        assert "2 pictures" in third.json()["detail"]
        assert int(third.headers["retry-after"]) >= 1
        answers = [each.result() for each in first]
    assert [answer.status_code for answer in answers] == [504, 504]
    assert f"more than {TIMEOUT} seconds" in answers[0].json()["detail"]
    wait_until(lambda: taken(slow) == 0)
    assert post(slow, encoded(photograph(8))).status_code == 200


def test_a_client_that_goes_away_makes_room(slow: Slow) -> None:
    with client(slow.address) as web, pytest.raises(httpx.ReadTimeout):
        web.post("/denoise", content=LARGE, timeout=httpx.Timeout(60, read=0.5))
    wait_until(lambda: taken(slow) == 0)
    assert post(slow, encoded(photograph(8))).status_code == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_within_five_seconds_and_leaves_nothing(slow: Slow, number: int) -> None:
    """In the middle of a picture, with a result that is kept."""
    with client(slow.address) as web, ThreadPoolExecutor(1) as pool:
        assert web.post("/results", content=encoded(photograph(8))).status_code == 201
        running = pool.submit(post, slow, LARGE)
        wait_until(lambda: taken(slow) == 1)
        started = time.monotonic()
        slow.process.send_signal(number)
        assert slow.process.wait(60) == 0
        assert time.monotonic() - started < 5
        assert running.result().status_code == 503
    assert list(slow.folder.glob("denoise-serve-*")) == []


def test_a_taken_port_is_told_in_one_sentence(slow: Slow, model: Path, tmp_path: Path) -> None:
    from click.testing import CliRunner

    from denoising_pipeline.cli.serve import serve

    port = slow.address.rpartition(":")[2]
    found = CliRunner().invoke(serve, ["--port", port, "--model", str(model)])
    assert found.exit_code == 1
    assert f"Cannot listen at 127.0.0.1, port {port}" in found.output
    missing = CliRunner().invoke(serve, ["--model", str(tmp_path / "none.zip")])
    assert missing.exit_code == 1
    assert "none.zip" in missing.output
