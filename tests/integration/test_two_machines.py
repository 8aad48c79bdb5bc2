"""A cluster whose machines share nothing but a network: namespaces of Linux, each with an address.

A machine is a network namespace; all hang on a bridge in one of their own. Over the folder of the
test each process has an empty file system, but the command, whose images and denoiser lie there.
"""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from limits import PATIENCE
from pages import block
from PIL import Image
from small_denoiser import write_denoiser

pytest.importorskip("distributed", reason="Dask is not installed: the extra `cluster`")
pytest.importorskip("s3fs", reason="s3fs is not installed: the extra `cluster`")
pytest.importorskip("moto", reason="moto is not installed: the extra `dev`")

pytestmark = pytest.mark.slow

IMAGES = 60
NETWORK = "10.213.77"
ADDRESSES = {"store": 1, "first": 2, "second": 3, "third": 4, "command": 5}
SWITCH = 254
BUCKET = "s3://photos"

DENOISE = "from denoising_pipeline.cli.denoise import main\nmain()\n"
FILL = """
import sys
import s3fs
files = s3fs.S3FileSystem()
files.mkdir("photos")
files.make_bucket_versioned("photos")
files.put(sys.argv[1] + "/", "photos/in/", recursive=True)
"""
WRITTEN = """
import s3fs
files = s3fs.S3FileSystem(version_aware=True, use_listings_cache=False)
for name in files.find("photos/out"):
    if name.endswith(".png"):
        print(name.removeprefix("photos/out/"), len(files.object_version_info(name)))
"""
WAITING = """
until python -c 'import socket; socket.create_connection(("{}.{}", {}))' 2> /dev/null
do sleep 1
done
"""


class Machines:
    """Network namespaces of this process; their processes end with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._mark = f"denoise{os.getpid()}"
        self._started: list[subprocess.Popen[str]] = []

    def name(self, machine: str) -> str:
        """Return what the namespace of a machine is called."""
        return f"{self._mark}-{machine}"

    def build(self) -> None:
        """Lay a wire from each to the bridge, and give each an address and a way out."""
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
        self, machine: str, command: str, *, sees_folder: bool = False
    ) -> "subprocess.Popen[str]":
        """Start a shell command on a machine; of those that do not see the folder nobody reads."""
        folder = shlex.quote(str(self.folder))
        hide = "" if sees_folder else f"mount -t tmpfs tmpfs {folder} && "
        script = f"{hide}cd {folder} && export TMPDIR={folder} && {command}"
        said = subprocess.PIPE if sees_folder else subprocess.DEVNULL
        process = subprocess.Popen(
            ["ip", "netns", "exec", self.name(machine), "unshare", "--mount", "sh", "-c", script],
            stdout=said,
            stderr=said,
            text=True,
            env=surroundings(),
        )
        self._started.append(process)
        return process

    def run(self, machine: str, command: str) -> str:
        """Run a shell command to its end, and return what it says."""
        process = self.start(machine, command, sees_folder=True)
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


def surroundings() -> dict[str, str]:
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "AWS_ENDPOINT_URL": f"http://{NETWORK}.{ADDRESSES['store']}:5000",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "OMP_NUM_THREADS": "1",
    }


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    found = Machines(tmp_path)
    try:
        found.build()
    except (OSError, subprocess.CalledProcessError) as error:
        found.destroy()
        said = getattr(error, "stderr", None) or error
        pytest.skip(f"network namespaces cannot be had here, which takes root and `ip`: {said}")
    yield found
    found.destroy()


def documented() -> tuple[str, str]:
    """Return the commands of the page for the scheduler and for workers."""
    first, both = block("docs/collections.md", "# on the first").split("\n\n")
    address = f"{NETWORK}.{ADDRESSES['first']}"
    both = both.replace("FIRST", address).replace("--nworkers 4", "--nworkers 1")
    return first, both


def test_a_machine_that_loses_its_network_loses_no_file_and_nothing_is_done_twice(
    machines: Machines, tmp_path: Path
) -> None:
    """Also when it comes back, with what it had in its hands."""
    model = write_denoiser(tmp_path / "slow.zip", side=15, hidden=96)
    (tmp_path / "in/sub").mkdir(parents=True)
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    for number in range(IMAGES):
        image = Image.fromarray(np.roll(noise, number, axis=1))
        image.save(tmp_path / "in" / ("sub", "")[number % 2] / f"{number:03}.png")
    for name, text in (("denoise", DENOISE), ("fill", FILL), ("written", WRITTEN)):
        (tmp_path / f"{name}.py").write_text(text)

    def written() -> dict[str, int]:
        lines = machines.run("command", "python written.py").split("\n")
        return {line.split()[0]: int(line.split()[1]) for line in lines if line}

    machines.start("store", "python -m moto.server -H 0.0.0.0 -p 5000")
    scheduler, worker = documented()
    machines.start("first", scheduler)
    _, third = (machines.start(machine, worker) for machine in ("second", "third"))
    for machine, port in (("store", 5000), ("first", 8786)):
        machines.run("command", WAITING.format(NETWORK, ADDRESSES[machine], port))
    machines.run("command", "python fill.py in")

    command = (
        f"python denoise.py {BUCKET}/in -o {BUCKET}/out --model {model.name} "
        f"--cluster tcp://{NETWORK}.{ADDRESSES['first']}:8786 --resume"
    )
    job = machines.start("command", command, sees_folder=True)
    deadline = time.monotonic() + PATIENCE
    while len(written()) < IMAGES // 5:
        assert job.poll() is None, job.communicate()
        assert time.monotonic() < deadline
    machines.plug("third", "down")
    said, lines = job.communicate(timeout=PATIENCE)
    assert job.returncode == 0, lines
    assert f"{IMAGES} done, 0 skipped, 0 failed" in said
    found = written()
    assert len(found) == IMAGES
    assert set(found.values()) == {1}

    machines.plug("third", "up")
    third.wait(timeout=PATIENCE)
    again = machines.run("command", command + " --json again.json")
    assert f"0 done, {IMAGES} skipped, 0 failed" in again
    assert (tmp_path / "again.json").read_text().count("is done and unchanged") == IMAGES
