"""What `denoise train` chooses for a folder, and where it writes that down."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import yaml
from click.testing import CliRunner, Result
from PIL import Image
from project_folder import Project
from skimage import data
from small_denoiser import write_denoiser

from denoising_pipeline.batch.doctor import examine
from denoising_pipeline.batch.doctor.advice import LEAST
from denoising_pipeline.cli.material import Material, material, unreadable
from denoising_pipeline.cli.own_recipe import (
    EPOCHS,
    LEAST_SIDE,
    Recipe,
    held_out,
    judged_side,
    parameters_for,
    patch_for,
    patches_per_epoch,
)
from denoising_pipeline.cli.train import train
from denoising_pipeline.config import validate_parameters
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.images.options import PairNames


def photographs(folder: Path, count: int, noise: float = 0) -> Path:
    """Write crops of a photograph, clean or noisy, under names with spaces."""
    folder.mkdir()
    draws = np.random.default_rng(0)
    for i in range(count):
        pixels = data.astronaut()[16 * i : 16 * i + 96, 32 * i : 32 * i + 104].astype(float)
        pixels += draws.normal(0, noise, pixels.shape) if noise else 0
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(folder / f"my {i}.png")
    return folder


def asked(project: Project, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    monkeypatch.chdir(project.path)
    return CliRunner().invoke(train, arguments)


@pytest.mark.parametrize("images", [LEAST, 9, 14, 20, 100, 5000])
def test_images_are_left_to_learn_from_and_enough_are_held_out_to_tell(images: int) -> None:
    test, validation = held_out(images)
    assert test >= 6
    assert validation >= (1 if images == LEAST else 2)  # from two on, a PSNR can be predicted
    assert images - test - validation >= 1
    assert test + validation <= 0.9 * images


@pytest.mark.parametrize(
    "given",
    [
        Material("clean", 30, ()),
        Material("pairs", 30, (), PairNames(clean="a/*", noisy="b/*"), "(.*)_"),
        Material("noisy", 30, ()),
        Material("noisy", 30, (), scene="(.*)_"),
        Material("noisy", 30, (), still=True),
    ],
)
def test_the_parameters_are_those_of_the_schema_and_suit_the_shipped_denoiser(
    given: Material,
) -> None:
    found = validate_parameters(parameters_for(given, 96, "photos", 30))
    assert found.training.model == Denoiser.load("photos").architecture
    kept = (found.training.start, found.training.keep, found.training.interrupt)
    assert kept == ("photos", "best", "keep")
    from_nothing = validate_parameters(parameters_for(given, 96, None, 30)).training
    assert from_nothing.learning_rate > found.training.learning_rate
    alone = given.kind == "noisy"
    assert found.training.objective.self_supervised is alone
    assert found.ingestion.noisy is alone
    assert found.noise_injection.root.drawn is (given.kind == "clean")


def test_patches_are_as_many_as_the_minutes_allow() -> None:
    """Scores and report take a quarter of the time, and three minutes at least."""
    for minutes, for_steps in ((40, 30), (8, 5), (2, 0.5)):
        patches = patches_per_epoch(minutes, seconds_per_step=0.5)
        assert EPOCHS * patches / 8 * 0.5 == pytest.approx(60 * for_steps, rel=0.02)
    assert patches_per_epoch(1, 1000) == 8


def test_of_many_megapixels_the_middles_are_judged_that_there_is_time_for() -> None:
    """More minutes, and fewer images, are for more pixels; small ones are whole."""
    side = judged_side("clean", 6, 2, 12, 30, 3)
    assert side is not None
    assert LEAST_SIDE < side < 2000
    assert judged_side("clean", 6, 2, side**2 / 1.1e6, 30, 3) is None
    assert (judged_side("clean", 6, 2, 12, 60, 3) or 0) > 1.3 * side
    assert (judged_side("pairs", 6, 2, 12, 30, 3) or 0) > 1.3 * side
    assert (judged_side("noisy", 6, 2, 100, 30, 3) or 0) > (
        judged_side("noisy", 60, 2, 100, 30, 3) or 0
    )
    assert judged_side("noisy", 600, 2, 1, 8, 3) == LEAST_SIDE
    assert judged_side("pairs", 6, 2, 0.25, 2, 3) is None
    assert judged_side("pairs", 6, 12, 50, 30, 3) == LEAST_SIDE


def test_large_pages_are_judged_by_their_middles_and_that_is_said(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pace = "denoising_pipeline.cli.train._pace"  # of a slow machine, and then of a fast one
    monkeypatch.setattr(pace, lambda training: (0.6, 4.0))
    draws = np.random.default_rng(0)
    pages = np.clip(draws.normal(128, 15, (9, 1024, 1024)), 0, 255).astype(np.uint8)
    for name, seen in (("large", pages), ("small", pages[:, :LEAST_SIDE, :LEAST_SIDE])):
        (tmp_path / name).mkdir()
        tifffile.imwrite(tmp_path / name / "a.tif", seen, photometric="minisblack")
    result = asked(project, monkeypatch, str(tmp_path / "large"), "--dry-run", "--minutes", "1")
    assert result.exit_code == 0, result.output
    (side,) = set(re.findall(r"the middle of (\d+)x\1 pixels is scored", result.output))
    assert f"test_side: {side}" in result.output
    assert "6.3 megapixels, would take longer than 1 minutes allow" in result.output
    for slow in (4.0, 40.0):  # too slow even for the least that is judged, which is all of these
        monkeypatch.setattr(pace, lambda training, slow=slow: (0.6, slow))
        whole = asked(project, monkeypatch, str(tmp_path / "small"), "--dry-run", "--minutes", "1")
        assert whole.exit_code == 0, whole.output
        assert "test_side" not in whole.output
    monkeypatch.setattr(pace, lambda training: (0.01, 0.1))
    whole = asked(project, monkeypatch, str(tmp_path / "large"), "--dry-run", "--minutes", "1")
    assert whole.exit_code == 0, whole.output
    assert "test_side" not in whole.output


@pytest.mark.parametrize(("side", "patch"), [(5000, 96), (96, 96), (95, 88), (40, 40)])
def test_patches_fit_into_the_smallest_image(side: int, patch: int) -> None:
    assert patch_for(side, 8) == patch


def test_a_recipe_is_written_whole_and_nothing_is_replaced(tmp_path: Path) -> None:
    folder = photographs(tmp_path / "images", 1)
    (tmp_path / "conf").mkdir()
    given: dict[str, Any] = {"seed": 3}
    recipe = Recipe("own", folder, ("It has a reason.",), given)
    recipe.write(tmp_path)
    written = (tmp_path / "conf/own/parameters.yml").read_text()
    assert written.startswith(f"# Trains on the images of {folder}.\n# It has a reason.\n")
    assert yaml.safe_load(written) == given
    values = yaml.safe_load((tmp_path / "conf/own/globals.yml").read_text())
    assert values == {"source": "own", "data": "data/own", "registered_model": "own"}
    assert (tmp_path / "data/01_raw/own/my 0.png").is_file()
    with pytest.raises(FileExistsError, match="conf/own' exists"):
        recipe.write(tmp_path)


def test_what_would_be_done_is_said_with_its_reasons(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = photographs(tmp_path / "my own", 9)
    result = asked(project, monkeypatch, str(folder), "--dry-run", "--minutes", "2")
    assert result.exit_code == 0, result.output
    assert "9 images" in result.output
    assert "They are clean" in result.output
    (limit,) = set(re.findall(r"Starts from photos; at most .* past (\S+) minutes,", result.output))
    assert f"minutes: {limit}" in result.output
    assert float(limit) == 0.5
    assert "not timed: about 3 minutes more" in result.output
    assert "conf/my_own/parameters.yml:" in result.output
    assert not (project.path / "conf/my_own").exists()
    assert not (project.path / "data/01_raw/my_own").exists()


def test_noisy_images_are_learnt_from_alone_and_that_is_said(tmp_path: Path) -> None:
    folder = photographs(tmp_path / "dark", 9, 25)
    found = examine(folder)
    alone, scenes = material(folder, found), material(folder, found, scene=r"my (\d)")
    assert (alone.kind, alone.images, alone.scene) == ("noisy", 9, None)
    assert "They are noisy (median noise 2" in alone.reasons[0]
    assert "there are no clean ones: neighbouring pixels" in alone.reasons[0]
    assert "shots of one scene are compared" in scenes.reasons[0]
    assert scenes.scene == r"my (\d)"


def test_noise_that_is_cut_off_is_told_from_the_histogram(tmp_path: Path) -> None:
    for name, level in (("grey", 128), ("dark", 10)):
        (tmp_path / name).mkdir()
        for number in range(8):
            draws = np.random.default_rng(number)
            pixels = np.clip(draws.normal(level, 20, (96, 96)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / f"{name}/{number}.png")
    folders = [tmp_path / "grey", tmp_path / "dark"]
    grey, dark = (" ".join(material(each, examine(each)).reasons) for each in folders)
    assert "cut off" not in grey
    assert "The noise of 8 of 8 images is cut off at black or white" in dark
    assert "not zero on average" in dark


@pytest.mark.parametrize("name", ["{scene}_{shot}", "{scene}/{shot}", "{shot}/{scene}"])
def test_scenes_are_told_by_the_names_of_their_shots(tmp_path: Path, name: str) -> None:
    draws = np.random.default_rng(0)
    for scene, shot in np.ndindex(4, 2):
        clean = data.astronaut()[90 * scene : 90 * scene + 96, 100:204]
        file = tmp_path / (name.format(scene=f"s{scene}", shot=f"t{shot}") + ".png")
        file.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.clip(clean + draws.normal(0, 15, clean.shape), 0, 255)
        Image.fromarray(pixels.astype(np.uint8)).save(file)
    found = examine(tmp_path)
    assert found.repeats == [2, 2, 2, 2]
    given = material(tmp_path, found)
    assert given.scene is not None
    assert "shots of one scene are compared" in given.reasons[0]
    assert "8 of them are shots of 4 scenes, which their names tell" in given.reasons[1]


def stack(file: Path, pages: int, step: int) -> None:
    """Write noisy pages of 96x96 pixels of a photograph, each a step of pixels further."""
    draws = np.random.default_rng(pages)
    grey = data.camera().astype(float)
    seen = [grey[100:196, 150 + step * page :][:, :96] for page in range(pages)]
    noisy = np.clip(np.stack(seen) + draws.normal(0, 15, (pages, 96, 96)), 0, 255)
    file.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(file, noisy.astype(np.uint8), photometric="minisblack")


def test_all_pages_of_a_stack_are_learnt_from_and_what_is_taken_for_granted_is_said(
    tmp_path: Path,
) -> None:
    stack(tmp_path / "a/stack.tif", 12, 3)
    found = examine(tmp_path / "a")
    assert (found.stacks, found.still, found.pages, found.images) == (1, 0, 12, 12)
    given = material(tmp_path / "a", found)
    assert (given.kind, given.images, given.still) == ("noisy", 12, False)
    said = " ".join(given.reasons)
    assert "12 pages in 1 stack, each an image of its own" in said
    assert "Careful: its last pages are set aside" in said
    assert "slices or moments that differ, and are not compared with each other" in said
    stack(tmp_path / "b/one.tif", 12, 3)
    stack(tmp_path / "b/two.tif", 9, 3)
    said = " ".join(material(tmp_path / "b", examine(tmp_path / "b")).reasons)
    assert "21 pages in 2 stacks" in said
    assert "No stack is both learnt from and judged by" in said


def test_shots_of_a_still_scene_are_told_from_slices_and_compared(tmp_path: Path) -> None:
    for name in "ab":
        stack(tmp_path / f"{name}.tif", 6, 0)
    found = examine(tmp_path)
    assert (found.still, found.is_still) == (2, True)
    assert [way.name for way in found.ways] == ["noise2noise"]
    given = material(tmp_path, found)
    assert (given.images, given.still) == (12, True)
    assert "the pages of a stack are compared with each other" in given.reasons[0]
    assert "differ by no more than noise" in " ".join(given.reasons)
    parameters = parameters_for(given, 96, "photos", 30)
    assert parameters["ingestion"]["still"] is True
    assert parameters["training"]["objective"]["name"] == "noise2noise"
    stack(tmp_path / "b.tif", 6, 1)
    mixed = material(tmp_path, examine(tmp_path))
    assert (mixed.images, mixed.still) == (12, False)


def test_pages_of_pairs_are_pairs(tmp_path: Path) -> None:
    for side, noise in (("clean", 0), ("noisy", 15)):
        for number in range(2):
            pixels = np.stack(
                [data.camera()[60 * number + 9 * i :][:96, 150:246] for i in range(5)]
            )
            pixels = pixels + np.random.default_rng(number).normal(0, noise, pixels.shape)
            (tmp_path / side).mkdir(exist_ok=True)
            file = tmp_path / side / f"{number}.tif"
            pages = np.clip(pixels, 0, 255).astype(np.uint8)
            tifffile.imwrite(file, pages, photometric="minisblack")
    given = material(tmp_path, examine(tmp_path))
    assert (given.kind, given.images) == ("pairs", 10)
    assert given.reasons[0].startswith("10 pairs: noisy/* is noisy")


def test_a_page_that_cannot_be_read_is_listed_and_left_out(tmp_path: Path) -> None:
    draws = np.random.default_rng(0)
    pixels = draws.integers(0, 255, (12, 64, 64), np.uint8)
    tifffile.imwrite(
        path := tmp_path / "a.tif", pixels, photometric="minisblack", compression="zlib"
    )
    with tifffile.TiffFile(path) as tiff:
        place = tiff.pages[2].aspage().dataoffsets[0]
    content = bytearray(path.read_bytes())
    content[place : place + 20] = bytes(20)
    path.write_bytes(content)
    found, faults = unreadable(tmp_path, examine(tmp_path))
    ((name, reason),) = faults
    assert name == "a.tif:3"
    assert reason.startswith("cannot be read")
    assert found.images == 11


def test_files_that_cannot_be_read_are_listed_and_left_out_only_if_that_is_wanted(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = photographs(tmp_path / "images", 9)
    (folder / "broken.png").write_bytes(b"nothing")
    tifffile.imwrite(folder / "counts.tif", np.full((96, 104), 300, np.float32))
    Image.new("L", (96, 104)).save(folder / "other.bmp")
    options = (str(folder), "--name", "own_bad", "--dry-run")
    refused = asked(project, monkeypatch, *options)
    assert refused.exit_code == 2
    for said in ("3 files cannot be read", "'broken.png'", "'counts.tif' holds", "'other.bmp' is"):
        assert said in refused.output
    taken = asked(project, monkeypatch, *options, "--skip-bad")
    assert taken.exit_code == 0, taken.output
    assert "3 files cannot be read and are left out" in taken.output
    assert "9 images of" in taken.output
    assert "skip_bad: true" in taken.output


@pytest.mark.parametrize("patterns", [None, ("clean/*", "noisy/*")])
def test_pairs_are_found_by_their_names_or_said(
    tmp_path: Path, patterns: tuple[str, str] | None
) -> None:
    photographs(tmp_path / "clean", 9)
    photographs(tmp_path / "noisy", 10, 20)
    given = material(tmp_path, examine(tmp_path), patterns)
    assert (given.kind, given.images) == ("pairs", 9)
    assert given.names == PairNames(clean="clean/*", noisy="noisy/*")
    assert "9 pairs: noisy/* is noisy, clean/* the same without" in given.reasons[0]
    assert "1 are left out, such as: 'noisy/my 9.png'" in given.reasons[1]


def test_of_pairs_by_name_that_are_shifted_it_is_said_that_they_are_none(tmp_path: Path) -> None:
    photographs(tmp_path / "clean", 9)
    for file in sorted(photographs(tmp_path / "noisy", 9, 20).iterdir()):
        shifted = np.roll(np.asarray(Image.open(file)), (9, 5), (0, 1))
        Image.fromarray(shifted).save(file)
    said = " ".join(material(tmp_path, found := examine(tmp_path)).reasons)
    assert re.search(
        r"by their names 9 are pairs \(.*noisy.*, .*clean.*\), but of [1-9] that", said
    )
    assert "by their names" not in " ".join(material(tmp_path, found, noisy=True).reasons)


def test_copies_of_one_image_are_not_taken_for_many(tmp_path: Path) -> None:
    """They would be learnt from and judged by."""
    folder = photographs(tmp_path / "images", 9)
    for copy in range(3):
        (folder / f"copy {copy}.png").write_bytes((folder / "my 0.png").read_bytes())
    given = material(folder, examine(folder))
    assert "3 of them hold the same pixels as another one" in given.reasons[-1]
    for number in range(1, 7):
        (folder / f"my {number}.png").write_bytes((folder / "my 0.png").read_bytes())
    with pytest.raises(ValueError, match=r"12 images, and 9 of them hold the same .* 8 or more"):
        material(folder, examine(folder))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--pairs", "a/*", "a/*"), "cannot both be named"),
        (("--pairs", "a", "b/*"), "one * is needed"),
        (("--pairs", "a/*", "b/*"), "has 0 pairs"),
        (("--pairs", "a/*", "b/*", "--noisy"), "leave one out"),
        (("--scene", "("), "--scene"),
    ],
)
def test_options_without_sense_are_refused(
    project: Project,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    reason: str,
) -> None:
    folder = photographs(tmp_path / "images", 9)
    result = asked(project, monkeypatch, str(folder), "--name", "refused", *options)
    assert result.exit_code == 2
    assert reason in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("count", "noise", "reason"),
    [(4, 0, "8 or more are needed"), (4, 25, "8 or more are needed")],
)
def test_a_folder_that_cannot_be_trained_on_is_refused(
    project: Project,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    count: int,
    noise: float,
    reason: str,
) -> None:
    folder = photographs(tmp_path / "images", count, noise)
    result = asked(project, monkeypatch, str(folder), "--name", "refused")
    assert result.exit_code == 2
    assert reason in result.output
    assert not (project.path / "conf/refused").exists()


def test_a_start_that_cannot_be_trained_on_is_refused_before_anything_is_written(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = photographs(tmp_path / "images", 9)
    other = write_denoiser(tmp_path / "other.zip")
    for start, reason in (("nobody", "no denoiser 'nobody'"), (str(other), "like photos")):
        result = asked(project, monkeypatch, str(folder), "--name", "refused", "--start", start)
        assert result.exit_code == 2
        assert reason in result.output
    assert not (project.path / "conf/refused").exists()


def test_a_name_that_is_taken_or_no_name_is_refused(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = photographs(tmp_path / "images", 9)
    taken = asked(project, monkeypatch, str(folder), "--name", "smoke")
    assert (taken.exit_code, "Give another --name" in taken.output) == (2, True)
    bad = asked(project, monkeypatch, str(folder), "--name", "../x")
    assert (bad.exit_code, "letters" in bad.output) == (2, True)
    none = asked(project, monkeypatch, str(tmp_path / "nothing"))
    assert (none.exit_code, "is no folder" in none.output) == (2, True)


def test_outside_of_a_project_it_is_said_where_to_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(train, [str(tmp_path)])
    assert result.exit_code == 2
    assert "is in no project" in result.output


@pytest.mark.parametrize(
    ("stacks", "said"),
    [
        ((9, 9), "One stack as a whole, about 9 of them, is set aside"),
        ((2,) * 9, "About 6 of them, files as a whole, are set aside"),
        ((12,), "6 of them are set aside"),
    ],
)
def test_of_stacks_it_is_said_what_is_set_aside(
    project: Project,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stacks: tuple[int, ...],
    said: str,
) -> None:
    monkeypatch.setattr("denoising_pipeline.cli.train._pace", lambda training: (0.01, 0.1))
    for number, pages in enumerate(stacks):
        stack(tmp_path / f"in/{number}.tif", pages, 3)
    options = ("--noisy", "--dry-run", "--minutes", "1")
    result = asked(project, monkeypatch, str(tmp_path / "in"), *options)
    assert result.exit_code == 0, result.output
    assert f"{said} to judge the result" in result.output


def test_of_one_pair_of_stacks_pages_are_set_aside(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("denoising_pipeline.cli.train._pace", lambda training: (0.01, 0.1))
    for side in ("clean", "noisy"):
        stack(tmp_path / f"in/{side}/a.tif", 12, 3)
    pairs = ("--pairs", "clean/*", "noisy/*")
    result = asked(project, monkeypatch, str(tmp_path / "in"), *pairs, "--dry-run")
    assert result.exit_code == 0, result.output
    assert "6 of them are set aside to judge the result" in result.output
