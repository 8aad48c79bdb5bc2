"""A process that is stopped for good at the n-th thing that it does to its files.

The system's own call filter (seccomp(2), its notifications) stops every write, flush, rename and
removal of a process and of those that it starts, and tells this one, which lets it go on or ends
all of them by SIGKILL. No file is watched and nothing is replaced: what is tried is what runs.
"""

import array
import atexit
import ctypes
import gc
import multiprocessing.util
import os
import select
import signal
import socket
import struct
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from fcntl import ioctl
from pathlib import Path
from typing import NamedTuple, NoReturn

from limits import PATIENCE

_WRITES = {"write": 1, "pwrite64": 18, "writev": 20, "pwritev": 296, "pwritev2": 328}
_OF_FILES = {"fsync": 74, "fdatasync": 75, "ftruncate": 77, "copy_file_range": 326, **_WRITES}
_OF_NAMES = {
    **{"rename": 82, "renameat": 264, "renameat2": 316, "link": 86, "linkat": 265},
    **{"unlink": 87, "unlinkat": 263, "rmdir": 84},
}
CALLS = {number: name for name, number in {**_OF_FILES, **_OF_NAMES}.items()}
"""System calls that are counted, as x86-64 numbers them."""

_RECEIVE, _ANSWER = 0xC0502100, 0xC0182101  # SECCOMP_IOCTL_NOTIF_RECV and _SEND
_GO_ON = 1  # SECCOMP_USER_NOTIF_FLAG_CONTINUE
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 317, 1
_LISTENER = 8 | 32  # with it, signals that do not kill wait until a call is answered
_HERE = 0xFFFFFF9C  # AT_FDCWD
_NAMELESS = " (deleted)"  # a file that nobody finds, whatever is in it
_PAGE = os.sysconf("SC_PAGESIZE")  # a read that reaches into memory which is not there fails whole
_ASK, _ALLOW = 0x7FC00000, 0x7FFF0000  # SECCOMP_RET_USER_NOTIF and _ALLOW


class Call(NamedTuple):
    """One thing that a process does to a file.

    Attributes:
        name: Of the system call.
        path: Of the file, below the folder.
    """

    name: str
    path: str

    def __str__(self) -> str:
        return f"{self.name} {self.path}"

    @property
    def is_write(self) -> bool:
        """Whether a half of it can be made."""
        return self.name in {"write", "pwrite64"}

    @property
    def is_of_names(self) -> bool:
        """Whether it gives or takes the name of a file."""
        return self.name in _OF_NAMES


class StopError(Exception):
    """Raised by what looks at calls: the process does not live to make this one."""


class Moment:
    """A process that is about to make a call, and waits."""

    def __init__(
        self, number: int, call: Call, process: int, thread: int, asked: tuple[int, ...]
    ) -> None:
        """Take note of a call.

        Args:
            number: How many were made before, and 1.
            call: What is called.
            process: The process that was begun, or that of which it was.
            thread: That waits.
            asked: Number of the call, and its arguments.
        """
        self.number = number
        self.call = call
        self.process = process
        self._thread = thread
        self._asked = asked

    def write_half(self, path: Path | None = None) -> None:
        """Write the first half of what is to be written.

        Args:
            path: A copy of the file, which takes it instead.
        """
        offset, half = _half(self._thread, *self._asked[:5])
        with (path or self._opened).open("r+b", buffering=0) as file:
            os.pwrite(file.fileno(), half, offset)

    @property
    def _opened(self) -> Path:
        return Path(f"/proc/{self._thread}/fd/{self._asked[1]}")


def run(
    body: Callable[[], object], folder: Path, look: Callable[[Moment], None] = lambda moment: None
) -> int | None:
    """Run a function in a process of its own, and look at what it does to the files of a folder.

    Args:
        body: What runs; an exception ends it with the exit code 1.
        folder: Files elsewhere are passed over.
        look: Called before each call, while the process waits; `StopError` ends it by SIGKILL.

    Returns:
        The exit code; None: it was stopped.
    """
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        _live(body, theirs)
    theirs.close()
    listener = socket.recv_fds(ours, 1, 1)[1][0]
    ours.close()
    count = 0
    try:
        while (notice := _next(listener)) is not None:
            notified, thread, *asked = notice
            call = _call(thread, asked[0], asked[1:], folder)
            if call is not None:
                count += 1
                look(Moment(count, call, pid, thread, tuple(asked)))
            with suppress(FileNotFoundError):  # it has ended meanwhile
                ioctl(listener, _ANSWER, struct.pack("<QqiI", notified, 0, 0, _GO_ON))
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    except StopError:
        os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return None
    except BaseException:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        raise
    finally:
        os.close(listener)


def _live(body: Callable[[], object], parent: socket.socket) -> None:
    """Run in the new process, and do not return."""

    def watched() -> None:
        os.setsid()
        listener = _install()
        socket.send_fds(parent, [b"."], [listener])
        parent.close()
        os.close(listener)
        body()

    leave(watched)


def leave(body: Callable[[], object]) -> NoReturn:
    """Run in a process that was forked, and end it as an interpreter would.

    What it was forked from left is not collected here: it may wait for threads that are there only.
    """
    gc.freeze()
    code = 1
    try:
        _end_as_usual(body)
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def _end_as_usual(body: Callable[[], object]) -> None:
    """Do at the end what an interpreter does, which a fork of it leaves out."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    atexit._clear()
    atexit.register(multiprocessing.util._exit_function)  # type: ignore[attr-defined]
    try:
        body()
    finally:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()


def _install() -> int:
    """Have every call of `CALLS` asked about from now on, and return where the questions come."""
    jumps = [struct.pack("<HBBI", 0x20, 0, 0, 0)]  # load the number of the call
    for place, number in enumerate(CALLS):
        jumps.append(struct.pack("<HBBI", 0x15, len(CALLS) - place, 0, number))  # if equal, ask
    jumps += [struct.pack("<HBBI", 0x06, 0, 0, answer) for answer in (_ALLOW, _ASK)]
    code = ctypes.create_string_buffer(b"".join(jumps))
    program = ctypes.create_string_buffer(
        struct.pack("<HxxxxxxQ", len(jumps), ctypes.addressof(code))
    )
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    listener = int(libc.syscall(_SECCOMP, _FILTER, _LISTENER, program))
    if listener < 0:
        raise OSError(ctypes.get_errno(), "the system lets no calls be watched")
    return listener


def _next(listener: int) -> tuple[int, ...] | None:
    """Return the next question: its number, thread, call and arguments; None: all have ended."""
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    while True:
        ready = poll.poll(1000 * PATIENCE)
        if not ready:
            raise TimeoutError("the process that is watched does nothing")
        if not ready[0][1] & select.POLLIN:
            return None
        notice = array.array("B", bytes(80))
        try:
            ioctl(listener, _RECEIVE, notice, True)
        except FileNotFoundError:  # the thread that asked has ended meanwhile
            continue
        identity, thread, _, number, _, _, *arguments = struct.unpack("<QIIiIQ6Q", notice)
        return identity, thread, number, *arguments


def _call(thread: int, number: int, arguments: list[int], folder: Path) -> Call | None:
    """Return what is called, if it is about a file below the folder."""
    name = CALLS[number]
    try:
        path = (
            _named(thread, name, *arguments) if name in _OF_NAMES else _open(thread, arguments[0])
        )
    except OSError:
        return None
    prefix = f"{folder}/"
    if not path.startswith(prefix) or path.endswith(_NAMELESS):
        return None
    return Call(name, path.removeprefix(prefix))


def _open(thread: int, file: int) -> str:
    return os.readlink(f"/proc/{thread}/fd/{file}")  # noqa: PTH115


def _named(thread: int, name: str, first: int, second: int, *_: int) -> str:
    """Return the path that a call about a name is given first."""
    relative = name.endswith(("at", "at2"))
    place = second if relative else first
    path = os.fsdecode(_string(thread, place))
    from_folder = relative and first & 0xFFFFFFFF != _HERE
    folder = _open(thread, first & 0xFFFFFFFF) if from_folder else _cwd(thread)
    return os.path.normpath(os.path.join(folder, path))  # noqa: PTH118


def _string(thread: int, place: int) -> bytes:
    """Return the bytes from a place of a process's memory on to the zero that ends them."""
    found = b""
    with open(f"/proc/{thread}/mem", "rb", buffering=0) as memory:  # noqa: PTH123
        memory.seek(place)
        while b"\0" not in found:
            found += memory.read(_PAGE - (place + len(found)) % _PAGE)
    return found.partition(b"\0")[0]


def _cwd(thread: int) -> str:
    return os.readlink(f"/proc/{thread}/cwd")  # noqa: PTH115


def _half(
    thread: int, number: int, file: int, place: int, size: int, offset: int
) -> tuple[int, bytes]:
    """Return the first half of what a thread wants to write, and where it goes."""
    about = Path(f"/proc/{thread}/fdinfo/{file}").read_text().split()
    if number == _WRITES["write"]:
        offset = int(about[about.index("pos:") + 1])
    if int(about[about.index("flags:") + 1], 8) & os.O_APPEND:
        offset = Path(f"/proc/{thread}/fd/{file}").stat().st_size
    with open(f"/proc/{thread}/mem", "rb", buffering=0) as memory:  # noqa: PTH123
        memory.seek(place)
        return offset, memory.read(size // 2)
