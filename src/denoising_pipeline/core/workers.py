"""Processes that train one network together, on one machine or several.

The variables are those of `keras.distribution.initialize`. Keras's data parallelism on JAX does the
work: every process computes the gradient of its share of a batch, and they are averaged.
"""

import atexit
import importlib
import os
import socket
import stat
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

ADDRESSES = "KERAS_DISTRIBUTION_JOB_ADDRESSES"
COUNT = "KERAS_DISTRIBUTION_NUM_PROCESSES"
NUMBER = "KERAS_DISTRIBUTION_PROCESS_ID"

SILENCE = 25
"""Seconds after which a connection is given up whose other machine cannot be reached."""

HEARTBEAT = 50
"""Seconds after which a worker that hangs is given up: JAX then ends the process on the spot."""

LOOK = 5
"""Seconds between two looks for new connections."""

PARTING = 30
"""Seconds that one that is done, or has failed, waits at its end for the others."""

JOINING = 300
"""Seconds that workers wait for each other at the start."""

SIGNS_OF_LOSS = ("Gloo", "NCCL", "coordination service", "distributed service", "Connection reset")
"""What errors of a backend say when another worker is gone."""


class WorkerLostError(RuntimeError):
    """Another worker has ended, or cannot be reached."""


@dataclass(frozen=True)
class Workers:
    """Which worker this process is, and of how many.

    Attributes:
        rank: Its number, from 0. Number 0 leads: it alone writes and tracks.
        world: Number of workers.
        address: `host:port` at which number 0 brings them together; None: there is but one.
    """

    rank: int = 0
    world: int = 1
    address: str | None = None

    @classmethod
    def here(cls, variables: Mapping[str, str] = os.environ) -> "Workers":
        """Read which worker the variables of this process say it is; without any, the only one.

        Raises:
            ValueError: They do not fit together.
        """
        given = {name: variables.get(name, "") for name in (ADDRESSES, COUNT, NUMBER)}
        if not any(given.values()):
            return cls()
        addresses = given[ADDRESSES].split(",")
        try:
            world, rank = int(given[COUNT] or len(addresses)), int(given[NUMBER])
            if not given[ADDRESSES] or not 0 <= rank < world or len(addresses) not in (1, world):
                raise ValueError
        except ValueError:
            said = ", ".join(f"{name}={value!r}" for name, value in given.items())
            raise ValueError(
                f"The variables of workers do not fit together: {said}. The first is host:port of "
                "worker 0, the second how many there are, the third which this is, from 0."
            ) from None
        return cls(rank, world, addresses[0]) if world > 1 else cls()

    @property
    def leads(self) -> bool:
        """Whether this worker writes and tracks."""
        return self.rank == 0

    def join(self, backend: str) -> None:
        """Meet the others; nothing may have been computed yet. One that is alone does nothing.

        Raises:
            ValueError: The backend cannot do it, or the others do not come.
        """
        if self.world == 1:
            return
        if backend != "jax":
            raise ValueError(
                f"Several workers need another backend of Keras than {backend}: set "
                "KERAS_BACKEND=jax, and install it (the extra `jax`)."
            )
        try:
            importlib.import_module("jax").distributed.initialize(
                self.address,
                self.world,
                self.rank,
                heartbeat_timeout_seconds=HEARTBEAT,
                shutdown_timeout_seconds=PARTING,
                initialization_timeout=JOINING,
            )
        except RuntimeError as error:
            reason = str(error).partition("\n")[0]
            raise ValueError(
                f"Worker {self.rank} of {self.world} did not meet the others at {self.address} "
                f"within {JOINING} s ({reason}). Start all of them, and look whether this machine "
                "reaches that address."
            ) from error

    @contextmanager
    def training(self, keras: Any) -> Iterator[None]:
        """Train together inside, and part afterwards: what is computed then is everyone's own.

        Args:
            keras: The module. Networks that are made inside are shared.

        Raises:
            WorkerLostError: Another worker has ended.
        """
        if self.world == 1:
            yield
            return
        try:
            with (
                self._giving_up_silent(),
                keras.distribution.DataParallel(auto_shard_dataset=False).scope(),
            ):
                yield
        except Exception as error:
            reason = str(error).partition("\n")[0][:200]
            if not any(sign in reason for sign in SIGNS_OF_LOSS):
                raise
            atexit.register(_leave)
            raise WorkerLostError(
                f"Worker {self.rank} of {self.world} has lost another one ({reason}). The training "
                "has ended; its last checkpoint is kept. The same command goes on from there, with "
                "as many workers as you have."
            ) from error
        importlib.import_module("jax").distributed.shutdown()

    @contextmanager
    def _giving_up_silent(self) -> Iterator[None]:
        """Have the system break connections to machines that it cannot reach any more.

        Sums would wait for them until JAX, without a word of ours, ends the process. The connection
        by which JAX would notice is left alone. Where the system is not Linux it stays with that.
        """
        over = threading.Event()

        def look() -> None:
            while not over.wait(LOOK):
                for link in Path("/proc/self/fd").iterdir():
                    with suppress(OSError):
                        self._limit_silence(int(link.name))

        if sys.platform == "linux":
            threading.Thread(target=look, daemon=True).start()
        try:
            yield
        finally:
            over.set()

    def _limit_silence(self, descriptor: int) -> None:
        """Set options of tcp(7) for a file descriptor that is a connection between workers.

        One that is late breaks none: gloo sends nothing before the other end has asked for it.

        Raises:
            OSError: It is no connection.
        """
        own = os.dup(descriptor)
        try:
            if not stat.S_ISSOCK(os.fstat(own).st_mode):
                return
            with socket.socket(fileno=os.dup(own)) as found:
                if found.type != socket.SOCK_STREAM or found.family == socket.AF_UNIX:
                    return
                ports = {found.getsockname()[1], found.getpeername()[1]}
                if int((self.address or "").rpartition(":")[2]) in ports:
                    return
                if found.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT):
                    return
                for level, option, value in (
                    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
                    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, LOOK),
                    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, LOOK),
                    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000 * SILENCE),
                ):
                    found.setsockopt(level, option, value)
        finally:
            os.close(own)

    def of_leader(self, text: str) -> str:
        """Return the text that the leader has; those of the others are as long."""
        if self.world == 1:
            return text
        utils = importlib.import_module("jax.experimental.multihost_utils")
        told = utils.broadcast_one_to_all(np.frombuffer(text.encode(), np.uint8))
        return bytes(told).decode()

    def check_agreed(self, text: str) -> None:
        """Check that every worker has the text that the leader has; they are equally long.

        Raises:
            ValueError: This worker has another one.
        """
        if self.of_leader(text) != text:
            raise ValueError(
                f"Worker {self.rank} trains something else than worker 0: its parameters, images, "
                "versions or checkpoints differ. Give all workers the same command, and a data "
                "folder that all of them share."
            )


def _leave() -> NoReturn:
    """End a process that has failed: at its end JAX waits for the others, and gives up by abort."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1)


ALONE = Workers()


def follows() -> bool:
    """Whether this process is a worker that another one leads; `Workers.here` checks the rest."""
    return os.environ.get(NUMBER, "") not in ("", "0")
