"""A batch in this process: one bad file ends nothing, nothing is lost, nothing is done twice."""

import json
import os
import shutil
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from batch_inputs import thumbnails
from click.testing import CliRunner
from limits import on_small_disk
from PIL import Image
from skimage import data
from small_denoiser import write_denoiser
from unfinished import part_of_one_that_is_gone

from denoising_pipeline.batch.clashes import refuse_clashes
from denoising_pipeline.batch.one import Options, look_at_file
from denoising_pipeline.batch.plan import RECORD, PlanError, Work, make_plan
from denoising_pipeline.batch.record import Record, Stamp
from denoising_pipeline.batch.report import render
from denoising_pipeline.batch.results import FileResult
from denoising_pipeline.batch.run import Batch, run_batch
from denoising_pipeline.batch.tables import line_of, row_of
from denoising_pipeline.batch.watch import watch
from denoising_pipeline.cli.denoise import denoise
from denoising_pipeline.denoiser.picture import Settings


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> Options:
    return Options(write_denoiser(tmp_path_factory.mktemp("model") / "small.zip"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures, one of them deeper; a text that calls itself one, a cut and an empty one."""
    photo = data.astronaut()[:64, :80]
    (tmp_path / "in/deep").mkdir(parents=True)
    Image.fromarray(photo).save(tmp_path / "in/a.png")
    Image.fromarray(photo[..., 0]).save(tmp_path / "in/deep/grey.tif")
    (tmp_path / "in/empty.png").touch()
    (tmp_path / "in/text.png").write_text("Dear diary")
    (tmp_path / "in/cut.png").write_bytes((tmp_path / "in/a.png").read_bytes()[:3000])
    return tmp_path


def run(folder: Path, options: Options, **more: Any) -> dict[str, FileResult]:
    plan = make_plan([folder / "in"], folder / "out")
    found = run_batch(plan, replace(options, **more))
    return {str(result.source.relative_to(folder / "in")): result for result in found}


def statuses(found: dict[str, FileResult]) -> dict[str, str]:
    return {name: result.status for name, result in found.items()}


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


GOOD = {"a.png": "done", "deep/grey.tif": "done"}
SKIPPED = dict.fromkeys(GOOD, "skipped")
BAD = {"text.png": "failed", "cut.png": "failed", "empty.png": "failed"}


def test_fault_r20_bad_files_are_listed_and_the_rest_is_done(
    folder: Path, options: Options
) -> None:
    before = content(folder / "in")
    found = run(folder, options)
    assert statuses(found) == GOOD | BAD
    assert "no image" in found["text.png"].reason
    assert "damaged or truncated" in found["cut.png"].reason
    assert found["empty.png"].reason == "is empty"
    assert content(folder / "out").keys() == {*GOOD, RECORD}
    assert content(folder / "in") == before
    grey = found["deep/grey.tif"]
    assert (grey.format, grey.mode, grey.depth, grey.pages) == ("TIFF", "grey", "8 bit", 1)
    assert (grey.width, grey.height, grey.megapixels) == (80, 64, 80 * 64 / 1e6)
    assert grey.sigma is not None and 0 <= grey.sigma < 0.2
    assert grey.seconds > 0


@pytest.mark.parametrize("size", [(1, 1), (5, 7), (29, 31), (4000, 3)])
def test_fault_r21_a_picture_of_any_size_comes_back_in_that_size(
    tmp_path: Path, options: Options, size: tuple[int, int]
) -> None:
    """Height and width, as well as turned on their side."""
    (tmp_path / "in").mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "in/as it is.png")
    Image.fromarray(noise.transpose(1, 0, 2)).save(tmp_path / "in/turned.png")
    found = run(tmp_path, options)
    assert statuses(found) == {"as it is.png": "done", "turned.png": "done"}
    assert np.asarray(Image.open(tmp_path / "out/as it is.png")).shape == (*size, 3)
    assert np.asarray(Image.open(tmp_path / "out/turned.png")).shape == (*size[::-1], 3)


def test_fault_r17_alpha_is_not_touched(tmp_path: Path, options: Options) -> None:
    """Of colour and of grey; what is under it is denoised."""
    (tmp_path / "in").mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (20, 30, 4), np.uint8)
    Image.fromarray(noise).save(tmp_path / "in/colour.png")
    Image.fromarray(noise[..., 2:]).save(tmp_path / "in/grey.png")
    assert set(statuses(run(tmp_path, options)).values()) == {"done"}
    for name, mode in (("colour.png", "RGBA"), ("grey.png", "LA")):
        given, made = Image.open(tmp_path / "in" / name), Image.open(tmp_path / "out" / name)
        assert given.mode == made.mode == mode
        np.testing.assert_array_equal(np.asarray(made)[..., -1], np.asarray(given)[..., -1])
        assert np.asarray(made)[..., 0].std() < 0.6 * np.asarray(given)[..., 0].std()


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes")
def test_fault_r22_files_of_any_name_are_written_under_it(tmp_path: Path, options: Options) -> None:
    names = [
        " two words .png",
        "line\nbreak.png",
        "é日本.png",
        "e\u0301.png",
        "-x.png",
        "a'b\"$.png",
    ]
    names.append(os.fsdecode(b"\xff\xfe.png"))
    (tmp_path / "in").mkdir()
    for name in names:
        Image.fromarray(data.astronaut()[:8, :8]).save(tmp_path / "in" / name)
    assert statuses(run(tmp_path, options)) == dict.fromkeys(names, "done")
    assert content(tmp_path / "out").keys() == {*names, RECORD}
    assert statuses(run(tmp_path, options, resume=True)) == dict.fromkeys(names, "skipped")


def test_what_is_denoised_is_what_the_network_gives(folder: Path, options: Options) -> None:
    """An average of 3x3 pixels, of a grey file in three equal channels, rounded to 8 bits."""
    run(folder, options)
    noisy, denoised = (
        np.asarray(Image.open(folder / name / "deep/grey.tif")).astype(float)
        for name in ("in", "out")
    )
    mean = sum(noisy[y : y + 62, x : x + 78] for y in range(3) for x in range(3)) / 9
    assert np.abs(denoised[1:-1, 1:-1] - mean).max() <= 0.501


def test_strength_zero_gives_the_bytes_back(folder: Path, options: Options) -> None:
    run(folder, options, settings=Settings(strength=0))
    for name in GOOD:
        assert (folder / "out" / name).read_bytes() == (folder / "in" / name).read_bytes()


def test_fault_r26_outputs_that_exist_stay_unless_asked(folder: Path, options: Options) -> None:
    (folder / "out").mkdir()
    (folder / "out/a.png").write_text("mine")
    for more in ({}, {"resume": True}):
        found = run(folder, options, **more)
        assert found["a.png"].status == "skipped"
        assert "--overwrite" in found["a.png"].reason
        assert (folder / "out/a.png").read_text() == "mine"
    assert run(folder, options, overwrite=True)["a.png"].status == "done"
    assert (folder / "out/a.png").read_bytes() != b"mine"


def test_resuming_skips_what_is_done_and_does_what_is_not(folder: Path, options: Options) -> None:
    run(folder, options)
    (folder / "out/deep/grey.tif").unlink()
    part = part_of_one_that_is_gone(folder / "out/deep/grey.tif")
    part.write_bytes(b"of a run that was killed")
    found = run(folder, options, resume=True)
    assert statuses(found) == GOOD | BAD | {"a.png": "skipped"}
    assert found["a.png"].reason == "is done and unchanged"
    assert not part.exists()


def test_resuming_does_again_what_changed_and_looks_at_content(
    folder: Path, options: Options
) -> None:
    run(folder, options)
    os.utime(folder / "in/a.png", (1, 1))
    assert run(folder, options, resume=True)["a.png"].status == "skipped"
    Image.fromarray(data.astronaut()[100:164, :80]).save(folder / "in/a.png")
    assert run(folder, options, resume=True)["a.png"].status == "done"
    half = Settings(strength=0.5)
    assert statuses(run(folder, options, resume=True, settings=half)) == GOOD | BAD
    (folder / "out/a.png").write_text("edited by its owner")
    assert run(folder, options, resume=True)["a.png"].status == "skipped"
    assert (folder / "out/a.png").read_text() == "edited by its owner"


def test_a_later_batch_of_a_process_knows_what_an_earlier_one_has_done(
    folder: Path, options: Options
) -> None:
    """As the batches of a folder that is watched."""
    assert statuses(run(folder, options, resume=True)) == GOOD | BAD
    Image.fromarray(data.astronaut()[100:164, :80]).save(folder / "in/a.png")
    found = run(folder, options, resume=True)
    assert statuses(found) == GOOD | BAD | {"deep/grey.tif": "skipped"}


def test_a_torn_record_is_no_obstacle(folder: Path, options: Options) -> None:
    run(folder, options)
    with (folder / "out" / RECORD).open("ab") as file:
        file.write(b'\xff{"target": "a.p')
    assert run(folder, options, resume=True)["a.png"].status == "skipped"


def test_a_long_name_is_written(folder: Path, options: Options) -> None:
    """A file system takes 255 bytes, and the unfinished file needs a name, too."""
    long = f"{'é' * 125}.png"
    (folder / "in/a.png").rename(folder / "in" / long)
    assert run(folder, options)[long].status == "done"


FORMATS = ["png", "jpg", "tif", "bmp", "webp", "npy"]


def denoise_where_the_disk_is_full(folder: str, model: str) -> None:
    """Denoise to a disk that has no room for the second picture of a folder; then make room."""
    os.chdir(folder)
    for ending in FORMATS:
        given, made = Path(ending), Path("disk", ending)
        names = sorted(path.name for path in given.iterdir())
        made.mkdir()
        Path("disk/filling").write_bytes(bytes(580_000))
        command = [ending, "-o", str(made), "--model", model]
        full = CliRunner().invoke(denoise, command)
        assert full.exit_code == 1, full.output
        assert "the disk is full" in full.output
        assert "Traceback" not in full.output
        assert content(made).keys() == {names[0], RECORD}
        Path("disk/filling").unlink()
        again = CliRunner().invoke(denoise, [*command, "--resume"])
        assert "1 done, 1 skipped, 0 failed" in again.output, again.output
        assert content(made).keys() == {*names, RECORD}
        shutil.rmtree(made)


def test_fault_r25_a_full_disk_ends_the_batch_and_leaves_whole_pictures(
    tmp_path: Path, options: Options
) -> None:
    """A real one: the first picture has room beside a file of somebody, the second has not."""
    noise = np.random.default_rng(0).integers(0, 256, (400, 400, 3), np.uint8)
    for folder in ("disk", *FORMATS):
        (tmp_path / folder).mkdir()
    for ending, (name, pixels) in product(FORMATS, (("a", noise[:8, :8]), ("b", noise))):
        path = tmp_path / ending / f"{name}.{ending}"
        if ending == "npy":
            np.save(path, pixels)
        else:
            Image.fromarray(pixels).save(path)
    arguments = str(tmp_path), str(options.model)
    on_small_disk(tmp_path / "disk", 600_000, denoise_where_the_disk_is_full, *arguments)


@pytest.mark.skipif(os.geteuid() == 0, reason="everything is permitted to root")
def test_a_folder_that_cannot_be_written_is_refused_before_work(
    folder: Path, options: Options
) -> None:
    (folder / "out").mkdir(mode=0o500)
    with pytest.raises(PlanError, match="permission is missing"):
        run(folder, options)


def test_a_file_where_a_folder_is_needed_is_refused_before_work(
    folder: Path, options: Options
) -> None:
    (folder / "out").write_text("a file")
    with pytest.raises(PlanError, match="is a file, and a folder is needed"):
        run(folder, options)


@pytest.mark.slow
def test_two_processes_give_the_same_bytes_and_survive_one_that_dies(
    folder: Path, options: Options
) -> None:
    """The file in the hands of the one that died has failed, and another takes its place."""
    photo = data.astronaut()[:64, :80]
    for number in range(6):
        Image.fromarray(np.roll(photo, number, 0)).save(folder / f"in/{number}.png")
    expected = {n: r.status for n, r in run(folder, options).items()}
    alone = content(folder / "out")
    plan = make_plan([folder / "in"], folder / "both")
    with Batch(plan, options, workers=2) as batch:
        results = batch.results()
        found = [next(results)]
        assert batch._crew is not None
        batch._crew._members[0].process.kill()
        found += results
    lost = [each for each in found if "ended its process" in each.reason]
    assert len(found) == len(plan.works)
    assert len(lost) <= 1
    both = content(folder / "both")
    missing = {str(each.source.relative_to(folder / "in")) for each in lost}
    assert both.keys() - {RECORD} == alone.keys() - {RECORD} - missing
    assert all(both[name] == alone[name] for name in both.keys() - {RECORD})
    assert sum(status == "done" for status in expected.values()) == 8


def test_looking_writes_nothing(folder: Path, options: Options) -> None:
    plan = make_plan([folder / "in"], folder / "out", format="BMP")
    found = [look_at_file(work, options) for work in plan.works]
    assert {each.source.name: each.status for each in found}["a.png"] == "done"
    assert not (folder / "out").exists()


def test_a_watched_folder_gives_what_is_new_or_changed_once_it_is_quiet(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    steps = iter(["a", "", "grow a", "", "b", ""])

    def look() -> Any:
        step = next(steps)
        if step:
            with (tmp_path / "in" / f"{step[-1]}.png").open("a") as file:
                file.write("more")
        return make_plan([tmp_path / "in"], tmp_path / "out")

    plans = watch(look, pause=0)
    assert [[work.source.name for work in next(plans).works] for _ in range(3)] == [
        ["a.png"],
        ["a.png"],
        ["b.png"],
    ]


@pytest.mark.parametrize(
    "line", ['{"target": "a.png"}', "[]", "3", '{"target": [], "size": 0}', "[" * 10**5, "\udcff"]
)
def test_a_record_that_is_torn_or_holds_anything_else_costs_nothing(
    tmp_path: Path, line: str
) -> None:
    """What is noted next begins on a line of its own."""
    (tmp_path / "a.png").write_text("some")
    work = Work(tmp_path / "a.png", tmp_path / "a.png", tmp_path, None, recorded=True)
    (tmp_path / RECORD).write_bytes(line.encode("utf-8", "surrogateescape"))
    record = Record(tmp_path, "settings")
    assert not record.is_done(work)
    assert not record.is_own(work)
    result = FileResult(work.source, work.target, "done")
    record.note(work, Stamp.of(work.source), "digest", Stamp.of(work.target), result)
    assert Record(tmp_path, "settings").is_own(work)


def test_a_file_that_went_since_it_was_listed_clashes_with_nothing(tmp_path: Path) -> None:
    """In a watched folder, files come and go all the time; the one of an equal target is gone."""
    (tmp_path / "there.png").write_text("some")
    pairs = [(tmp_path / name, tmp_path / "out.png") for name in ("gone.png", "there.png")]
    assert not refuse_clashes(pairs[:1])
    assert not refuse_clashes(pairs[1:])
    assert "both become" in refuse_clashes(pairs)


def test_a_denoiser_of_one_size_is_refused(folder: Path, options: Options) -> None:
    import zipfile

    sized = folder / "sized.zip"
    with zipfile.ZipFile(options.model) as given, zipfile.ZipFile(sized, "w") as made:
        for name in given.namelist():
            text = given.read(name)
            made.writestr(name, text.replace(b"null,\n    null,\n    3", b"28,\n    28,\n    3"))
    with pytest.raises(ValueError, match="for images of 28x28 pixels"):
        run(folder, options, model=sized)


def test_fault_r25_a_file_that_may_not_grow_so_large_fails_alone_and_leaves_nothing(
    folder: Path, options: Options
) -> None:
    """With a real limit of the system, which the noise of a larger picture goes beyond."""
    resource = pytest.importorskip("resource")
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    Image.fromarray(noise).save(folder / "in/large.bmp")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, limits[1]))
    try:
        found = run(folder, options)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert statuses(found) == GOOD | BAD | {"large.bmp": "failed"}
    assert "larger than a file may be here" in found["large.bmp"].reason
    assert content(folder / "out").keys() == {*GOOD, RECORD}


def test_a_record_that_was_torn_goes_on_with_whole_lines(folder: Path, options: Options) -> None:
    """A crash or a full disk took the end of the last line: what is noted next is read."""
    run(folder, options)
    record = folder / "out" / RECORD
    lines = record.read_text().splitlines()
    record.write_text("\n".join((lines[0], lines[1][:20])))
    (folder / "out" / json.loads(lines[1])["target"]).unlink()
    run(folder, options, resume=True)
    assert (
        statuses(run(folder, replace(options), resume=True)) == dict.fromkeys(GOOD, "skipped") | BAD
    )


def test_what_is_noted_and_never_came_hides_no_output(folder: Path, options: Options) -> None:
    """Killed between the line and the new output: the old one is still known as made here."""
    run(folder, options)
    record = folder / "out" / RECORD
    never = [json.loads(line) | {"made": [1, 1]} for line in record.read_text().splitlines()]
    with record.open("a") as file:
        file.write("".join(f"{json.dumps(line)}\n" for line in never))
    assert statuses(run(folder, options, resume=True)) == SKIPPED | BAD


def test_gain_is_told_where_noise_grows_with_the_signal(tmp_path: Path, options: Options) -> None:
    rng = np.random.default_rng(0)
    clean = np.tile(np.linspace(0.1, 0.7, 320), (320, 1))
    for name, variance in (("grows", 0.002 * clean), ("even", 0.001)):
        noisy = clean + rng.normal(0, np.sqrt(variance), clean.shape)
        np.save(tmp_path / f"{name}.npy", noisy.astype(np.float32))
    plan = make_plan(sorted(tmp_path.glob("*.npy")), tmp_path / "out")
    even, grows = run_batch(plan, options)
    assert even.gain is None
    assert grows.gain == pytest.approx(0.002, rel=0.15)
    assert row_of(grows)["gain"] == grows.gain
    assert f", gain {grows.gain:.2g}" in line_of(grows)
    assert ", gain " not in line_of(even)
    page = render([replace(grows, thumbnails=thumbnails()), even], {})
    assert page.count("<dt>Gain</dt>") == 1
    assert f"{grows.gain:.2g}: the noise is stronger" in page
