"""Dask beside Ray at one job: start-up, images a second, memory.

Both share the same files, in the same tasks, among two processes of one thread each, and call the
function behind `denoise`. Each engine runs as a process of its own. Memory is the peak of the
proportional set sizes (PSS) of all its processes, the engine's own included.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from machine import print_table
from PIL import Image
from skimage import data

from denoising_pipeline.batch.one import Options, denoise_file
from denoising_pipeline.batch.plan import Work
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.file import load_denoiser
from denoising_pipeline.denoiser.shipped import denoiser_file

ENGINES = ("dask", "ray")
WORKERS, IN_A_TASK, SIDE = 2, 8, 128
MIB = 2**20


def main() -> None:
    """Measure each engine and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=160)
    parser.add_argument("--engine", choices=ENGINES, help="one, in this process")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.engine:
        import cluster_engines  # by its name, so that workers find it

        print(json.dumps(cluster_engines.measured(options.engine, options.folder)))
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        _write_images(Path(folder), options.images)
        for engine in ENGINES:
            command = [sys.executable, __file__, "--engine", engine, "--folder", folder]
            lines = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
            rows.append([engine, *json.loads(lines.splitlines()[-1])])
    columns = ["engine", "import, s", "start, s", "images/s", "idle, MiB", "peak, MiB"]
    print_table(columns, rows)


def measured(engine: str, folder: Path) -> list[float]:
    """Denoise the folder by an engine.

    Args:
        engine: Which.
        folder: Of PNG files.

    Returns:
        Seconds to import it; seconds until every worker answered; images a second, the denoiser
        loaded before; MiB of all processes then, and at most.
    """
    start, submit, end = {"dask": _dask, "ray": _ray}[engine]
    files = sorted(map(str, folder.glob("*.png")))
    tasks = [files[first : first + IN_A_TASK] for first in range(0, len(files), IN_A_TASK)]
    began = time.perf_counter()
    __import__("distributed" if engine == "dask" else "ray")
    imported = time.perf_counter()
    pool = start()
    submit(pool, [[] for _ in range(WORKERS)])
    started = time.perf_counter()
    idle = _memory()
    submit(pool, [files[:1] for _ in range(4 * WORKERS)])
    peaks, over = [idle], threading.Event()
    watcher = threading.Thread(target=_watch, args=(peaks, over))
    watcher.start()
    working = time.perf_counter()
    done = sum(submit(pool, tasks))
    seconds = time.perf_counter() - working
    over.set()
    watcher.join()
    end(pool)
    if done != len(files):
        raise RuntimeError(f"{done} of {len(files)} images are done.")
    times = [imported - began, started - imported, done / seconds]
    return [round(value, 2) for value in times] + [round(idle), round(max(peaks))]


def denoise_task(files: list[str]) -> int:
    """Denoise files, and return how many it were."""
    denoiser, options = _denoiser()
    root = Path(tempfile.mkdtemp())
    works = [Work(Path(file), root / Path(file).name, root, recorded=False) for file in files]
    return sum(denoise_file(work, denoiser, options, False).status == "done" for work in works)


@cache
def _denoiser() -> tuple[Denoiser, Options]:
    options = Options(denoiser_file("photos"))
    denoiser = load_denoiser(options.model)
    denoiser.model.threads = 1
    return denoiser, options


def _start_dask() -> Any:
    from distributed import Client, LocalCluster

    return Client(LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=None))


def _submit_dask(client: Any, tasks: list[list[str]]) -> list[int]:
    return list(client.gather(client.map(denoise_task, tasks, pure=False)))


def _start_ray() -> Any:
    import ray

    ray.init(num_cpus=WORKERS, include_dashboard=False, configure_logging=False)
    actor = ray.remote(num_cpus=1)(_Actor)
    return ray.util.ActorPool([actor.remote() for _ in range(WORKERS)])


class _Actor:
    def work(self, files: list[str]) -> int:
        return denoise_task(files)


def _submit_ray(pool: Any, tasks: list[list[str]]) -> list[int]:
    return list(pool.map_unordered(lambda actor, files: actor.work.remote(files), tasks))


def _end_ray(pool: Any) -> None:
    import ray

    ray.shutdown()


_dask = (_start_dask, _submit_dask, lambda client: client.shutdown())
_ray = (_start_ray, _submit_ray, _end_ray)


def _memory() -> float:
    total = 0
    for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
        try:
            total += process.memory_full_info().pss
        except psutil.Error:
            continue
    return total / MIB


def _watch(peaks: list[float], over: threading.Event) -> None:
    while not over.wait(0.5):
        peaks.append(_memory())


def _write_images(folder: Path, number: int) -> None:
    generator = np.random.default_rng(0)
    photo = data.astronaut()
    for index in range(number):
        top, left = generator.integers(0, 512 - SIDE, 2)
        part = photo[top : top + SIDE, left : left + SIDE]
        noisy = np.clip(part + generator.normal(0, 25, part.shape), 0, 255)
        Image.fromarray(noisy.astype(np.uint8)).save(folder / f"{index:05}.png")


if __name__ == "__main__":
    main()
