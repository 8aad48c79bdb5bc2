"""How a run ends that somebody, or the system, wants to end: soon, and telling that it was so."""

import functools
import os
import signal
import sys
import threading
import time
import weakref
from collections.abc import Callable
from types import FrameType
from typing import Any, NoReturn, ParamSpec, TypeVar

import psutil

SIGNALS = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")
    if hasattr(signal, name)
)
"""Ctrl-C, a polite end, a terminal that closes, Ctrl-backslash. One that was ignored before, as
`nohup` ignores the terminal's, still is."""

ONE_WISH = 3.0
"""Seconds within which signals are one wish: Ctrl-C pressed ten times interrupts no cleaning up."""

SOON = 0.1
"""Seconds after which a signal that came to nothing comes again."""


class _Wish:
    """When somebody last wanted this process to end, and what is said then."""

    def __init__(self) -> None:
        self.last = -ONE_WISH
        self.farewell = "Stopped."

    def comes(self) -> bool:
        """Take note of a signal; return whether it is a wish of its own."""
        before, self.last = self.last, time.monotonic()
        return self.last - before >= ONE_WISH

    def forget(self) -> None:
        """Let the next signal be a wish of its own."""
        self.last = -ONE_WISH


_wish = _Wish()
"""Of this process: a run may begin or end between two signals of one wish."""

_running: list[object] = []
"""A mark for each call that a signal is to end, the innermost last."""

Given = ParamSpec("Given")
Returned = TypeVar("Returned")


def minds_signals(function: Callable[Given, Returned]) -> Callable[Given, Returned]:
    """Let a signal end a function, whoever catches on the way what is raised."""

    @functools.wraps(function)
    def minding(*args: Given.args, **options: Given.kwargs) -> Returned:
        mark = object()
        _running.append(mark)
        try:
            return function(*args, **options)
        finally:
            _running.remove(mark)

    return minding


class _Interruption(KeyboardInterrupt):
    """Of this module, as weak references are wanted, which Python's own do not take."""


class _Exit(SystemExit):
    """The same."""


def mind_interrupts(farewell: str = "Stopped.") -> None:
    """Let Ctrl-C interrupt this process once a wish, until its end, also where no run is watched.

    The second of two in a row would else interrupt what Python does at the end. Where something
    else was to become of Ctrl-C, it still is.

    Args:
        farewell: What is said where a run is ended that no exception reaches.
    """
    _wish.farewell = farewell
    if _is_main_thread() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _raise)


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _raise(number: int, frame: FrameType | None) -> None:
    if _wish.comes():
        raise _error(number)


def _error(number: int) -> BaseException:
    """Return what a signal raises.

    If it goes within the call that it is to end, it came to nothing, in a library that takes every
    error for a mistake or in a finalizer: then the signal comes again.
    """
    error = _Interruption() if number == signal.SIGINT else _Exit(128 + number)
    if _running:
        weakref.finalize(error, _come_soon, number, _running[-1]).atexit = False
    return error


def _come_soon(number: int, mark: object) -> None:
    if mark in _running:
        threading.Timer(SOON, _come_again, (number, mark)).start()


def _come_again(number: int, mark: object) -> None:
    if mark in _running:
        _wish.forget()
        os.kill(os.getpid(), number)


def _pass(number: int, frame: FrameType | None) -> None:
    """Do nothing: a thread reads that the signal came."""


class Signals:
    """What signals do from `watch` to `release`; no more than one run of a process is watched.

    Where nodes run in the main thread, the first raises KeyboardInterrupt (Ctrl-C) or SystemExit,
    so that open files are cleaned up. Where they run in other threads or processes, nothing that
    is raised would reach them: a thread of its own reads what signals come, whichever thread of the
    process they reach, ends the run, those processes and this one.

    Attributes:
        ending: Held while it is told how the run ended. Who ends processes holds it before: that
            they are gone is no failure of the run.
    """

    def __init__(self, end: Callable[[], None]) -> None:
        """Watch nothing yet.

        Args:
            end: Tells that the run was ended, in seconds.
        """
        self._end = end
        self.ending = threading.RLock()
        self._handlers: dict[int, Any] = {}
        self._unraisable: Any = None
        self._wakeup: tuple[int, int] | None = None

    def watch(self, elsewhere: bool) -> None:
        """Begin to watch.

        Args:
            elsewhere: Nodes run in other threads or processes.
        """
        if not _is_main_thread():
            return
        _wish.forget()
        minded = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
        listened = elsewhere and hasattr(signal, "pthread_sigmask")
        for number in minded:
            self._handlers[number] = signal.signal(number, _pass if listened else _raise)
        self._unraisable, sys.unraisablehook = sys.unraisablehook, self._say
        if listened:
            self._listen(minded)

    def _listen(self, minded: list[signal.Signals]) -> None:
        """Have Python write what signals come where a thread reads them.

        Threads and processes that begin from now on have them blocked. Threads that were there
        before, such as those of BLAS, may be who a signal reaches.
        """
        heard, told = os.pipe()
        os.set_blocking(told, False)
        self._wakeup = told, signal.set_wakeup_fd(told, warn_on_full_buffer=False)
        threading.Thread(target=self._hear, args=(heard, minded), daemon=True).start()
        signal.pthread_sigmask(signal.SIG_BLOCK, minded)

    def release(self) -> None:
        """Watch no more: signals do what they did before."""
        if not self._handlers or not _is_main_thread():
            return
        minded = list(self._handlers)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._handlers.clear()
        sys.unraisablehook = self._unraisable
        if self._wakeup:
            (told, before), self._wakeup = self._wakeup, None
            signal.set_wakeup_fd(before)
            os.close(told)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, minded)

    def _say(self, ignored: Any) -> None:
        """Say what Python ignores, but for a signal in a finalizer, which comes again."""
        if not _running or not issubclass(ignored.exc_type, _Interruption | _Exit):
            self._unraisable(ignored)

    def _hear(self, heard: int, minded: list[signal.Signals]) -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, minded)
        while number := os.read(heard, 1):
            if number[0] in minded and _wish.comes() and self._wakeup:
                self._leave(number[0])
        os.close(heard)

    def _leave(self, number: int) -> NoReturn:
        print(f"\n{_wish.farewell}", file=sys.stderr, flush=True)  # noqa: T201
        self.ending.acquire(timeout=ONE_WISH)  # else it is being told for too long
        children = psutil.Process().children(recursive=True)
        for child in children:
            child.kill()
        psutil.wait_procs(children, ONE_WISH)  # one may hold the lock of the store until it is gone
        self._end()
        os._exit(128 + number)
