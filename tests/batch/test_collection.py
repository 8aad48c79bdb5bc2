"""Collections and where they lie, without a cluster: listing, shards, records, results."""

import shutil
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import fsspec
import numpy as np
import pytest
from batch_inputs import done, failed
from PIL import Image
from small_denoiser import resuming_options

from denoising_pipeline.batch.collection.shards import Collected, collect
from denoising_pipeline.batch.collection.spill import Spill
from denoising_pipeline.batch.collection.task import (
    Job,
    NotSharedError,
    denoise_shard,
    look_at_shard,
)
from denoising_pipeline.batch.one import Options
from denoising_pipeline.batch.places import Address, Stamp, digest_of, place_of
from denoising_pipeline.batch.plan import MANIFEST, RECORD, PlanError, make_plan
from denoising_pipeline.batch.results import FileResult
from denoising_pipeline.batch.run import run_batch


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> Options:
    return resuming_options(tmp_path_factory.mktemp("model"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve images in two folders."""
    (tmp_path / "in/sub").mkdir(parents=True)
    noise = np.random.default_rng(0).integers(0, 255, (12, 8, 8, 3), np.uint8)
    for number, image in enumerate(noise):
        Image.fromarray(image).save(tmp_path / "in" / ("sub", "")[number % 2] / f"{number:02}.png")
    return tmp_path / "in"


@pytest.fixture
def store(folder: Path) -> Iterator[str]:
    """The same in memory, as object storage is: no links, no renaming, no adding to a file."""
    files = fsspec.filesystem("memory")
    files.put(str(folder), "/bucket/in", recursive=True)
    yield "memory://bucket"
    files.rm("/bucket", recursive=True)


def found_of(
    inputs: list[str], output: str, **options: str | None
) -> tuple[Collected, list[FileResult]]:
    left_out: list[FileResult] = []
    given: dict[str, str | None] = {"suffix": None, "format": None, **options}
    places = [place_of(each) for each in inputs]
    found = collect(places, place_of(output), given["suffix"], given["format"], left_out.append)
    return found, left_out


def work_through(found: Collected, options: Options, job: str = "a job") -> list[FileResult]:
    """Do in this process what the workers of a cluster do."""
    common = Job(found.naming, replace(options, job=job), options.model_digest, 1)
    shards = list(found.shards(frozenset()))
    return [each for shard, files in shards for each in denoise_shard(common, shard, files)]


def statuses(results: list[FileResult]) -> dict[str, int]:
    return {s: sum(each.status == s for each in results) for s in ("done", "skipped", "failed")}


def test_an_address_is_written_as_it_was_given_and_goes_on_like_a_path() -> None:
    address = place_of("s3://bucket/in/")
    assert str(address / "a b.png") == "s3://bucket/in/a b.png"
    assert isinstance(address.parent, Address)
    assert place_of("in/a.png") == Path("in/a.png")
    with pytest.raises(ValueError, match="has // or"):
        place_of("s3://bucket//in")


def test_a_collection_has_the_names_that_a_folder_has_without_a_cluster(folder: Path) -> None:
    out = folder.parent / "out"
    (folder / "notes.txt").write_text("none")
    for suffix, wanted in ((None, None), ("_x", "TIFF")):
        found, left_out = found_of([str(folder)], str(out), suffix=suffix, format=wanted)
        plan = make_plan([folder], out, suffix, wanted)
        items = [
            found.naming.item(*pair, "") for pair in zip(found.bases, found.names, strict=True)
        ]
        assert {(i.source, i.target) for i in items} == {(w.source, w.target) for w in plan.works}
        assert left_out == plan.left_out


def test_every_file_is_in_one_shard_and_stays_there_when_others_come(folder: Path) -> None:
    def placed() -> dict[str, str]:
        found, _ = found_of([str(folder)], str(folder.parent / "out"))
        shards = found.shards(frozenset())
        return {each.name: shard for shard, files in shards for each in files}

    before = placed()
    assert len(before) == 12
    assert len(set(before.values())) == 2
    (folder / "more.png").write_bytes((folder / "01.png").read_bytes())
    after = placed()
    assert before.items() < after.items()


def test_what_cannot_be_is_refused_before_anything_is_written(folder: Path, store: str) -> None:
    (folder / "01.jpg").write_bytes((folder / "01.png").read_bytes())
    found, _ = found_of([str(folder)], str(folder.parent / "out"), format="TIFF")
    with pytest.raises(PlanError, match=r"01.jpg' and '.*01.png' would both become '01.tif'"):
        list(found.shards(frozenset()))
    for given, output in ((f"{store}/in", store), (str(folder), str(folder))):
        with pytest.raises(PlanError, match="lies where the outputs would go"):
            found_of([given], output)
    with pytest.raises(PlanError, match=r"'memory://bucket/gone' does not exist"):
        found_of([f"{store}/gone"], f"{store}/out")
    assert not (folder.parent / "out/00.png").exists()


def test_fault_r23_a_collection_leads_nothing_out_of_its_folder(folder: Path) -> None:
    out, elsewhere = folder.parent / "out", folder.parent / "elsewhere"
    for place in (out, elsewhere):
        place.mkdir()
    (out / "sub").symlink_to(elsewhere)
    found, _ = found_of([str(folder)], str(out))
    with pytest.raises(PlanError, match=r"out/sub' leads out of '.*out', to '.*elsewhere'"):
        list(found.shards(frozenset()))
    assert list(out.iterdir()) == [out / "sub"]


@pytest.mark.parametrize("ends", ["store to store", "folder to store", "store to folder"])
def test_object_storage_gives_the_same_bytes_and_remembers_what_is_done(
    folder: Path, store: str, options: Options, ends: str
) -> None:
    local, files = folder.parent, fsspec.filesystem("memory")
    source, target = (each == "store" for each in ends.split(" to "))
    given = f"{store}/in" if source else str(folder)
    out = f"{store}/out" if target else str(local / "there")
    run_batch(make_plan([folder], local / "plain"), options)

    assert statuses(work_through(found_of([given], out)[0], options))["done"] == 12
    place = files if target else fsspec.filesystem("file")
    path = "/bucket/out" if target else out
    for image in (local / "plain").rglob("*.png"):
        name = image.relative_to(local / "plain").as_posix()
        assert place.cat_file(f"{path}/{name}") == image.read_bytes()

    again = work_through(found_of([given], out)[0], options, "another job")
    assert {each.reason for each in again} == {"is done and unchanged"}

    place.pipe_file(f"{path}/sub/00.png", b"somebody else's")
    changed = f"{given.replace('memory:/', '')}/01.png" if source else f"{given}/01.png"
    (files if source else fsspec.filesystem("file")).pipe_file(changed, b"no image")
    last = work_through(found_of([given], out)[0], options, "a third")
    said = {each.source.name: each.reason for each in last if each.reason[:4] != "is d"}
    assert said.keys() == {"00.png", "01.png"}
    assert said["00.png"] == (
        "exists already, and no record says that it was made here and not changed since: "
        "--overwrite replaces it"
    )
    assert said["01.png"].startswith("is no image")


def test_a_task_that_is_tried_again_does_what_is_missing_and_tells_all(
    folder: Path, store: str, options: Options
) -> None:
    """Also without --resume: an output of the same job is no output of somebody else."""
    once = replace(options, resume=False)
    for out in (str(folder.parent / "out"), f"{store}/out"):
        found, _ = found_of([str(folder)], out)
        common = Job(found.naming, replace(once, job="a job"), options.model_digest, 1)
        shard, files = next(found.shards(frozenset()))
        denoise_shard(common, shard, files[:3])
        first = found.naming.item(files[0].base, files[0].name, shard).target
        before = Stamp.of(first)
        results = denoise_shard(common, shard, files)
        assert statuses(results)["done"] == len(files)
        assert all(each.width == 8 for each in results)
        assert Stamp.of(first) == before


@pytest.mark.parametrize("hidden", ["in", "out", "clean"])
def test_a_machine_that_does_not_see_a_folder_writes_nothing_and_says_which(
    folder: Path, options: Options, hidden: str
) -> None:
    """It would make a folder of its own for the outputs, and call them done."""
    out = folder.parent / "out"
    shutil.copytree(folder, folder.with_name("clean"))
    found = collect([folder], out, None, None, lambda _: None, folder.with_name("clean"))
    common = Job(found.naming, replace(options, job="a job"), options.model_digest, 1)
    shard, files = next(found.shards(frozenset()))
    (folder.parent / hidden).rename(folder.parent / "elsewhere")
    for what in (denoise_shard, look_at_shard):
        with pytest.raises(NotSharedError, match=f"{socket.gethostname()}.*/{hidden}'"):
            what(common, shard, files)
    assert not list(out.rglob("*.png"))


def test_a_worker_that_was_given_up_takes_nothing_from_the_record_when_it_goes_on(
    folder: Path, store: str, options: Options
) -> None:
    """A machine whose network comes back: another has done its shard in between."""
    found, _ = found_of([str(folder)], f"{store}/out")
    own = replace(options, job="a job")
    common = Job(found.naming, own, options.model_digest, 1)
    shard, files = next(found.shards(frozenset()))
    denoise_shard(common, shard, files[:1])
    items = [found.naming.item(each.base, each.name, shard) for each in files]
    cut_off = own.record(items[0])
    assert cut_off.is_done(items[0])
    denoise_shard(common, shard, files)
    made = Stamp.of(items[1].target)
    digest = digest_of(items[1].source)
    result = FileResult(items[1].source, items[1].target, "done")
    cut_off.note(items[1], Stamp.of(items[1].source), digest, made, result)
    again = denoise_shard(replace(common, options=replace(own, job="another")), shard, files)
    assert {each.reason for each in again} == {"is done and unchanged"}


def test_a_folder_goes_on_with_and_without_a_cluster(folder: Path, options: Options) -> None:
    out = folder.parent / "out"
    plan = make_plan([folder], out)
    run_batch(replace(plan, works=plan.works[:5]), options)
    results = work_through(found_of([str(folder)], str(out))[0], options)
    assert statuses(results) == {"done": 7, "skipped": 5, "failed": 0}
    assert not (out / RECORD).exists()
    assert (out / MANIFEST).is_dir()
    assert statuses(run_batch(plan, options))["skipped"] == 12


def test_results_come_from_the_disk_in_the_order_of_their_sources() -> None:
    results = [done("b.png"), failed("a.png"), done("c.png")]
    spill = Spill()
    for each in results:
        spill.append(each)
    assert len(spill) == 3
    assert list(spill) == [results[1], results[0], results[2]]
    assert results[0] in spill
