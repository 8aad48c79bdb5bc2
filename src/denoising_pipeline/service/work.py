"""One picture after the other: a bounded queue before one thread, with a limit of time."""

import asyncio
import math
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from starlette.requests import Request

from denoising_pipeline.service.limits import ENDS, RefusedError

T = TypeVar("T")

TICK = 0.2
"""Seconds between looks at the clock while a picture is waited for."""

SMOOTHING = 0.8
"""Weight of the past in the mean time that a picture takes."""


class StoppedError(Exception):
    """Nobody waits for the result."""


class Stop:
    """Tells work that nobody waits for it, and how long it has been going on."""

    def __init__(self) -> None:
        self.started: float | None = None
        self._event = threading.Event()

    def set(self) -> None:
        """Ask the work to stop when it looks next."""
        self._event.set()

    def check(self) -> None:
        """Look whether to go on.

        Raises:
            StoppedError: Nobody waits.
        """
        if self.is_set:
            raise StoppedError

    @property
    def is_set(self) -> bool:
        """Whether the work was asked to stop."""
        return self._event.is_set()

    @property
    def seconds(self) -> float:
        """Since the work began; 0 before."""
        return 0.0 if self.started is None else time.monotonic() - self.started


class Worker:
    """Does one piece of work at a time, in a thread, so that other requests are answered."""

    def __init__(self, places: int, timeout: float) -> None:
        """Prepare it.

        Args:
            places: Requests that may be here at once.
            timeout: Seconds that a piece of work may take.
        """
        self.places = places
        self.timeout = timeout
        self.taken = 0
        self._pool = ThreadPoolExecutor(1, "denoise")
        self._stops: set[Stop] = set()
        self._ends = False
        self._mean = 1.0

    @contextmanager
    def place(self) -> Iterator[None]:
        """Take a place as long as a request is here.

        Raises:
            RefusedError: 503, all places are taken.
        """
        if self.taken >= self.places:
            wait = math.ceil(self._mean * self.taken)
            raise RefusedError(503, f"{self.taken} pictures are waiting: try again later.", wait)
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1

    async def run(self, work: Callable[[Stop], T], request: Request) -> T:
        """Do a piece of work when it is its turn.

        Args:
            work: Runs in the thread; it looks at `Stop.check` from time to time.
            request: Whose body has been read; if its client goes away, the work is stopped.

        Raises:
            RefusedError: 504, it took too long; 503, the service ends; 499, the client went away
                (nobody will read it).
        """
        if self._ends:
            raise RefusedError(503, ENDS)
        stop = Stop()
        self._stops.add(stop)
        future = asyncio.get_running_loop().run_in_executor(self._pool, self._do, work, stop)
        gone = asyncio.create_task(_disconnected(request))
        try:
            while not future.done():
                either: set[asyncio.Future[Any]] = {future, gone}
                await asyncio.wait(either, timeout=TICK, return_when="FIRST_COMPLETED")
                if gone.done() and not future.done():
                    raise RefusedError(499, "The client went away.")
                if stop.is_set:
                    raise StoppedError
                if stop.seconds > self.timeout:
                    raise RefusedError(
                        504,
                        f"The picture took more than {self.timeout:g} seconds: send a smaller one, "
                        "or start the service with a larger --timeout.",
                    )
            return future.result()
        except StoppedError:
            raise RefusedError(503, ENDS) from None
        finally:
            self._stops.discard(stop)
            stop.set()
            gone.cancel()
            future.cancel()
            future.add_done_callback(_looked_at)

    def stop(self) -> None:
        """Ask all work to stop, tell those who wait for it, and begin no other."""
        self._ends = True
        for stop in list(self._stops):
            stop.set()

    def close(self, seconds: float) -> bool:
        """Stop all work, and return whether it has ended within `seconds`."""
        self.stop()
        ended = threading.Thread(target=self._pool.shutdown, kwargs={"cancel_futures": True})
        ended.daemon = True
        ended.start()
        ended.join(seconds)
        return not ended.is_alive()

    def _do(self, work: Callable[[Stop], T], stop: Stop) -> T:
        stop.check()
        stop.started = time.monotonic()
        try:
            return work(stop)
        finally:
            self._mean = SMOOTHING * self._mean + (1 - SMOOTHING) * stop.seconds


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _looked_at(future: "asyncio.Future[Any]") -> None:
    """Take the error of work that nobody waits for, which asyncio would print otherwise."""
    with suppress(asyncio.CancelledError):
        future.exception()
