"""One large image in tiles: seconds, and peak memory beside the budget that was given.

Each row is a process of its own: an untrained U-Net denoises random bytes. Growth is the peak of
resident memory less what the process held before, which are Keras, the network and the image; it
includes the result, which no budget makes smaller. The last rows are images that are not tiled.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from machine import print_table
from scaling import PeakMemory

from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.memory import bytes_per_pixel
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.images.tiles import tile_size, tiles
from denoising_pipeline.models.unet import Unet

CHANNELS = 3
MIB = 2**20


def main() -> None:
    """Denoise with several budgets and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, nargs=2, default=[4000, 6000], help="rows, columns")
    parser.add_argument("--budgets", type=int, nargs="+", default=[64, 256, 1024], help="MiB")
    parser.add_argument("--widths", type=int, nargs="+", default=[16, 24, 32])
    parser.add_argument("--only", type=int, help="one budget, in this process")
    options = parser.parse_args()
    if options.only:
        print(json.dumps(measured(options.widths, options.size, options.only * MIB)))
        return
    height, width = options.size
    sizes = [(options.size, budget) for budget in options.budgets]
    sizes += [((height // part, width // part), 2**20) for part in (4, 2, 1)]
    print_table(
        [
            "pixels",
            "budget, MiB",
            "tiles",
            "pixels of a tile",
            "read of each pixel, times",
            "before, MiB",
            "growth, MiB",
            "of this the result, MiB",
            "seconds",
            "µs per pixel",
        ],
        [row(options.widths, size, budget) for size, budget in sizes],
    )


def row(widths: Sequence[int], size: Sequence[int], budget: int) -> tuple[object, ...]:
    """Denoise in a new process, and return a row of the table."""
    numbers = ["--size", *size, "--only", budget, "--widths", *widths]
    command = [sys.executable, __file__, *map(str, numbers)]
    child = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(child.stdout.splitlines()[-1])
    pixels = size[0] * size[1]
    return (
        f"{size[0]}x{size[1]}",
        budget if found["tiles"] > 1 else "whole",
        found["tiles"],
        "{}x{}".format(*found["tile"]),
        f"{found['read'] / pixels:.2f}",
        *(f"{number / MIB:.0f}" for number in (found["before"], found["growth"])),
        f"{4 * CHANNELS * pixels / MIB:.0f}",
        f"{found['seconds']:.1f}",
        f"{found['seconds'] / pixels * 1e6:.2f}",
    )


def measured(widths: Sequence[int], size: Sequence[int], budget: int) -> dict[str, Any]:
    """Denoise one image and return seconds and bytes."""
    network = Unet(widths=tuple(widths), blocks=(1,) * len(widths))
    shape = (None, None, CHANNELS)
    denoiser = Denoiser(network, shape, network.build(shape, 0))
    for count, side in ((1, 64), (2, 128)):  # What is traced and loaded once.
        denoiser(np.zeros((count, side, side, CHANNELS), np.float32))
    values = np.random.default_rng(0).integers(0, 256, size[0] * size[1] * CHANNELS, np.uint8)
    image = ImageSet(values, np.array([[*size, CHANNELS]], np.int64))
    with PeakMemory() as memory:
        before = memory.resident
        started = time.perf_counter()
        denoiser(image, max_memory=budget)
        seconds = time.perf_counter() - started
    context, multiple = network.context, network.multiples
    limit = budget // bytes_per_pixel(denoiser.model, multiple)
    tile = tile_size(size[0], size[1], limit, context, multiple)
    reads = [read for read, _ in tiles(size[0], size[1], tile, context, multiple)]
    return {
        "seconds": seconds,
        "before": before,
        "growth": memory.resident - before,
        "tiles": len(reads),
        "tile": tile,
        "read": sum(read.height * read.width for read in reads),
    }


if __name__ == "__main__":
    main()
