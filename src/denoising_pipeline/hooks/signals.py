"""How a run ends that somebody, or the system, wants to end: soon, and telling that it was so."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, NoReturn

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
    """When somebody last wanted this process to end."""

    def __init__(self) -> None:
        self.last = -ONE_WISH

    def comes(self) -> bool:
        """Take note of a signal; return whether it is a wish of its own."""
        before, self.last = self.last, time.monotonic()
        return self.last - before >= ONE_WISH

    def forget(self) -> None:
        """Let the next signal be a wish of its own."""
        self.last = -ONE_WISH


_wish = _Wish()
"""Of this process: a run may begin or end between two signals of one wish."""


def mind_interrupts() -> None:
    """Let Ctrl-C interrupt this process once a wish, until its end, also where no run is watched.

    The second of two in a row would else interrupt what Python does at the end. Where something
    else was to become of Ctrl-C, it still is.
    """
    if _is_main_thread() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _raise)


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _raise(number: int, frame: FrameType | None) -> None:
    if not _wish.comes():
        return
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + number)


class Signals:
    """What signals do from `watch` to `release`; no more than one run of a process is watched.

    Where nodes run in the main thread, the first raises KeyboardInterrupt (Ctrl-C) or SystemExit,
    so that open files are cleaned up. Where they run in other threads or processes, nothing that
    is raised would reach them: a thread of its own waits for signals, ends the run, those processes
    and this one.

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
        self._stop: threading.Event | None = None

    def watch(self, elsewhere: bool) -> None:
        """Begin to watch.

        Args:
            elsewhere: Nodes run in other threads or processes.
        """
        if not _is_main_thread():
            return
        _wish.forget()
        minded = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
        if elsewhere and hasattr(signal, "sigtimedwait"):
            # Threads and processes that begin from now on have signals blocked as well.
            signal.pthread_sigmask(signal.SIG_BLOCK, minded)
            self._stop = threading.Event()
            threading.Thread(target=self._wait, args=(minded, self._stop), daemon=True).start()
            return
        for number in minded:
            self._handlers[number] = signal.signal(number, _raise)
        self._unraisable, sys.unraisablehook = sys.unraisablehook, self._raise_again

    def release(self) -> None:
        """Watch no more: signals do what they did before."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        if self._handlers:
            sys.unraisablehook = self._unraisable
        self._handlers.clear()
        if self._stop:
            self._stop.set()
            self._stop = None
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def _raise_again(self, ignored: Any) -> None:
        """Come back soon to a signal that reached a finalizer, which Python lets nothing end."""
        if not issubclass(ignored.exc_type, KeyboardInterrupt | SystemExit):
            self._unraisable(ignored)
            return
        code = getattr(ignored.exc_value, "code", None)
        number = code - 128 if code else signal.SIGINT
        _wish.forget()
        threading.Timer(SOON, os.kill, (os.getpid(), number)).start()

    def _wait(self, minded: list[signal.Signals], stop: threading.Event) -> None:
        while not stop.is_set():
            found = signal.sigtimedwait(minded, 0.5)
            if found and _wish.comes() and not stop.is_set():
                self._leave(found.si_signo)

    def _leave(self, number: int) -> NoReturn:
        print("Stopped.", file=sys.stderr, flush=True)  # noqa: T201
        self.ending.acquire(timeout=ONE_WISH)  # else it is being told for too long
        children = psutil.Process().children(recursive=True)
        for child in children:
            child.kill()
        psutil.wait_procs(children, ONE_WISH)  # one may hold the lock of the store until it is gone
        self._end()
        os._exit(128 + number)
