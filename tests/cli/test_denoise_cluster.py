"""`denoise --cluster` as processes, some of which are killed."""

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from clusters import dask_cluster, free_port, object_storage, workers
from limits import PATIENCE
from PIL import Image
from small_denoiser import write_denoiser

from denoising_pipeline.batch.collection.cluster import Cluster
from denoising_pipeline.batch.plan import MANIFEST

pytest.importorskip("distributed", reason="Dask is not installed: the extra `cluster`")

pytestmark = pytest.mark.slow

DENOISE = (
    "from denoising_pipeline.cli.denoise import main\nif __name__ == '__main__':\n    main()\n"
)
IMAGES = 120
SCORED = ("source", "psnr_before", "psnr_after", "ssim_before", "ssim_after")


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command as a file: processes that are spawned read it again."""
    path = tmp_path_factory.mktemp("command") / "denoise.py"
    path.write_text(DENOISE)
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Takes about 50 ms for an image of 64 x 64 pixels."""
    return write_denoiser(tmp_path_factory.mktemp("model") / "slow.zip", side=15, hidden=96)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in/sub").mkdir(parents=True)
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    for number in range(IMAGES):
        image = Image.fromarray(np.roll(noise, number, axis=1))
        image.save(tmp_path / "in" / ("sub", "")[number % 2] / f"{number:03}.png")
    return tmp_path / "in"


def started(script: Path, *arguments: str | Path) -> "subprocess.Popen[str]":
    command = [sys.executable, script, *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(list(map(str, command)), stdout=pipe, stderr=pipe, text=True)


def written(out: Path) -> dict[str, tuple[int, int]]:
    """Which file each output is: another one has another number or time."""
    there = [path for path in out.rglob("*.png") if not path.name.startswith(".")]
    return {
        path.relative_to(out).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in there
    }


def wait_for(out: Path, number: int, process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + PATIENCE
    while len(written(out)) < number:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_cluster_of_this_machine_does_what_one_process_does(
    script: Path, model: Path, folder: Path
) -> None:
    """The same bytes, exit code, sentences and table; one bad file is reported."""
    for path in sorted(folder.rglob("*.png"))[10:]:
        path.unlink()
    (folder / "bad.png").write_text("Dear diary")
    (folder / "notes.txt").write_text("none")
    table = folder.parent / "t.csv"
    alone = started(script, folder, "-o", folder.parent / "alone", "--model", model)
    given = ("--csv", table, "--report", folder.parent / "r.html")
    out = folder.parent / "out"
    shared = started(script, folder, "-o", out, "--model", model, "--cluster", "local:2", *given)
    (said, lines), (_, plain) = shared.communicate(), alone.communicate()
    assert shared.returncode == alone.returncode == 1, (said, lines)
    assert "10 done, 1 skipped, 1 failed" in said
    assert {line.partition(" (")[0] for line in lines.splitlines()} == {
        line.partition(" (")[0] for line in plain.splitlines()
    }
    for path in (folder.parent / "alone").rglob("*.png"):
        assert (out / path.relative_to(folder.parent / "alone")).read_bytes() == path.read_bytes()
    with table.open(newline="") as file:
        sources = [row["source"] for row in csv.DictReader(file)]
    assert len(sources) == 12
    assert sources == sorted(sources)
    assert "Dear diary" not in (folder.parent / "r.html").read_text()


def test_what_a_format_cannot_hold_is_listed_before_anything_is_written(
    script: Path, model: Path, folder: Path
) -> None:
    """As without a cluster: the others are done, and resuming says the same again."""
    paths = sorted(folder.rglob("*.png"))
    for path in paths[4:]:
        path.unlink()
    with Image.open(paths[0]) as image:
        image.putalpha(200)
        image.save(paths[0])
    out = folder.parent / "out"
    given = (folder, "-o", out, "--model", model, "--cluster", "local:2", "--format", "JPEG")
    for state in ("3 done, 0 skipped, 1 failed", "0 done, 3 skipped, 1 failed"):
        process = started(script, *given, "--resume")
        said, lines = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1, lines
        assert state in said
        first, *_ = (line for line in lines.splitlines() if line.startswith(str(folder)))
        assert f"{paths[0]}: failed: cannot become JPEG without a loss of transparency" in first
    made = {path.name for path in out.rglob("*.jpg")}
    assert made == {path.with_suffix(".jpg").name for path in paths[1:4]}


def test_workers_that_are_killed_lose_nothing_and_nothing_is_done_twice(
    script: Path, model: Path, folder: Path
) -> None:
    out, chance = folder.parent / "out", np.random.default_rng(0)
    process = started(script, folder, "-o", out, "--model", model, "--cluster", "local:2")
    seen: dict[str, tuple[int, int]] = {}
    for number in (5, 25, 50, 75):
        wait_for(out, number, process)
        seen = written(out) | seen
        there = workers(process)
        there[chance.integers(len(there))].kill()
    said, lines = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, lines
    assert f"{IMAGES} done, 0 skipped, 0 failed" in said
    assert "Traceback" not in lines
    found = written(out)
    assert len(found) == IMAGES
    assert seen.items() <= found.items()
    assert not list(out.rglob("*.part"))


def test_a_worker_that_neither_ends_nor_answers_is_replaced(
    script: Path, model: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is stopped says nothing for a minute, here for five seconds."""
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL", "5s")
    for path in sorted(folder.rglob("*.png"))[40:]:
        path.unlink()
    out = folder.parent / "out"
    process = started(script, folder, "-o", out, "--model", model, "--cluster", "local:2")
    wait_for(out, 5, process)
    stuck = workers(process)[0]
    stuck.suspend()
    said, lines = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, lines
    assert "40 done, 0 skipped, 0 failed" in said
    assert not stuck.is_running()
    assert not list(out.rglob("*.part"))


def test_a_worker_keeps_no_record_of_what_each_second_was_spent_on() -> None:
    """Dask's profiler would grow for an hour."""
    with Cluster("local:1") as cluster:
        time.sleep(2)
        kept = cluster._client.run(lambda dask_worker: len(dask_worker.profile_history))
    assert list(kept.values()) == [0]


def test_a_worker_gives_freed_memory_back_as_the_c_library_does_or_as_it_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Dask's default costs half as much again as the computing."""
    import dask

    key = "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_"
    names = ["MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "OMP_NUM_THREADS"]
    for told, expected in ((None, str(2**25)), (4096, "4096")):
        for name in names:
            monkeypatch.delenv(name, raising=False)
        with dask.config.set({key: told} if told else {}), Cluster("local:1") as cluster:
            found = cluster._client.run(lambda: list(map(os.environ.get, names)))
        assert list(found.values()) == [[expected, str(2**22), "1"]]


def test_scores_against_clean_partners_outlive_workers_and_the_job(
    script: Path, model: Path, folder: Path
) -> None:
    """What is scored in the end, of what was done before and since, is what one process scores."""
    for path in sorted(folder.rglob("*.png"))[40:]:
        path.unlink()
    generator = np.random.default_rng(0)
    for path in folder.rglob("*.png"):
        clean = folder.parent / "clean" / path.relative_to(folder).with_suffix(".tif")
        clean.parent.mkdir(parents=True, exist_ok=True)
        image = np.asarray(Image.open(path)) + generator.normal(0, 20, (64, 64, 3))
        Image.fromarray(np.clip(image, 0, 255).astype(np.uint8)).save(clean)
    given = (folder, "--model", model, "--against", folder.parent / "clean", "--resume", "--csv")
    out = folder.parent / "out"
    shared = (*given, folder.parent / "shared.csv", "-o", out, "--cluster", "local:2")

    process = started(script, *shared)
    wait_for(out, 5, process)
    workers(process)[0].kill()
    wait_for(out, 15, process)
    family = [psutil.Process(process.pid), *workers(process)]
    for each in family:
        each.kill()
    process.communicate()
    psutil.wait_procs(family, timeout=PATIENCE)
    kept = written(out)
    last = started(script, *shared)
    said, lines = last.communicate(timeout=PATIENCE)
    assert last.returncode == 0, lines
    assert f"{40 - len(kept)} done, {len(kept)} skipped, 0 failed" in said
    assert kept.items() <= written(out).items()

    alone = started(script, *given, folder.parent / "alone.csv", "-o", folder.parent / "alone")
    expected, lines = alone.communicate(timeout=PATIENCE)
    assert alone.returncode == 0, lines
    scored = [line for line in said.splitlines() if "mean of 40 files" in line]
    assert len(scored) == 2
    assert scored == [line for line in expected.splitlines() if "mean of 40 files" in line]
    tables = []
    for name in ("shared", "alone"):
        with (folder.parent / f"{name}.csv").open(newline="") as file:
            tables.append([[row[key] for key in SCORED] for row in csv.DictReader(file)])
    assert tables[0] == tables[1]

    (folder.parent / "clean/001.tif").unlink()
    refused = started(script, *shared)
    _, lines = refused.communicate(timeout=PATIENCE)
    assert refused.returncode == 2
    assert "001.png': there is no '001' of any ending" in lines


def test_a_job_that_is_killed_whole_goes_on_where_it_was(
    script: Path, model: Path, folder: Path
) -> None:
    out = folder.parent / "out"
    given = (folder, "-o", out, "--model", model, "--cluster", "local:2", "--resume")
    kept: dict[str, tuple[int, int]] = {}
    for number in (20, 60):
        process = started(script, *given)
        wait_for(out, number, process)
        family = [psutil.Process(process.pid), *workers(process)]
        for each in family:
            each.send_signal(signal.SIGKILL)
        process.communicate()
        psutil.wait_procs(family, timeout=PATIENCE)
        kept = written(out) | kept
    last = started(script, *given)
    said, lines = last.communicate(timeout=PATIENCE)
    assert last.returncode == 0, lines
    assert f"{IMAGES - len(kept)} done, {len(kept)} skipped, 0 failed" in said
    found = written(out)
    assert len(found) == IMAGES
    assert kept.items() <= found.items()
    assert not list(out.rglob("*.part"))


def test_a_file_that_ends_every_process_is_reported_and_the_others_are_done(
    script: Path, model: Path, folder: Path, tmp_path: Path
) -> None:
    """As a picture does that needs more memory than there is."""
    for path in sorted(folder.rglob("*.png"))[12:]:
        path.unlink()
    (folder / "bomb.png").write_bytes(next(folder.glob("*.png")).read_bytes())
    deadly = tmp_path / "deadly.py"
    deadly.write_text(
        "import os\nfrom denoising_pipeline.batch.collection import task\n"
        "safe = task.denoise_file\n"
        "def deadly(work, *given):\n"
        "    return os._exit(9) if 'bomb' in work.source.name else safe(work, *given)\n"
        f"task.denoise_file = deadly\n{DENOISE}"
    )
    out = folder.parent / "out"
    process = started(deadly, folder, "-o", out, "--model", model, "--cluster", "local:2")
    said, lines = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1, lines
    assert "12 done, 0 skipped, 1 failed" in said
    assert "bomb.png: failed: ended the processes that tried it" in lines


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with object_storage(monkeypatch) as address:
        yield address


def test_object_storage_keeps_a_collection_through_kills_and_gives_the_same_bytes(
    script: Path, model: Path, folder: Path, s3: str
) -> None:
    import s3fs

    files = s3fs.S3FileSystem(use_listings_cache=False, skip_instance_cache=True)
    for path in sorted(folder.rglob("*.png"))[40:]:
        path.unlink()
    (folder / "bad.png").write_text("Dear diary")
    files.put(f"{folder}/", "photos/in/", recursive=True)

    def there() -> dict[str, object]:
        found = files.find("photos/out", detail=True)
        return {k: v["LastModified"] for k, v in found.items() if k.endswith(".png")}

    given = (f"{s3}/in", "-o", f"{s3}/out", "--model", model, "--cluster", "local:2", "--resume")
    process = started(script, *given)
    deadline = time.monotonic() + PATIENCE
    while len(there()) < 8:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.2)
    for each in [psutil.Process(process.pid), *workers(process)]:
        each.kill()
    process.communicate()
    time.sleep(1.1)  # The server's clock has seconds.
    kept = there()
    last = started(script, *given)
    said, lines = last.communicate(timeout=PATIENCE)
    assert last.returncode == 1, lines
    assert f"{40 - len(kept)} done, {len(kept)} skipped, 1 failed" in said
    assert "s3://photos/in/bad.png: failed: is no image" in lines
    assert kept.items() <= there().items()
    alone = started(script, folder, "-o", folder.parent / "alone", "--model", model)
    alone.communicate()
    for path in (folder.parent / "alone").rglob("*.png"):
        name = path.relative_to(folder.parent / "alone").as_posix()
        assert files.cat_file(f"photos/out/{name}") == path.read_bytes()
    assert files.exists(f"photos/out/{MANIFEST}/shards.json")


def test_a_cluster_that_was_started_elsewhere_is_used_and_one_that_is_not_there_is_said(
    script: Path, model: Path, folder: Path
) -> None:
    for path in sorted(folder.rglob("*.png"))[20:]:
        path.unlink()
    out = folder.parent / "out"
    with dask_cluster() as address:
        process = started(script, folder, "-o", out, "--model", model, "--cluster", address)
        said, lines = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, lines
    assert "20 done" in said
    away = started(script, folder, "-o", f"{out}2", "--model", model, "--cluster", address)
    _, lines = away.communicate(timeout=PATIENCE)
    assert away.returncode == 2
    assert f"The cluster '{address}' does not answer" in lines
    assert not Path(f"{out}2").exists()


def test_a_worker_that_the_scheduler_does_not_reach_ends_the_job_by_its_address(
    script: Path, model: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT", "2s")
    closed, out = f"tcp://127.0.0.1:{free_port()}", folder.parent / "out"
    listens = ("--listen-address", f"tcp://127.0.0.1:{free_port()}", "--no-nanny")
    with dask_cluster("--contact-address", closed, *listens) as address:
        process = started(script, folder, "-o", out, "--model", model, "--cluster", address)
        _, lines = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "The scheduler does not reach a worker" in lines
    assert closed in lines
    assert not [path for path in out.rglob("*") if path.is_file()]
