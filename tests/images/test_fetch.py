"""MNIST as files: the right bytes, whole, whoever writes them."""

import hashlib
import multiprocessing
import os
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
from crash_points import Moment, StopError, run
from limits import PATIENCE

from denoising_pipeline.images.fetch import (
    FASHION_MNIST,
    MNIST,
    MNIST_SHA256,
    Mnist,
    fetch_mnist,
    write_mnist,
)
from denoising_pipeline.images.idx import idx_sha256, read_idx

RAW = Path(__file__).parents[2] / "data" / "01_raw" / "mnist"
LABELS = "t10k-labels-idx1-ubyte"


def arrays() -> Mnist:
    found = {}
    for name in MNIST_SHA256:
        with (RAW / f"{name}.gz").open("rb") as file:
            found[name] = read_idx(file)
    return found


def fail() -> Mnist:
    raise OSError("no route to host")


def sums(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_files_are_the_published_ones(tmp_path: Path) -> None:
    """The four files, nothing else, of the published content, in a folder that is made."""
    folder = tmp_path / "mnist"
    paths = fetch_mnist(folder, download=arrays)
    assert paths == [folder / name for name in MNIST_SHA256]
    assert sums(folder) == MNIST_SHA256


def test_nothing_is_downloaded_when_all_is_there(tmp_path: Path) -> None:
    """Right files are left alone, and the network is not asked."""
    write_mnist(arrays(), tmp_path)
    before = {path: path.stat().st_ino for path in tmp_path.iterdir()}
    assert fetch_mnist(tmp_path, download=fail) == [tmp_path / name for name in MNIST_SHA256]
    assert {path: path.stat().st_ino for path in tmp_path.iterdir()} == before


def test_compressed_files_of_the_right_content_count(tmp_path: Path) -> None:
    """As they come with the project: nothing is downloaded, and nothing written."""
    for name in MNIST_SHA256:
        shutil.copy(RAW / f"{name}.gz", tmp_path)
    paths = fetch_mnist(tmp_path, download=fail)
    assert paths == [tmp_path / f"{name}.gz" for name in MNIST_SHA256]
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in paths}


@pytest.mark.parametrize("cut", [0, 10, 100, -1], ids=["empty", "header", "part", "checksum"])
def test_fault_r13_what_a_download_by_hand_left_is_replaced(tmp_path: Path, cut: int) -> None:
    """It would be read in place of a plain file beside it."""
    whole = (RAW / f"{LABELS}.gz").read_bytes()
    (tmp_path / f"{LABELS}.gz").write_bytes(whole[:cut])
    fetch_mnist(tmp_path, download=arrays)
    assert sums(tmp_path) == MNIST_SHA256


class Cutting(ThreadingHTTPServer):
    """Serves the files of MNIST; of some it sends a half, and then ends or waits."""

    def __init__(self) -> None:
        """Answer from now on."""
        super().__init__(("127.0.0.1", 0), Sent)
        self.ends: str | None = None
        self.waits: str | None = None
        self.waiting = threading.Event()
        Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.server_port}/"


class Sent(BaseHTTPRequestHandler):
    """An answer."""

    server: Cutting

    def do_GET(self) -> None:
        """Send the file of that name."""
        name = self.path.strip("/")
        content = (RAW / name).read_bytes()
        cut = name in {self.server.ends, self.server.waits}
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if cut else content)
        if name == self.server.waits:
            self.server.waiting.set()
            self.rfile.read()  # until the other one is gone

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


FETCH = """
import sys
from pathlib import Path
from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.images.fetch import MNIST, fetch_mnist
load_keras()
from keras.src.datasets import fashion_mnist
keras = fashion_mnist.get_file
fashion_mnist.get_file = lambda name, origin, **more: keras(name, sys.argv[1] + name, **more)
for _ in range(2):
    try:
        fetch_mnist(Path(sys.argv[2]), published=MNIST._replace(module="fashion_mnist"))
    except ConnectionError as error:
        print(error, flush=True)
"""
"""Fetches twice, as Keras does that without sums of its own, from an address of this machine."""


@pytest.mark.slow
def test_fault_r13_a_download_that_is_cut_and_one_that_is_killed_are_made_up_for(
    tmp_path: Path,
) -> None:
    """By a real server: once it ends in the middle of a file, once the process does."""
    cache = {"KERAS_HOME": str(tmp_path / "keras")}
    first, large = "train-labels-idx1-ubyte.gz", "train-images-idx3-ubyte.gz"
    with Cutting() as server:
        command = [sys.executable, "-c", FETCH, server.address, str(tmp_path / "mnist")]
        server.ends = first

        def begin() -> subprocess.Popen[str]:
            return subprocess.Popen(
                command, env=os.environ | cache, stdout=subprocess.PIPE, text=True
            )

        with begin() as process:
            assert process.stdout
            while "could not be downloaded" not in process.stdout.readline():
                assert process.poll() is None
            server.ends, server.waits = None, large
            assert server.waiting.wait(PATIENCE)
            process.kill()
        assert not (tmp_path / "mnist").exists()
        assert (tmp_path / "keras/datasets/fashion-mnist" / large).exists()
        server.waits = None
        with begin() as process:
            said, _ = process.communicate(timeout=PATIENCE)
        server.shutdown()
    assert process.returncode == 0
    assert "could not" not in said
    assert sums(tmp_path / "mnist") == MNIST_SHA256


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux to watch calls")
def test_fault_r13_stopped_at_any_write_flush_or_rename_the_next_one_ends_it(
    tmp_path: Path,
) -> None:
    """Each file is whole or not there at each of these moments."""
    small = {name: array[:5] for name, array in arrays().items()}
    published = MNIST._replace(sha256={name: idx_sha256(array) for name, array in small.items()})
    folder = tmp_path / "mnist"

    def fetch() -> None:
        fetch_mnist(folder, download=lambda: small, published=published)

    def stop_at(number: int) -> None:
        def look(moment: Moment) -> None:
            if moment.number == number:
                raise StopError

        stopped = run(fetch, tmp_path, look)
        assert stopped is None
        for path in folder.glob("[!.]*"):
            assert sums(folder)[path.name] == published.sha256[path.name]
        assert run(fetch, tmp_path) == 0
        assert {n: s for n, s in sums(folder).items() if n[0] != "."} == published.sha256
        shutil.rmtree(folder)

    seen: list[Moment] = []
    assert run(fetch, tmp_path, seen.append) == 0
    shutil.rmtree(folder)
    assert [moment.call.name for moment in seen].count("rename") == len(small)
    for number in range(1, len(seen) + 1):
        stop_at(number)


def test_missing_file_is_added(tmp_path: Path) -> None:
    """Only what is missing is written."""
    write_mnist(arrays(), tmp_path)
    (tmp_path / LABELS).unlink()
    assert write_mnist(arrays(), tmp_path) == [tmp_path / LABELS]


def test_wrong_file_is_replaced_only_on_demand(tmp_path: Path) -> None:
    """Somebody's own file under that name is not lost by accident."""
    (tmp_path / LABELS).write_bytes(b"mine")
    with pytest.raises(FileExistsError, match=LABELS):
        fetch_mnist(tmp_path, download=arrays)
    assert sums(tmp_path) == {LABELS: hashlib.sha256(b"mine").hexdigest()}
    fetch_mnist(tmp_path, overwrite=True, download=arrays)
    assert sums(tmp_path) == MNIST_SHA256


def test_failed_download_says_what_to_do_by_hand(tmp_path: Path) -> None:
    """The error has the cause, the folder and the names of the files."""
    with pytest.raises(ConnectionError, match=rf"(?s)no route.*four files.*'{tmp_path}'.*{LABELS}"):
        fetch_mnist(tmp_path, download=fail)


def test_other_data_is_not_written(tmp_path: Path) -> None:
    """One wrong label and no file appears."""
    changed = dict(arrays())
    changed[LABELS] = np.roll(changed[LABELS], 1)
    with pytest.raises(ValueError, match=f"{LABELS} is not that of MNIST.*expected"):
        write_mnist(changed, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_another_collection_of_that_form_is_not_taken_for_it(tmp_path: Path) -> None:
    """Digits are no clothes, whether they are there or were downloaded."""
    write_mnist(arrays(), tmp_path)
    with pytest.raises(FileExistsError, match="Not the Fashion-MNIST files of these names"):
        fetch_mnist(tmp_path, published=FASHION_MNIST, download=fail)
    with pytest.raises(ValueError, match="is not that of Fashion-MNIST"):
        fetch_mnist(tmp_path, True, arrays, FASHION_MNIST)
    assert sums(tmp_path) == MNIST_SHA256


def test_fault_r14_two_at_once_give_valid_files(tmp_path: Path) -> None:
    """Processes that fetch into the same folder do not disturb each other."""
    context = multiprocessing.get_context("spawn")
    both = [
        context.Process(target=fetch_mnist, args=(tmp_path,), kwargs={"download": arrays})
        for _ in range(2)
    ]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    assert sums(tmp_path) == MNIST_SHA256
