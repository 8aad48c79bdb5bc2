"""Object storage, as a server of its own, and a cluster of Dask and its workers."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest
from limits import PATIENCE


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


def workers(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    """Processes of Dask's workers; they give themselves a title."""
    children = psutil.Process(process.pid).children(recursive=True)
    return [child for child in children if "dask worker" in " ".join(child.cmdline())]


@contextmanager
def object_storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Start a server with a bucket `photos`, to which variables lead; give its address."""
    pytest.importorskip("s3fs", reason="s3fs is not installed: the extra `cluster`")
    pytest.importorskip("moto", reason="moto is not installed: the extra `dev`")
    import s3fs

    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    deadline = time.monotonic() + PATIENCE
    while True:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                break
        assert server.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    try:
        s3fs.S3FileSystem(skip_instance_cache=True).mkdir("photos")
        yield "s3://photos"
    finally:
        server.terminate()
        server.wait()


@contextmanager
def dask_cluster(*options: str) -> Iterator[str]:
    """Start a scheduler and a worker of Dask, and give the scheduler's address."""
    address = f"tcp://127.0.0.1:{free_port()}"
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    host = ["--host", "127.0.0.1", "--port", address.rpartition(":")[2], "--no-dashboard"]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-dashboard"]
    worker += ["--nthreads", "1", *options]
    both = [
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for command in ([*dask, *host], worker)
    ]
    try:
        yield address
    finally:
        for each in reversed(both):  # The worker first: it tells the scheduler.
            each.send_signal(signal.SIGTERM)
            each.wait(timeout=PATIENCE)
