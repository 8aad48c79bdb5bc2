"""Machines that share nothing but a network: namespaces of Linux, each with a name and an address.

A machine is a network namespace; all hang on a bridge in one of their own.
"""

import os
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from limits import PATIENCE
from pages import shell

NETWORK = "10.213.77"
ADDRESSES = {"store": 1, "first": 2, "second": 3, "third": 4, "command": 5}
SWITCH = 254


def address_of(machine: str) -> str:
    """Return the address of a machine."""
    return f"{NETWORK}.{ADDRESSES[machine]}"


class Machines:
    """Network namespaces of this process; their processes end with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._hosts = folder / "hosts"
        self._mark = f"denoise{os.getpid()}"
        self._started: list[subprocess.Popen[str]] = []

    def name(self, machine: str) -> str:
        """Return what the namespace of a machine is called."""
        return f"{self._mark}-{machine}"

    def build(self) -> None:
        """Lay a wire from each to the bridge, and give each an address and a way out."""
        lines = ("127.0.0.1 localhost", *(f"{address_of(name)} {name}" for name in ADDRESSES))
        self._hosts.write_text("\n".join(lines))
        switch = self.name("switch")
        for machine in ("switch", *ADDRESSES):
            ip("netns", "add", self.name(machine))
            ip("-n", self.name(machine), "link", "set", "lo", "up")
        ip("-n", switch, "link", "add", "bridge", "type", "bridge")
        ip("-n", switch, "address", "add", f"{NETWORK}.{SWITCH}/24", "dev", "bridge")
        ip("-n", switch, "link", "set", "bridge", "up")
        for machine, number in ADDRESSES.items():
            there = self.name(machine)
            peer = ("peer", "name", "wire", "netns", there)
            ip("-n", switch, "link", "add", machine, "type", "veth", *peer)
            ip("-n", switch, "link", "set", machine, "master", "bridge", "up")
            ip("-n", there, "address", "add", f"{NETWORK}.{number}/24", "dev", "wire")
            ip("-n", there, "link", "set", "wire", "up")
            ip("-n", there, "route", "add", "default", "via", f"{NETWORK}.{SWITCH}")

    def plug(self, machine: str, state: str) -> None:
        """Pull the plug of a machine out at the switch (`down`), or put it in (`up`)."""
        ip("-n", self.name("switch"), "link", "set", machine, state)

    def start(
        self, machine: str, command: str, *, sees_folder: bool = False, **variables: str
    ) -> "subprocess.Popen[str]":
        """Start a shell command on a machine; of those that do not see the folder nobody reads.

        These have an empty file system over it.
        """
        folder = shlex.quote(str(self.folder))
        named = f"hostname {machine} && mount --bind {shlex.quote(str(self._hosts))} /etc/hosts && "
        hide = "" if sees_folder else f"mount -t tmpfs tmpfs {folder} && "
        script = f"{named}{hide}cd {folder} && export TMPDIR={folder} && {command}"
        said = subprocess.PIPE if sees_folder else subprocess.DEVNULL
        apart = ["unshare", "--mount", "--uts", "bash", "-c", script]
        process = subprocess.Popen(
            ["ip", "netns", "exec", self.name(machine), *apart],
            stdout=said,
            stderr=said,
            text=True,
            env=shell(OMP_NUM_THREADS="1", **variables),
        )
        self._started.append(process)
        return process

    def run(self, machine: str, command: str, **variables: str) -> str:
        """Run a shell command to its end, and return what it says."""
        process = self.start(machine, command, sees_folder=True, **variables)
        said, lines = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, lines
        return said

    def destroy(self) -> None:
        """End what runs on them, and remove them."""
        for machine in (*ADDRESSES, "switch"):
            with suppress(subprocess.CalledProcessError):
                for pid in ip("netns", "pids", self.name(machine)).split():
                    with suppress(ProcessLookupError):
                        os.kill(int(pid), 9)
                ip("netns", "delete", self.name(machine))
        for process in self._started:
            process.communicate()


def ip(*words: str) -> str:
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout


@contextmanager
def network(folder: Path) -> Iterator[Machines]:
    """Build machines for a test, which is skipped where they cannot be had."""
    found = Machines(folder)
    try:
        found.build()
    except (OSError, subprocess.CalledProcessError) as error:
        found.destroy()
        said = getattr(error, "stderr", None) or error
        pytest.skip(f"network namespaces cannot be had here, which takes root and `ip`: {said}")
    try:
        yield found
    finally:
        found.destroy()
