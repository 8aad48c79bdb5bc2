"""Clients that send pictures to a service, all at once: what it serves, how long each waits.

The service is a process of its own on this machine. Each client sends the same noisy photograph
again and again, and reads what comes back. Memory is that of the process, looked at ten times a
second; it is compared with what it held after each client's first picture.
"""

import argparse
import io
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

import numpy as np
import psutil
from machine import print_table
from PIL import Image
from skimage import data, transform

MIB = 2**20
SERVE = "from denoising_pipeline.cli.serve import serve; serve()"


def main() -> None:
    """Send pictures for a while and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="photos", help="of the service")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--sides", type=int, nargs="+", default=[256, 512], help="pixels")
    options = parser.parse_args()
    rows = []
    for side in options.sides:
        with started(options.model) as (process, port):
            rows.append(row(process, port, side, options.clients, options.seconds))
    columns = ["picture", "clients", "requests", "requests/s", "MP/s"]
    columns += ["median, s", "99th percentile, s", "/health, slowest, ms"]
    columns += ["memory at first, MiB", "growth of its peak, MiB", "failed"]
    print_table(columns, rows)


@contextmanager
def started(model: str) -> Iterator[tuple[psutil.Process, int]]:
    """Start a service; yield its process and its port."""
    command = [sys.executable, "-c", SERVE, "--port", "0", "--model", model]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            yield psutil.Process(process.pid), int(line.split()[3].rpartition(":")[2])
        finally:
            process.terminate()


def row(
    process: psutil.Process, port: int, side: int, clients: int, seconds: float
) -> tuple[object, ...]:
    """Measure with pictures of one size, and return a row of the table."""
    content = picture(side)
    times: list[float] = []
    failed: list[int] = []
    health: list[float] = []
    end = time.monotonic()

    def send() -> None:
        connection = HTTPConnection("127.0.0.1", port)
        while True:
            begun = time.monotonic()
            connection.request("POST", "/denoise?name=photo.png", content)
            answer = connection.getresponse()
            answer.read()
            if answer.status == 200:  # noqa: PLR2004
                times.append(time.monotonic() - begun)
            else:
                failed.append(answer.status)
            if time.monotonic() > end:
                return

    def together() -> None:
        threads = [threading.Thread(target=send) for _ in range(clients)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            begun = time.monotonic()
            connection = HTTPConnection("127.0.0.1", port)
            connection.request("GET", "/health")
            connection.getresponse().read()
            health.append(time.monotonic() - begun)
            memory.append(process.memory_info().rss)
            time.sleep(0.1)

    memory: list[int] = []
    together()
    first = max(memory)
    for measured in (times, failed, health, memory):
        measured.clear()
    begun = time.monotonic()
    end = begun + seconds
    together()
    rate = len(times) / (time.monotonic() - begun)
    return (
        f"{side}x{side} RGB",
        clients,
        len(times),
        f"{rate:.2f}",
        f"{rate * side**2 / 1e6:.3f}",
        *(f"{np.percentile(times, share):.2f}" for share in (50, 99)),
        f"{max(health) * 1000:.0f}",
        f"{first / MIB:.0f}",
        f"{(max(memory) - first) / MIB:+.0f}",
        len(failed),
    )


def picture(side: int) -> bytes:
    """Return a photograph with noise of 25/255, as a PNG."""
    clean = 255 * transform.resize(data.astronaut(), (side, side), anti_aliasing=True)
    noisy = clean + np.random.default_rng(0).normal(0, 25, clean.shape)
    file = io.BytesIO()
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


if __name__ == "__main__":
    main()
