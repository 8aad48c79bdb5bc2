"""Files scored against clean partners: which these are, what is measured, what is remembered."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import numpy.typing as npt
import pytest
from batch_inputs import done
from PIL import Image
from small_denoiser import resuming_options

from denoising_pipeline.batch import scores
from denoising_pipeline.batch.collection.shards import collect
from denoising_pipeline.batch.collection.task import Job, denoise_shard
from denoising_pipeline.batch.one import Options, look_at_file
from denoising_pipeline.batch.options import InferenceParameters
from denoising_pipeline.batch.partners import paired
from denoising_pipeline.batch.places import place_of
from denoising_pipeline.batch.plan import Plan, PlanError, make_plan
from denoising_pipeline.batch.report import write_report
from denoising_pipeline.batch.results import FileResult
from denoising_pipeline.batch.run import run_batch
from denoising_pipeline.batch.scores import lines_of, means, measured
from denoising_pipeline.evaluation.metrics import mean_interval, psnr, ssim
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.pictures.formats import PictureError, open_picture
from denoising_pipeline.pipelines.inference.nodes import denoise_files

FIELDS = ("psnr_before", "psnr_after", "ssim_before", "ssim_after")


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> Options:
    return resuming_options(tmp_path_factory.mktemp("model"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six noisy images in two folders, and their clean partners in `clean`, some of them TIFF."""
    generator = np.random.default_rng(0)
    for number in range(6):
        clean = generator.integers(60, 200, (20, 24, 3), np.uint8)
        noisy = np.clip(clean + generator.normal(0, 20, clean.shape), 0, 255).astype(np.uint8)
        below = ("sub", "")[number % 2]
        ending = ("png", "tif")[number % 3 == 0]
        for name, image in ((f"in/{below}/{number}.png", noisy), (f"{number}.{ending}", clean)):
            path = tmp_path / (name if image is noisy else f"clean/{below}/{name}")
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(path)
    return tmp_path


def plan_of(folder: Path) -> Plan:
    return paired(make_plan([folder / "in"], folder / "out"), folder / "clean")


def run(folder: Path, options: Options) -> dict[str, FileResult]:
    return {each.source.name: each for each in run_batch(plan_of(folder), options)}


def scores_of(results: dict[str, FileResult]) -> dict[str, list[float | None]]:
    return {name: [getattr(each, field) for field in FIELDS] for name, each in results.items()}


def batch_of(path: Path) -> Images:
    return np.asarray(Image.open(path), np.float32)[np.newaxis] / np.float32(255)


def test_scores_are_those_of_the_metrics_on_the_files_that_are_written(
    folder: Path, options: Options
) -> None:
    found = run(folder, options)
    for result in found.values():
        below = Path(result.source).relative_to(folder / "in")
        (partner,) = (folder / "clean" / below.parent).glob(f"{below.stem}.*")
        clean, before, after = map(batch_of, (partner, Path(result.source), folder / "out" / below))
        assert result.psnr_before == pytest.approx(psnr(clean, before)[0], abs=1e-4)
        assert result.psnr_after == pytest.approx(psnr(clean, after)[0], abs=1e-4)
        assert result.ssim_before == pytest.approx(ssim(clean, before)[0], abs=1e-5)
        assert result.ssim_after == pytest.approx(ssim(clean, after)[0], abs=1e-5)


@pytest.mark.parametrize(("height", "width"), [(300, 50), (11, 300), (75, 11), (64, 64), (10, 40)])
def test_bands_of_rows_give_what_the_whole_picture_gives(
    height: int, width: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scores, "_BLOCK", 64)
    generator = np.random.default_rng(0)
    clean, noisy = (generator.random((height, width), np.float32) for _ in "ab")
    for name, image in (("clean", clean), ("noisy", noisy)):
        np.save(tmp_path / f"{name}.npy", image)
    one, other = (open_picture(tmp_path / f"{name}.npy") for name in ("clean", "noisy"))
    found = measured(other, one, one)
    pair = clean[np.newaxis, ..., np.newaxis], noisy[np.newaxis, ..., np.newaxis]
    assert found["psnr_before"] == pytest.approx(psnr(*pair)[0], abs=1e-9)
    assert found["psnr_after"] == 100
    if min(height, width) < 11:
        assert found["ssim_before"] is None
    else:
        assert found["ssim_before"] == pytest.approx(ssim(*pair)[0], abs=1e-9)


def test_pictures_are_seen_on_the_scale_of_their_partner(tmp_path: Path) -> None:
    """Floats from 0 to 1000, of which noise has left the range; and types that share no scale."""
    generator = np.random.default_rng(0)
    clean = np.linspace(0, 1000, 400, dtype=np.float32).reshape(20, 20)
    noisy = clean + generator.normal(0, 50, clean.shape).astype(np.float32)
    stored = (clean / 4).astype(np.uint8)
    files: dict[str, npt.NDArray[Any]] = {"clean": clean, "noisy": noisy, "bytes": stored}
    for name, image in files.items():
        np.save(tmp_path / f"{name}.npy", image)
    pictures = {name: open_picture(tmp_path / f"{name}.npy") for name in files}
    found = measured(pictures["noisy"], pictures["clean"], pictures["clean"])
    expected = 10 * np.log10(1000**2 / np.mean((clean - noisy) ** 2, dtype=np.float64))
    assert found["psnr_before"] == pytest.approx(expected, abs=1e-4)
    with pytest.raises(PictureError, match="no scale in common"):
        measured(pictures["noisy"], pictures["noisy"], pictures["bytes"])


def test_a_grey_picture_is_compared_with_a_partner_in_colour(tmp_path: Path) -> None:
    grey = np.full((20, 20), 100, np.uint8)
    colour = np.stack([grey, grey, grey + 30], axis=2)
    for name, image in (("grey", grey), ("colour", colour)):
        Image.fromarray(image).save(tmp_path / f"{name}.png")
    one, other = (open_picture(tmp_path / f"{name}.png") for name in ("grey", "colour"))
    expected = 10 * np.log10(255**2 / (30**2 / 3))
    assert measured(one, one, other)["psnr_before"] == pytest.approx(expected, abs=1e-3)


def test_what_was_scored_is_remembered_and_a_changed_partner_is_looked_at_again(
    folder: Path, options: Options
) -> None:
    run_batch(make_plan([folder / "in"], folder / "out"), options)
    outputs = {path: path.stat().st_mtime_ns for path in (folder / "out").rglob("*.png")}
    first = run(folder, options)
    assert {each.reason for each in first.values()} == {"is done and unchanged"}
    assert all(each.psnr_after for each in first.values())
    assert outputs == {path: path.stat().st_mtime_ns for path in outputs}
    lines = (folder / "out/.denoise.jsonl").read_bytes()

    again = run(folder, options)
    assert scores_of(again) == scores_of(first)
    assert (folder / "out/.denoise.jsonl").read_bytes() == lines

    (folder / "clean/1.png").write_bytes((folder / "in/1.png").read_bytes())
    last = run(folder, options)
    assert last["1.png"].psnr_before == 100
    assert last["1.png"].status == "skipped"
    others = {"0.png", "2.png", "3.png", "4.png", "5.png"}
    assert all(scores_of(last)[name] == scores_of(first)[name] for name in others)


def test_a_partner_of_no_use_fails_its_file_alone_and_before_it_is_denoised(
    folder: Path, options: Options
) -> None:
    Image.new("RGB", (24, 21)).save(folder / "clean/1.png")
    (folder / "clean/5.png").write_text("Dear diary")
    looked = {
        each.name: look_at_file(w, options) for w in plan_of(folder).works for each in [w.source]
    }
    found = run(folder, options)
    for name, said in (
        ("1.png", "is of 24x20 pixels, and its partner '"),
        ("5.png", "has a partner of no use: '"),
    ):
        assert looked[name].status == found[name].status == "failed"
        assert found[name].reason.startswith(said)
        assert "clean/" in found[name].reason
        assert not (folder / "out" / name).exists()
    assert sum(each.status == "done" for each in found.values()) == 4


def test_what_has_no_partner_or_several_is_refused_before_work(folder: Path) -> None:
    (folder / "clean/1.tif").write_bytes((folder / "clean/1.png").read_bytes())
    plan_of(folder)  # The one of the same ending is meant.
    (folder / "clean/1.png").rename(folder / "clean/1.bmp")
    (folder / "clean/sub/2.png").unlink()
    with pytest.raises(PlanError, match=r"in/1.png': there are 1.bmp and 1.tif\n") as error:
        plan_of(folder)
    assert "in/sub/2.png': there is no 'sub/2' of any ending" in str(error.value)
    with pytest.raises(PlanError, match="'gone' does not exist"):
        paired(make_plan([folder / "in"], folder / "out"), Path("gone"))


def test_outputs_never_come_among_the_partners(folder: Path) -> None:
    for given, output, against in (
        (folder / "in", folder / "clean", folder / "clean"),
        (folder / "in", folder / "clean/deeper", folder / "clean"),
        (folder / "in/1.png", folder / "clean/1.png", folder / "clean/1.png"),
    ):
        with pytest.raises(PlanError, match="is clean, and outputs would go there"):
            paired(make_plan([given], output), against)
        with pytest.raises(PlanError, match="is clean, and outputs would go there"):
            collect([given], output.parent if output.suffix else output, None, None, print, against)
    beside = paired(make_plan([folder / "in/1.png"]), folder / "clean/1.png")
    assert beside.works[0].partner == folder / "clean/1.png"
    with pytest.raises(PlanError, match="is one file, and several"):
        paired(make_plan([folder / "in"], folder / "out"), folder / "clean/1.png")


def test_object_storage_has_the_same_scores_and_keeps_them(folder: Path, options: Options) -> None:
    files = fsspec.filesystem("memory")
    for name in ("in", "clean"):
        files.put(str(folder / name), f"/scored/{name}", recursive=True)
    expected = scores_of(run(folder, replace(options, resume=False)))

    def work_through(job: str) -> list[FileResult]:
        given, out, clean = (place_of(f"memory://scored/{name}") for name in ("in", "out", "clean"))
        found = collect([given], out, None, None, print, clean)
        common = Job(found.naming, replace(options, job=job), options.model_digest, 1)
        shards = list(found.shards(frozenset()))
        return [each for shard, names in shards for each in denoise_shard(common, shard, names)]

    try:
        for status, job in (("done", "a job"), ("skipped", "another job")):
            results = {each.source.name: each for each in work_through(job)}
            assert {each.status for each in results.values()} == {status}
            assert scores_of(results) == expected
        records = files.glob("/scored/out/.denoise/*.jsonl")
        before = {name: files.cat_file(name) for name in records}
        work_through("a third job")
        assert before == {name: files.cat_file(name) for name in records}
    finally:
        files.rm("/scored", recursive=True)


def test_means_are_those_of_the_values_and_nothing_is_kept() -> None:
    generator = np.random.default_rng(0)
    before, after = generator.normal(20, 2, 50), generator.normal(30, 3, 50)
    results = [
        replace(done(), psnr_before=one, psnr_after=other)
        for one, other in zip(before, after, strict=True)
    ]
    found = means([done(), *results])
    for name, values in (("before", before), ("after", after), ("gain", after - before)):
        assert found[f"psnr_{name}"][:3] == pytest.approx(mean_interval(values), rel=1e-12)
        assert found[f"psnr_{name}"].files == 50
    assert "ssim_gain" not in found
    (line,) = lines_of(found)
    assert line.startswith("PSNR [dB], mean of 50 files and 95 % interval: before ")
    assert means([done()]) == {}


def test_the_report_has_the_scores(tmp_path: Path) -> None:
    scored = replace(
        done(), psnr_before=20.123, psnr_after=30.456, ssim_before=0.5, ssim_after=0.75
    )
    write_report([scored, done("b.png")], tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert "before 20.12, gain 10.33 (10.33 to 10.33), 1 files" in page
    assert ">0.7500<" in page
    write_report([done()], tmp_path / "r.html")
    assert "measured" not in (tmp_path / "r.html").read_text()


def test_kedro_scores_them_likewise(
    folder: Path, options: Options, caplog: pytest.LogCaptureFixture
) -> None:
    parameters = InferenceParameters(
        input=str(folder / "in"),
        output=str(folder / "out"),
        model=str(options.model),
        against=str(folder / "clean"),
    )
    caplog.set_level("INFO")
    table, _ = denoise_files(parameters)
    found = {str(each.source): each for each in run(folder, options).values()}
    rows = zip(map(str, table["source"]), table[list(FIELDS)].to_numpy().tolist(), strict=True)
    assert dict(rows) == scores_of(found)
    assert "PSNR [dB], mean of 6 files" in caplog.text
