"""What tests let processes take, and may."""

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

with suppress(ImportError):  # there is none on Windows
    import resource

PATIENCE = 1200
"""Seconds that a process may take before a test gives up on it."""


def limit_memory(size: int) -> None:
    """Let this process, and its children, have no more bytes of addresses."""
    resource.setrlimit(resource.RLIMIT_AS, (size, size))


def obey_permissions() -> None:
    """Take from a process of root what lets it write everywhere (prctl(2), PR_CAPBSET_DROP)."""
    if os.geteuid() == 0:
        dac_override, dac_read_search = 1, 2
        for capability in (dac_override, dac_read_search):
            ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)


def on_small_disk(folder: Path, size: int, body: Callable[..., object], *arguments: str) -> None:
    """Call a function in a process that has a folder on a disk of its own (tmpfs).

    Args:
        folder: An empty one. What is written to it is gone when the process ends.
        size: Of the disk, in bytes.
        body: A function of a module; it must not fail.
        arguments: What it gets.
    """
    if not _disks_can_be_had():
        pytest.skip("needs Linux that lets users have disks of their own (unshare, mount)")
    elsewhere(body, *arguments, within=lambda command: _mounting(folder, size, command))


def elsewhere(
    body: Callable[..., object],
    *arguments: str,
    within: Callable[[list[str]], list[str]] = lambda command: command,
) -> None:
    """Call a function in a process of its own.

    Args:
        body: A function of a module; it must not fail.
        arguments: What it gets.
        within: Makes of a command that which is run.
    """
    name = body.__name__
    code = f"import sys; from {body.__module__} import {name}; {name}(*sys.argv[1:])"
    where = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = within([sys.executable, "-c", code, *arguments])
    done = subprocess.run(
        command, env=where, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _mounting(folder: Path, size: int, command: list[str]) -> list[str]:
    mount = 'mount -t tmpfs -o size="$1" none "$2" && shift 2 && exec "$@"'
    own = ["unshare", "--user", "--map-root-user", "--mount"]
    return [*own, "sh", "-c", mount, "sh", str(size), str(folder), *command]


@cache
def _disks_can_be_had() -> bool:
    if not shutil.which("unshare"):
        return False
    command = _mounting(Path("/mnt"), 4096, ["true"])
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
