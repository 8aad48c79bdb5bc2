"""The command `denoise`, in this process."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image
from skimage import data
from small_denoiser import write_denoiser

from denoising_pipeline.batch.plan import RECORD
from denoising_pipeline.cli import files
from denoising_pipeline.cli.denoise import denoise
from denoising_pipeline.cli.models import models


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_denoiser(tmp_path_factory.mktemp("model") / "small.zip"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a picture and a folder of two files, one of them bad."""
    (tmp_path / "in").mkdir()
    photo = Image.fromarray(data.astronaut()[:40, :48])
    photo.save(tmp_path / "photo.jpg", quality=95)
    photo.save(tmp_path / "in/good.png")
    (tmp_path / "in/bad\n.png").write_text("Dear diary")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(model: str, *arguments: str) -> Result:
    return CliRunner().invoke(denoise, [*arguments, "--model", model])


def test_a_photograph_goes_beside_itself_and_leaves_nothing_else(folder: Path, model: str) -> None:
    done = run(model, "photo.jpg")
    assert done.exit_code == 0, done.output
    assert "photo.jpg: -> photo_denoised.jpg (48x40, JPEG RGB 8 bit" in done.stderr
    assert "1 done, 0 skipped, 0 failed" in done.stdout
    names = {path.name for path in folder.iterdir()}
    assert names == {"in", "photo.jpg", "photo_denoised.jpg"}


def test_exit_codes_tell_what_happened(folder: Path, model: str) -> None:
    assert run(model, "photo.jpg", "in/good.png", "-o", "out").exit_code == 0
    again = run(model, "photo.jpg", "in/good.png", "-o", "out")
    assert (again.exit_code, "Nothing was done" in again.stderr) == (2, True)
    assert run(model, "photo.jpg", "in/good.png", "-o", "out", "--resume").exit_code == 0
    some = run(model, "in")
    assert some.exit_code == 1
    assert "in/bad\\n.png: failed: is no image" in some.stderr
    assert (folder / "in_denoised" / RECORD).exists()


def test_resuming_is_no_success_where_no_record_knows_the_outputs(folder: Path, model: str) -> None:
    assert run(model, "in/good.png").exit_code == 0
    whole = (folder / "in/good_denoised.png").read_bytes()
    (folder / "out").mkdir()
    (folder / "out/good.png").write_text("mine")
    for arguments in (("--strength", "0.3"), ("-o", "out")):
        again = run(model, "in/good.png", "--resume", *arguments)
        assert again.exit_code == 2
        assert "no record says that it was made here" in again.stderr
    assert (folder / "in/good_denoised.png").read_bytes() == whole
    assert (folder / "out/good.png").read_text() == "mine"

    assert run(model, "photo.jpg", "--resume").exit_code == 0
    first = (folder / "photo_denoised.jpg").read_bytes()
    assert run(model, "photo.jpg", "--resume").exit_code == 0
    assert (folder / "photo_denoised.jpg").read_bytes() == first
    assert run(model, "photo.jpg", "--resume", "--strength", "0.3").exit_code == 0
    assert (folder / "photo_denoised.jpg").read_bytes() != first


def test_results_of_many_files_lie_on_the_disk_and_are_told_likewise(
    folder: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []
    for few, name in ((1000, "few"), (0, "many")):
        monkeypatch.setattr(files, "FEW", few)
        done = run(model, "photo.jpg", "in", "-o", "out", "--overwrite", "--csv", name)
        assert done.exit_code == 1
        with (folder / name).open(newline="") as file:
            told.append([{**row, "seconds": ""} for row in csv.DictReader(file)])
        assert "2 done, 0 skipped, 1 failed" in done.stdout
    assert told[0] == told[1]
    assert len(told[0]) == 3


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Missing argument"),
        (["in", "-o", "out", "--against", "gone"], "'gone' does not exist"),
        (["in", "--watch", "--against", "in"], "--against does not go with --watch"),
        (["in", "--against", "s3://bucket/clean"], "lies in object storage: give --cluster local"),
        (["gone.jpg"], "'gone.jpg' does not exist"),
        (["photo.jpg", "-o", "photo.jpg"], "would be written over the input"),
        (["photo.jpg", "-o", "x.gif"], "ends in no format"),
        (["photo.jpg", "--format", "gif"], "'gif' is no format that is written"),
        (["photo.jpg", "--strength", "2"], "not in the range"),
        (["photo.jpg", "--max-memory", "much"], "no amount; write it as 2G"),
        (["photo.jpg", "--max-memory", "1"], "max_memory is 1 bytes, but the smallest tile"),
        (["photo.jpg", "--csv", "in"], "is a folder; give a file"),
        (["photo.jpg", "--json", "in/good.png"], "'in/good.png' exists already"),
        (["photo.jpg", "--json", "photo.jpg"], "--json 'photo.jpg' is an input, too"),
        (["photo.jpg", "--watch"], "--watch needs a folder"),
        (["photo.jpg", "models"], "a path of that name is written ./models"),
        (["photo.jpg", "--model", "nobody"], "no denoiser 'nobody'"),
        (["photo.jpg", "--model", "photo.jpg"], "'photo.jpg' is corrupt or no denoiser file"),
        (["photo.jpg", "--model", "catalog:"], "means the catalog of a project"),
        (["-", "photo.jpg"], "- stands alone"),
        (["-", "--resume"], "--resume does not go with -"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_nothing_is_done(
    folder: Path, model: str, arguments: list[str], says: str
) -> None:
    chosen = [] if "--model" in arguments else ["--model", model]
    done = CliRunner().invoke(denoise, [*arguments, *chosen])
    assert done.exit_code == 2
    assert says in done.stderr
    assert "Traceback" not in done.output
    assert {path.name for path in folder.iterdir()} == {"in", "photo.jpg"}


@pytest.mark.parametrize(
    "arguments", [["photo.jpg"], ["in", "--dry-run"], ["in", "--watch"], ["-"], ["gone", "-o", "-"]]
)
def test_a_noise_level_for_a_network_that_is_not_told_it_is_refused_before_a_file_is_read(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, arguments: list[str]
) -> None:
    blind = write_denoiser(tmp_path_factory.mktemp("model") / "blind.zip", told=False)
    done = run(str(blind), *arguments, "--sigma", "25")
    assert done.exit_code == 2
    assert "is not told the noise level" in done.stderr
    assert not done.stdout
    assert {path.name for path in folder.iterdir()} == {"in", "photo.jpg"}


def test_a_path_named_like_a_command_is_given_with_a_dot(folder: Path, model: str) -> None:
    (folder / "photo.jpg").rename(folder / "serve")
    assert run(model, "./serve", "-o", "out.png").exit_code == 0
    assert (folder / "out.png").exists()


def test_tables_are_written_beside(folder: Path, model: str) -> None:
    assert run(model, "in", "--csv", "t.csv", "--json", "t.json", "--sigma", "25.5").exit_code == 1
    with (folder / "t.csv").open(newline="") as file:
        rows = {row["source"]: row for row in csv.DictReader(file)}
    found = {each["source"]: each for each in json.loads((folder / "t.json").read_text())}
    assert rows.keys() == found.keys() == {"in/good.png", "in/bad\\n.png"}
    good = found["in/good.png"]
    assert (good["status"], good["width"], good["format"]) == ("done", 48, "PNG")
    assert good["told"] == pytest.approx(0.1)
    assert rows["in/good.png"]["status"] == "done"
    assert found["in/bad\\n.png"]["status"] == "failed"
    assert found["in/bad\\n.png"]["reason"]


def test_a_dry_run_tells_and_writes_nothing(folder: Path, model: str) -> None:
    done = run(model, "in", "photo.jpg", "-o", "out", "--dry-run", "--format", "BMP")
    assert done.exit_code == 1
    assert "2 would be done, 1 would fail; nothing is written" in done.stdout
    assert {path.name for path in folder.iterdir()} == {"in", "photo.jpg"}


def test_what_a_format_cannot_keep_is_said_before_anything_is_written(
    folder: Path, model: str
) -> None:
    (exif := Image.Exif())[0x010F] = "Maker"
    Image.open(folder / "photo.jpg").save(folder / "photo.jpg", exif=exif, dpi=(96, 96))
    done = run(model, "photo.jpg", "-o", "out", "--dry-run", "--format", "BMP")
    assert "BMP does not keep EXIF data." in " ".join(done.stdout.split())
    assert not (folder / "out").exists()
    assert "BMP does not keep EXIF data." in run(model, "photo.jpg", "--format", "BMP").stderr


def test_what_a_format_cannot_hold_is_listed_before_anything_is_written(
    folder: Path, model: str
) -> None:
    pixels = data.astronaut()[:40, :48]
    alpha = np.full((40, 48, 1), 200, np.uint8)
    Image.fromarray(np.concatenate([pixels, alpha], 2)).save(folder / "in/see_through.png")
    done = run(model, "in", "-o", "out", "--format", "jpeg")
    assert done.exit_code == 1
    lines = [line for line in done.stderr.splitlines() if line.startswith("in/")]
    bad, seen, good = lines
    assert "is no image" in bad
    assert "in/see_through.png: failed: cannot become JPEG without a loss of transparency" in seen
    assert "in/good.png: -> good.jpg" in good
    assert {path.name for path in (folder / "out").iterdir()} == {"good.jpg", RECORD}
    assert "1 done, 0 skipped, 2 failed" in done.stdout


def test_fault_r19_large_pictures_are_refused_until_allowed(folder: Path, model: str) -> None:
    refused = run(model, "photo.jpg", "--max-pixels", "1K")
    assert refused.exit_code == 1
    assert "raise that by --max-pixels" in " ".join(refused.stderr.split())
    assert run(model, "photo.jpg", "--max-pixels", "1.92K").exit_code == 0


def test_strength_blends(folder: Path, model: str) -> None:
    for strength in ("0", "0.5", "1"):
        arguments = ("in/good.png", "-o", f"{strength}.png", "--strength", strength)
        assert run(model, *arguments).exit_code == 0
    assert (folder / "0.png").read_bytes() == (folder / "in/good.png").read_bytes()
    none, half, whole = (
        np.asarray(Image.open(folder / f"{strength}.png")).astype(float)
        for strength in ("0", "0.5", "1")
    )
    assert np.abs(half - (none + whole) / 2).max() <= 1


def test_the_help_names_options_and_commands() -> None:
    said = CliRunner().invoke(denoise, ["-h"]).stdout
    assert "25 means a standard" in said
    assert "denoise models" in said


def test_every_shipped_denoiser_is_listed_with_its_card() -> None:
    from denoising_pipeline.denoiser.shipped import shipped_denoisers

    said = CliRunner().invoke(models, [])
    assert said.exit_code == 0
    assert all(f"{name}: " in said.stdout for name in shipped_denoisers())
    assert "not for" in said.stdout or "There is none" in said.stdout


@pytest.mark.parametrize(
    ("output", "table", "what"),
    [
        ("new.png", ("--csv", "photo.png"), "an input"),
        ("new.png", ("--report", "link.png"), "an input"),
        ("new.png", ("--json", "new.png"), "an output"),
        ("new.png", ("--csv", "table", "--json", "table"), "--csv"),
    ],
)
def test_what_is_written_beside_takes_the_place_of_no_picture(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    model: str,
    output: str,
    table: tuple[str, ...],
    what: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.new("L", (8, 8)).save("photo.png")
    Path("link.png").symlink_to("photo.png")
    content = Path("photo.png").read_bytes()
    result = run(model, "photo.png", "-o", output, *table, "--overwrite")
    assert result.exit_code == 2
    assert f"is {what}, too: give another file" in result.output
    assert Path("photo.png").read_bytes() == content
    assert {path.name for path in tmp_path.iterdir()} == {"photo.png", "link.png"}
