"""Dask beside Ray at one job: start-up, images a second, memory, a worker that is killed.

Both share the same files, in the same tasks, among processes of one thread each, and call the
function behind `denoise`; Dask is started as `denoise --cluster local:N` starts it. Each engine
runs as a process of its own. Memory is the peak of the proportional set sizes (PSS) of all its
processes, the engine's own included. Then the job is done once more, and one worker killed when a
third is done.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from machine import print_table
from PIL import Image
from skimage import data

from denoising_pipeline.batch.collection.cluster import Cluster
from denoising_pipeline.batch.one import Options, denoise_file
from denoising_pipeline.batch.plan import Work
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.file import load_denoiser
from denoising_pipeline.denoiser.shipped import denoiser_file

IN_A_TASK = 8
FIRST = "first.jpg"
"""A small picture, which every worker denoises before it is measured."""

MIB = 2**20
TITLES = ("dask worker", "ray::denoise_task", "ray::IDLE")
"""What processes of workers call themselves."""


def main() -> None:
    """Measure each engine with one worker and two, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=160)
    parser.add_argument("--side", type=int, default=128, help="of an image, in pixels")
    parser.add_argument("--engine", choices=ENGINES, help="one, in this process")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--in-a-task", type=int, default=IN_A_TASK, help="images")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.engine:
        import cluster_engines  # by its name, so that workers find it

        found = cluster_engines.measured(
            options.engine, options.folder, options.workers[0], options.in_a_task
        )
        print(json.dumps(found))
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        _write_images(Path(folder), options.images, options.side)
        for workers in options.workers:
            for engine in ENGINES:
                command = [sys.executable, __file__, "--engine", engine, "--folder", folder]
                command += ["--workers", str(workers), "--in-a-task", str(options.in_a_task)]
                environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0"}
                lines = subprocess.run(
                    command, stdout=subprocess.PIPE, text=True, check=True, env=environment
                ).stdout
                rows.append([engine, workers, *json.loads(lines.splitlines()[-1])])
                print(rows[-1], flush=True)
    columns = ["engine", "workers", "import, s", "start, s", "images/s", "processor s/image"]
    print_table([*columns, "idle, MiB", "peak, MiB", "images/s, one killed"], rows)


def measured(engine: str, folder: Path, workers: int, in_a_task: int) -> list[float]:
    """Denoise the folder by an engine.

    Args:
        engine: Which.
        folder: Of PNG files.
        workers: Processes.
        in_a_task: Images that are given to a worker together.

    Returns:
        Seconds to import it; seconds until every worker answered; images a second, the denoiser
        loaded before; seconds of the processor that all processes took for each; MiB of all
        processes before, and at most; images a second when a worker is killed.
    """
    start, submit, end = ENGINES[engine]
    files = sorted(map(str, folder.glob("*.png")))
    tasks = [files[first : first + in_a_task] for first in range(0, len(files), in_a_task)]
    began = time.perf_counter()
    __import__("distributed" if engine == "dask" else "ray")
    imported = time.perf_counter()
    pool = start(workers)
    list(submit(pool, [[] for _ in range(workers)]))
    started = time.perf_counter()
    idle = _memory()
    list(submit(pool, [[str(folder / FIRST)] for _ in range(4 * workers)]))
    peaks, over = [idle], threading.Event()
    watcher = threading.Thread(target=_watch, args=(peaks, over))
    watcher.start()
    computed = _computed()
    seconds = _through(submit(pool, tasks), files)
    computed = (_computed() - computed) / len(files)
    over.set()
    watcher.join()
    killed = _through(submit(pool, tasks), files, kill=True)
    end(pool)
    times = [imported - began, started - imported, len(files) / seconds, computed]
    found = [round(value, 3) for value in times] + [round(idle), round(max(peaks))]
    return [*found, round(len(files) / killed, 3)]


def _through(results: Iterator[int], files: list[str], kill: bool = False) -> float:
    """Wait for all results, and return the seconds that it took."""
    began, done = time.perf_counter(), 0
    for result in results:
        done += result
        if kill and done > len(files) / 3:
            workers = [each for each in _family() if _is_worker(each)]
            workers[0].kill()
            kill = False
    if done != len(files):
        raise RuntimeError(f"{done} of {len(files)} images are done.")
    return time.perf_counter() - began


def denoise_task(files: list[str]) -> int:
    """Denoise files, and return how many it were."""
    denoiser, options = _denoiser()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        works = [Work(Path(file), root / Path(file).name, root, recorded=False) for file in files]
        return sum(denoise_file(work, denoiser, options, False).status == "done" for work in works)


@cache
def _denoiser() -> tuple[Denoiser, Options]:
    options = Options(denoiser_file("photos"))
    denoiser = load_denoiser(options.model)
    denoiser.model.threads = 1
    return denoiser, options


def _start_dask(workers: int) -> Any:
    return Cluster(f"local:{workers}")


def _submit_dask(cluster: Any, tasks: list[list[str]]) -> Iterator[int]:
    from distributed import as_completed

    for future in as_completed(cluster._client.map(denoise_task, tasks, pure=False)):
        yield future.result()


def _start_ray(workers: int) -> Any:
    import ray

    ray.init(num_cpus=workers, include_dashboard=False, configure_logging=False)
    return ray


def _submit_ray(ray: Any, tasks: list[list[str]]) -> Iterator[int]:
    remote = ray.remote(num_cpus=1)(denoise_task)
    waiting = [remote.remote(files) for files in tasks]
    while waiting:
        done, waiting = ray.wait(waiting)
        yield from ray.get(done)


ENGINES: dict[str, tuple[Callable[..., Any], Callable[..., Iterator[int]], Callable[..., None]]] = {
    "dask": (_start_dask, _submit_dask, lambda cluster: cluster.__exit__()),
    "ray": (_start_ray, _submit_ray, lambda ray: ray.shutdown()),
}
"""How each is started, given tasks, and ended."""


def _family() -> list[psutil.Process]:
    return [psutil.Process(), *psutil.Process().children(recursive=True)]


def _is_worker(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return any(title in " ".join(process.cmdline()) for title in TITLES)
    return False


def _memory() -> float:
    total = 0
    for process in _family():
        with suppress(psutil.Error):
            total += process.memory_full_info().pss
    return total / MIB


def _computed() -> float:
    """Return the seconds of the processor that all processes have taken."""
    total = 0.0
    for process in _family():
        with suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def _watch(peaks: list[float], over: threading.Event) -> None:
    while not over.wait(0.5):
        peaks.append(_memory())


def _write_images(folder: Path, number: int, side: int) -> None:
    generator = np.random.default_rng(0)
    photo = data.astronaut()
    photo = np.tile(photo, (side // len(photo) + 1,) * 2 + (1,))
    for index in range(number):
        top, left = generator.integers(0, len(photo) - side, 2)
        part = photo[top : top + side, left : left + side]
        noisy = np.clip(part + generator.normal(0, 25, part.shape), 0, 255)
        Image.fromarray(noisy.astype(np.uint8)).save(folder / f"{index:05}.png")
    Image.fromarray(photo[:64, :64]).save(folder / FIRST)


if __name__ == "__main__":
    main()
