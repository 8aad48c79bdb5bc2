"""The processes of a Dask cluster, which share the files of a collection."""

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any, NamedTuple, Self
from uuid import uuid4

from denoising_pipeline.batch.collection import task
from denoising_pipeline.batch.collection.shards import Collected, Named
from denoising_pipeline.batch.collection.task import Job, denoise_shard, look_at_shard
from denoising_pipeline.batch.one import Options
from denoising_pipeline.batch.places import FILES
from denoising_pipeline.batch.record import settings_digest
from denoising_pipeline.batch.results import FileResult
from denoising_pipeline.core.files import atomic_write, remove_abandoned

LOCAL = "local"
"""Address of a cluster on this machine, which ends with the job; `local:N` has N processes."""

AHEAD = 256
"""Tasks that the cluster has at once, so that what it keeps track of does not grow."""

PATIENCE = 30
"""Seconds to wait for a cluster to answer, for its first worker, and for one to come back."""

SETTINGS = {
    "distributed": {
        "worker": {"profile": {"enabled": False}},
        "admin": {"system-monitor": {"log-length": 60}},
        "scheduler": {"worker-ttl": "60s"},
        "nanny": {
            "pre-spawn-environ": {
                "MALLOC_TRIM_THRESHOLD_": 32 * 2**20,
                "MALLOC_MMAP_THRESHOLD_": 4 * 2**20,
            }
        },
    }
}
"""Of Dask, for the processes of this machine, where nobody has set others.

Its profiler keeps what each second was spent on for an hour, and grows by 0.1 MiB a second. A
worker that says nothing for `worker-ttl` is replaced, and its files are given to others. Dask has
glibc give freed memory back beyond 64 KiB, so that the pages of each array have to be had anew,
which costs half as much again as the computing. With these two what an image of 128 pixels takes
stays in the process, and arrays of large images are given back as they are freed.
"""

LOOK = 2.0
"""Seconds between two looks whether a process of this machine is gone for good."""

_DIED = (
    "ended the processes that tried it, most likely for want of memory: give --max-memory, or "
    "denoise it alone"
)


class ClusterError(ValueError):
    """The cluster is not there, or cannot do the work; what is written is whole."""


class Task(NamedTuple):
    """Files that are given away together, and those that follow when they are done."""

    shard: str
    files: Sequence[Named]
    later: Sequence[Named] = ()


class Equipment:
    """Brings the denoiser's file to every worker, also to those that come later."""

    name = "denoiser"

    def __init__(self, file: Path, digest: str) -> None:
        self.content = file.read_bytes()
        self.digest = digest

    def setup(self, worker: Any) -> None:
        """Write the file where the worker may write; Dask calls it."""
        path = Path(worker.local_directory, f"{self.digest}.zip")
        with atomic_write(FILES, str(path)) as file:
            file.write(self.content)
        task.MODELS[self.digest] = path


class Cluster:
    """A Dask cluster, used by one job.

    Attributes:
        workers: Processes that there are at the beginning.
    """

    def __init__(self, address: str) -> None:
        """Start it, if it is one of this machine, or reach it.

        Args:
            address: `LOCAL`, or that of a scheduler, such as `tcp://10.0.0.1:8786`.

        Raises:
            ClusterError: There is none, or Dask is not installed.
        """
        distributed = load_dask()
        self._own: Any = None
        self._over = threading.Event()
        if address.partition(":")[0] == LOCAL:
            self._own = distributed.LocalCluster(
                n_workers=_processes(address),
                threads_per_worker=1,
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            )
        try:
            self._client = distributed.Client(self._own or address, timeout=PATIENCE)
            self._client.wait_for_workers(1, timeout=PATIENCE)
        except (OSError, ValueError, TimeoutError) as error:
            raise ClusterError(
                f"The cluster '{address}' does not answer, or has no workers: start it by `dask "
                f"scheduler` and `dask worker`, or give --cluster {LOCAL}. ({error})"
            ) from error
        self.workers = len(self._client.scheduler_info(n_workers=-1)["workers"])
        self._distributed = distributed
        if self._own:
            threading.Thread(target=self._replace_lost, daemon=True).start()

    def results(
        self, collected: Collected, options: Options, pictured: frozenset[int] = frozenset()
    ) -> Iterator[FileResult]:
        """Yield what becomes of each file, in any order.

        Where a format was asked for, those on a disk that it cannot hold come first, as for
        `Batch`. In object storage a look would cost as much as the file.

        Args:
            collected: The files.
            options: How they are denoised.
            pictured: Positions of the files that thumbnails are made of.

        Raises:
            DiskFullError: As for `denoise_file`.
            ClusterError: The cluster was lost, or its workers cannot do the work.
            PlanError: As for `Collected.shards`.
        """
        digest, job = options.model_digest, uuid4().hex
        self._equip(Equipment(options.model, digest))
        threads = max(1, (os.cpu_count() or 1) // self.workers) if self._own else 1
        common = Job(collected.naming, replace(options, job=job), digest, threads)
        root = collected.naming.root
        if isinstance(root, Path):
            remove_abandoned(root)
        try:
            lost = set()
            if collected.naming.format and collected.naming.is_on_disk:
                for found in self._through(common, _tasks(collected), look_at_shard):
                    lost.add(found.source)
                    yield found
            yield from self._through(common, _tasks(collected, pictured, lost), denoise_shard)
        finally:
            if isinstance(root, Path):
                remove_abandoned(root)

    def _equip(self, equipment: Equipment) -> None:
        try:
            self._client.register_plugin(_plugin(self._distributed, equipment))
        except OSError as error:
            raise ClusterError(
                f"The scheduler does not reach a worker, though the worker reaches it ({error}): "
                "open the worker's port in the firewall between them (dask worker --worker-port "
                "9000:9099), or give the worker an address that the scheduler reaches "
                "(--contact-address)."
            ) from error

    def _through(
        self,
        job: Job,
        tasks: Iterator[Task],
        what: Callable[[Job, str, Sequence[Named]], list[FileResult]],
    ) -> Iterator[FileResult]:
        distributed, given = self._distributed, {}
        key = settings_digest(naming=str(job.naming), options=str(replace(job.options, job="")))
        underway = distributed.as_completed()
        again: deque[Task] = deque()

        def give() -> None:
            following = again.popleft() if again else next(tasks, None)
            if following is None:
                return
            files = settings_digest(files=following.files)
            name = f"{what.__name__}-{key}-{following.shard}-{files}"
            future = self._client.submit(
                what, job, following.shard, list(following.files), key=name, pure=False
            )
            given[name] = following
            underway.add(future)

        for _ in range(AHEAD):
            give()
        for future in underway:
            done = given.pop(future.key)
            found, rest = self._taken(future, done, job)
            if rest:
                again.append(rest)
            yield from found
            give()

    def _taken(self, future: Any, done: Task, job: Job) -> tuple[list[FileResult], Task | None]:
        """Return what a task found, and what is to be done in its place or after it."""
        following = Task(done.shard, done.later[:1], done.later[1:]) if done.later else None
        try:
            return future.result(), following
        except self._distributed.KilledWorker:
            if len(done.files) > 1:
                return [], Task(done.shard, done.files[:1], done.files[1:])
            item = job.naming.item(done.files[0].base, done.files[0].name, done.shard)
            return [FileResult(item.source, item.target, "failed", _DIED)], following
        except task.NotSharedError as error:
            raise ClusterError(str(error)) from None
        except (ImportError, AttributeError) as error:
            raise ClusterError(
                f"The workers of the cluster cannot do it: {error}. They need this version of the "
                "package, installed as here."
            ) from error
        except (self._distributed.CancelledError, OSError):
            raise ClusterError("The cluster was lost.") from None

    def __enter__(self) -> Self:
        return self

    def _replace_lost(self) -> None:
        """Give up processes that are gone for good, and start others: Dask does not always.

        It starts one anew that was killed, but not one that dies as it starts. Those that are on
        their way are not among its `workers` yet, however long a busy machine takes for it.
        """
        since: dict[Any, float] = {}
        while not self._over.wait(LOOK):
            now, keepers = time.monotonic(), list(self._own.workers.items())
            dead = [
                name for name, each in keepers if not (each.process and each.process.is_alive())
            ]
            since = {name: since.get(name, now) for name in dead}
            lost = [name for name, when in since.items() if now - when > PATIENCE]
            for name in lost:
                self._own.worker_spec.pop(name, None)
            self._own.scale(self.workers - len(lost))  # The next look asks for as many again.

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with suppress(OSError, TimeoutError):
            self._client.close(timeout=5)
            if self._own:
                self._own.close(timeout=5)


def load_dask() -> Any:
    """Return Dask's package for clusters, with `SETTINGS`, and quiet.

    Raises:
        ClusterError: It is not installed.
    """
    try:
        import dask
        import distributed
    except ImportError as error:
        raise ClusterError(
            "A cluster needs Dask: pip install 'denoising-pipeline[cluster]'."
        ) from error
    dask.config.update_defaults(SETTINGS)
    for name in ("distributed", "tornado"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return distributed


def _tasks(
    collected: Collected,
    pictured: frozenset[int] = frozenset(),
    without: Set[PurePath] = frozenset(),
) -> Iterator[Task]:
    """Yield the files that are given away together, but for some sources."""
    bases = collected.naming.bases
    for shard, files in collected.shards(pictured):
        left = [each for each in files if bases[each.base][0] / each.name not in without]
        if left:
            yield Task(shard, left)


def _processes(address: str) -> int:
    number = address.partition(":")[2] or str(os.cpu_count() or 1)
    if not number.isdigit() or int(number) < 1:
        raise ClusterError(f"'{address}' is no cluster: {LOCAL}:2 has two processes.")
    return int(number)


def _plugin(distributed: Any, equipment: Equipment) -> Any:
    """Return equipment as a plugin of Dask's; its class is there only where Dask is."""

    class Plugin(distributed.WorkerPlugin):  # type: ignore[misc]
        name = equipment.name

        def setup(self, worker: Any) -> None:
            equipment.setup(worker)

    return Plugin()
