"""`denoise FOLDER` on many tiny images: memory as they become more, and images a second.

The same few pixels under many names, so that what grows is what is kept of each file. Three ways:
`alone`, one process; `local`, `--cluster local:2`; `apart`, a scheduler and two workers of Dask
that were started before. A row tells the resident set of each kind of process (of the larger
worker) when so many images are done.
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import psutil
from machine import print_table
from PIL import Image

MIB = 2**20
KINDS = ("command", "scheduler", "worker")
TITLES = {"scheduler": "dask_scheduler", "worker": "dask worker"}
"""What processes of Dask call themselves."""

WORKERS = 2
COMMAND = """
from denoising_pipeline.cli.denoise import main
if __name__ == "__main__":
    main()
"""
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def main() -> None:
    """Measure each way and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--side", type=int, default=8, help="of an image, in pixels")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--model", default="photos", help="a smaller one is faster")
    parser.add_argument("--folder", type=Path, help="for files, such as one in memory")
    options = parser.parse_args()
    rows = []
    for way in options.ways:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            for row in measured(Path(folder), options.images, options.side, way, options.model):
                rows.append([way, *row])
                print(rows[-1], flush=True)
    sizes = [f"{kind}, MiB" for kind in KINDS]
    print_table(["way", "images done", *sizes, "images/s"], rows)


def measured(folder: Path, number: int, side: int, way: str, model: str) -> Iterator[list[str]]:
    """Denoise images, and look at the processes at 1,000, 3,000, 10,000 and so on, and at the end.

    Args:
        folder: An empty one.
        number: Of images.
        side: Of an image, in pixels.
        way: Of `WAYS`.
        model: That denoises them.

    Yields:
        How many images are done; MiB of each of `KINDS`, where there is one; images a second since
        the first.
    """
    first = folder / "in" / "000000.png"
    first.parent.mkdir()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (side, side, 3), np.uint8)).save(
        first
    )
    for index in range(1, number):
        first.with_name(f"{index:06}.png").write_bytes(first.read_bytes())
    script = folder / "denoise.py"
    script.write_text(COMMAND)
    looks = {step * 10**power for power in range(3, 9) for step in (1, 3)} | {number}
    with WAYS[way]() as more:
        given = [script, folder / "in", "-o", folder / "out", "--model", model, *more]
        command = list(map(str, [sys.executable, *given]))
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as process:
            for done, line in enumerate(process.stderr or (), 1):
                if "failed" in line:
                    raise RuntimeError(line)
                if done == 1:
                    began = time.perf_counter()
                if done in looks:
                    sizes = _sizes(process.pid)
                    speed = (done - 1) / (time.perf_counter() - began)
                    yield [f"{done:,}", *sizes, f"{speed:.0f}"]
    if process.returncode or done != number:
        raise RuntimeError(f"{done} of {number} images are done.")


@contextmanager
def _apart() -> Iterator[list[str]]:
    """Start a scheduler and workers, with what the page says of long jobs."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
    environment = {**os.environ, "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False"}
    python = [sys.executable, "-m"]
    host = ["--host", "127.0.0.1", "--port", address.rpartition(":")[2], "--no-dashboard"]
    commands = [
        [*python, "distributed.cli.dask_scheduler", *host],
        [*python, "distributed.cli.dask_worker", address, "--no-dashboard", "--nthreads", "1"],
    ]
    commands[1] += ["--nworkers", str(WORKERS)]
    there = [
        subprocess.Popen(each, env=environment, **QUIET)  # type: ignore[call-overload]
        for each in commands
    ]
    try:
        yield ["--cluster", address]
    finally:
        for each in reversed(there):
            each.terminate()
            each.wait()


@contextmanager
def _with(*more: str) -> Iterator[list[str]]:
    yield list(more)


WAYS = {"alone": _with, "local": lambda: _with("--cluster", f"local:{WORKERS}"), "apart": _apart}
"""How the images are denoised, and the options for it."""


def _sizes(command: int) -> list[str]:
    largest = dict.fromkeys(KINDS, 0)
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            title = " ".join(process.cmdline()[:3])
            kind = next((kind for kind, name in TITLES.items() if name in title), "")
            if kind or process.pid == command:
                kind = kind or "command"
                largest[kind] = max(largest[kind], process.memory_info().rss)
    return [f"{size / MIB:.0f}" if size else "" for size in largest.values()]


if __name__ == "__main__":
    main()
