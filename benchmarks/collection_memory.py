"""`denoise --cluster local:2` on more and more tiny images: memory, and images a second.

The same 8 x 8 pixels under many names, so that what grows is what is kept of each file. Memory is
the largest resident set of the command and of its largest worker, looked at every second.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from machine import print_table
from PIL import Image

MIB = 2**20
COMMAND = """
from denoising_pipeline.cli.denoise import main
if __name__ == "__main__":
    main()
"""


def main() -> None:
    """Measure each size and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--folder", type=Path, help="for files, such as one in memory")
    options = parser.parse_args()
    rows = []
    for number in options.images:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            rows.append([f"{number:,}", *measured(Path(folder), number)])
            print(rows[-1], flush=True)
    print_table(["images", "command, MiB", "worker, MiB", "seconds", "images/s"], rows)


def measured(folder: Path, number: int) -> list[int]:
    """Denoise a number of images.

    Args:
        folder: An empty one.
        number: Of images.

    Returns:
        MiB of the command and of its largest worker; seconds; images a second.
    """
    first = folder / "in" / "000000.png"
    first.parent.mkdir()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (8, 8, 3), np.uint8)).save(first)
    for index in range(1, number):
        first.with_name(f"{index:06}.png").write_bytes(first.read_bytes())
    script = folder / "denoise.py"
    script.write_text(COMMAND)
    given = [folder / "in", "-o", folder / "out", "--cluster", "local:2"]
    began, largest = time.perf_counter(), {"command": 0, "worker": 0}
    with subprocess.Popen(
        list(map(str, [sys.executable, script, *given, "--csv", folder / "t.csv"])),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        while process.poll() is None:
            _look(psutil.Process(process.pid), largest)
            time.sleep(1)
    seconds = time.perf_counter() - began
    found = len((folder / "t.csv").read_text().splitlines()) - 1
    if process.returncode or found != number:
        raise RuntimeError(f"{found} of {number} images are in the table.")
    sizes = [round(largest[kind] / MIB) for kind in ("command", "worker")]
    return [*sizes, round(seconds), round(number / seconds)]


def _look(process: psutil.Process, largest: dict[str, int]) -> None:
    try:
        largest["command"] = max(largest["command"], process.memory_info().rss)
        for child in process.children(recursive=True):
            largest["worker"] = max(largest["worker"], child.memory_info().rss)
    except psutil.Error:
        return


if __name__ == "__main__":
    main()
