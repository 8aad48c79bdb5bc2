"""What ten times the images and four times the pixels cost: seconds of an epoch, and peak memory.

Each training is a process of its own. It reads MNIST, repeated and enlarged, from a mapped file
that is removed afterwards (10 times 60,000 images: 1.9 GB), and trains the smallest network, so
that reading, shuffling, noise and checkpoints show. The first epoch includes building and tracing
the network, and the checksum of all images by which a checkpoint is known.

With `--whole`, whole runs do the same, on sources of plain IDX files: ingestion, normalization,
noise, training, evaluation, figures and tracking.

Resident memory counts the pages of the mapped file that happen to be in memory, which the system
takes back when it needs them; private memory (on Linux: resident less shared) is what the process
itself holds.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from machine import print_table
from numpy.lib.format import open_memmap
from overhead import copy_project
from project import ROOT, mnist_images, recipe_parameters

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.datasets import CheckpointsDataset, NpyDataset
from denoising_pipeline.degradations import draw_noisy
from denoising_pipeline.images.idx import read_idx, write_idx
from denoising_pipeline.training import CleanExamples, train

TRAINING = [
    "training.model={name: dense, latent_dim: 8, layers: 0}",
    "training.epochs=2",
    "training.batch_size=500",
]
WHOLE_RUN = [
    "source=many",
    "training.model.name=dense",
    "training.model.latent_dim=8",
    "training.model.layers=0",
    "training.epochs=1",
    "training.batch_size=500",
]
VALIDATION_IMAGES = 1000
MEMORY_COLUMNS = ["peak private memory, MB", "peak resident, MB"]


def main() -> None:
    """Train on three files and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=60_000, help="of the first training")
    parser.add_argument("--whole", action="store_true", help="whole runs, on IDX files")
    parser.add_argument("--only", nargs=1, metavar="FOLDER", help="train on one, in this process")
    options = parser.parse_args()
    if options.only:
        print(json.dumps(measured(Path(options.only[0]))))
        return
    if options.whole:
        print_table(
            ["training images", "IDX file", "`kedro run`, s", *MEMORY_COLUMNS],
            [whole_row(options.images), whole_row(10 * options.images)],
        )
        return
    rows = [
        row(images, enlargement)
        for images, enlargement in (
            (options.images, 1),
            (10 * options.images, 1),
            (options.images, 2),
        )
    ]
    print_table(
        [
            "training images",
            "pixels",
            "file",
            "first epoch, s",
            "second epoch, s",
            "µs per image",
            "private memory before training, MB",
            *MEMORY_COLUMNS,
        ],
        rows,
    )


def row(images: int, enlargement: int) -> tuple[object, ...]:
    """Write a file, train on it in a new process, and return a row of the table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "train_clean.npy")
        write_images(path, images, enlargement)
        command = [sys.executable, __file__, f"--only={folder}"]
        child = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        size = path.stat().st_size
    found: dict[str, Any] = json.loads(child.stdout.splitlines()[-1])
    side = 28 * enlargement
    return (
        f"{images:,}",
        f"{side}x{side}",
        f"{size / 1e6:.0f} MB",
        f"{found['first']:.1f}",
        f"{found['epoch']:.1f}",
        f"{found['epoch'] / images * 1e6:.0f}",
        *(f"{found[key] / 1e6:.0f}" for key in ("private_at_start", "private", "resident")),
    )


def whole_row(images: int) -> tuple[object, ...]:
    """Write a source, run the whole pipeline on it, and return a row of the table."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        copy_project(project)
        raw = project / "data/01_raw"
        raw.unlink()
        write_source(raw / "many", images)
        command = [sys.executable, "-m", "kedro", "run", f"--params={','.join(WHOLE_RUN)}"]
        variables = {**os.environ, "DO_NOT_TRACK": "1"}
        started = time.perf_counter()
        child = subprocess.Popen(command, cwd=project, env=variables, stdout=sys.stderr)
        with child, PeakMemory(child.pid) as memory:
            failed = child.wait()
        seconds = time.perf_counter() - started
        size = (raw / "many/train-images-idx3-ubyte").stat().st_size
    if failed:
        raise SystemExit("The run failed: its message is above.")
    peaks = (f"{peak / 1e6:.0f}" for peak in (memory.private, memory.resident))
    return f"{images:,}", f"{size / 1e6:.0f} MB", f"{seconds:.0f}", *peaks


def write_source(folder: Path, count: int) -> None:
    """Write MNIST as a source, its training images over and over, as plain IDX files."""
    folder.mkdir(parents=True)
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        with (ROOT / f"data/01_raw/mnist/{name}-ubyte.gz").open("rb") as file:
            values = read_idx(file)
        if name.startswith("train"):
            values = np.resize(values, (count, *values.shape[1:]))
        with (folder / f"{name}-ubyte").open("wb") as file:
            write_idx(values, file)


def write_images(path: Path, count: int, enlargement: int) -> None:
    """Write MNIST's training images, over and over, each pixel as a square of pixels."""
    source = mnist_images("train")
    side = 28 * enlargement
    images = open_memmap(path, mode="w+", dtype=np.float32, shape=(count, side, side, 1))
    for start in range(0, count, 1000):
        block = source[np.arange(start, min(start + 1000, count)) % len(source)]
        images[start : start + 1000] = block.repeat(enlargement, 1).repeat(enlargement, 2)
    images.flush()


def measured(folder: Path) -> dict[str, float]:
    """Train on a folder's file and return seconds, and peaks of memory in bytes."""
    load_keras()
    parameters = recipe_parameters("base", TRAINING)
    noise = parameters.noise_injection.root
    clean = NpyDataset(filepath=str(folder / "train_clean.npy")).load()
    val_clean = clean[:VALIDATION_IMAGES]
    val_noisy = draw_noisy(val_clean, noise, seed=0, split="val", epoch=0)
    checkpoints = CheckpointsDataset(filepath=str(folder / "checkpoints")).load()
    seconds: list[float] = []
    with PeakMemory() as memory:
        train(
            CleanExamples.of(clean, noise, parameters.training, parameters.seed),
            (val_noisy, val_clean),
            parameters.training,
            parameters.seed,
            lambda epoch, metrics: seconds.append(metrics["seconds"]),
            checkpoints,
        )
    first, second = seconds
    return {
        "first": first,
        "epoch": second,
        "private": memory.private,
        "private_at_start": memory.private_at_start,
        "resident": memory.resident,
    }


class PeakMemory:
    """Watches the memory of a process while a block runs.

    Attributes:
        resident: The largest resident memory that was seen, in bytes.
        private: The largest private memory.
        private_at_start: Private memory when the block began.
    """

    def __init__(self, pid: int | None = None) -> None:
        """Look at a process: this one, or the one with that number."""
        self._process = psutil.Process(pid)
        self._done = threading.Event()
        self._watcher = threading.Thread(target=self._watch)
        self.resident, self.private = self._now()
        self.private_at_start = self.private

    def __enter__(self) -> "PeakMemory":
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._done.wait(0.02) and self._process.is_running():
            resident, private = self._now()
            self.resident = max(self.resident, resident)
            self.private = max(self.private, private)

    def _now(self) -> tuple[int, int]:
        memory = self._process.memory_info()
        if sys.platform == "linux":
            return memory.rss, memory.rss - memory.shared
        return memory.rss, self._process.memory_full_info().uss


if __name__ == "__main__":
    main()
