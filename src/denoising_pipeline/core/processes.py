"""Which process this is, and whether another one lives: ids come again, their starts do not."""

import socket
from collections.abc import Mapping
from typing import Any

import psutil


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
