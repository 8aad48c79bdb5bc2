"""Which process this is, and whether another one lives: ids come again, their starts do not."""

import ctypes
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Mapping
from multiprocessing.util import register_after_fork
from typing import Any

import psutil

_DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG."""


def end_children_with_this() -> None:
    """Let processes that `multiprocessing` forks from now on end when this one is killed.

    Else they wait for work for ever. Linux tells them (prctl(2)); elsewhere nothing is done.
    """
    if sys.platform == "linux":
        register_after_fork(_end_with_parent, lambda end_with_parent: end_with_parent())


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    parent = multiprocessing.parent_process()
    if parent is not None and os.getppid() != parent.pid:  # it was killed before that
        os._exit(1)


def process_tags() -> dict[str, str]:
    """Return `process.host`, `process.id` and `process.started` of this process."""
    process = psutil.Process()
    return {
        "process.host": socket.gethostname(),
        "process.id": str(process.pid),
        "process.started": str(process.create_time()),
    }


def is_alive(owner: Mapping[str, Any]) -> bool:
    """Tell whether a process lives.

    Args:
        owner: What `process_tags` returned there.

    Returns:
        True for one of another host, since nobody can know it here.
    """
    if owner["process.host"] != socket.gethostname():
        return True
    try:
        started = psutil.Process(int(owner["process.id"])).create_time()
    except psutil.NoSuchProcess:
        return False
    return abs(started - float(owner["process.started"])) < 1
