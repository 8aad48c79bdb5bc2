"""A cluster whose machines share nothing but a network.

Only the command sees the folder of the test, where images and denoiser lie.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from limits import PATIENCE
from machines import Machines, address_of, network
from pages import block
from PIL import Image
from small_denoiser import write_denoiser

pytest.importorskip("distributed", reason="Dask is not installed: the extra `cluster`")
pytest.importorskip("s3fs", reason="s3fs is not installed: the extra `cluster`")
pytest.importorskip("moto", reason="moto is not installed: the extra `dev`")

pytestmark = pytest.mark.slow

IMAGES = 60
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
until python -c 'import socket; socket.create_connection(("{}", {}))' 2> /dev/null
do sleep 1
done
"""


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machines]:
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{address_of('store')}:5000",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    with network(tmp_path) as found:
        yield found


def documented() -> tuple[str, str]:
    """Return the commands of the page for the scheduler and for workers."""
    first, both = block("docs/collections.md", "# on the first").split("\n\n")
    both = both.replace("FIRST", address_of("first")).replace("--nworkers 4", "--nworkers 1")
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
        machines.run("command", WAITING.format(address_of(machine), port))
    machines.run("command", "python fill.py in")

    command = (
        f"python denoise.py {BUCKET}/in -o {BUCKET}/out --model {model.name} "
        f"--cluster tcp://{address_of('first')}:8786 --resume"
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
