"""What inputs become: nothing is lost, nothing is taken that was not meant."""

import os
import sys
from pathlib import Path

import pytest

from denoising_pipeline.batch import clashes
from denoising_pipeline.batch.plan import RECORD, Plan, PlanError, make_plan

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux alone")


def touch(folder: Path, *names: str) -> list[Path]:
    paths = [folder / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return paths


def becomes(plan: Plan, folder: Path) -> dict[str, str]:
    return {
        str(work.source.relative_to(folder)): str(work.target.relative_to(folder))
        for work in plan.works
    }


def left_out(plan: Plan, folder: Path) -> dict[str, str]:
    return {str(each.source.relative_to(folder)): each.reason for each in plan.left_out}


def test_a_file_goes_beside_itself_and_a_folder_beside_the_folder(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "of me.ome.tif", "photos/deep/b.PNG", "photos/c.tiff")
    inputs = [tmp_path / name for name in ("a.jpg", "of me.ome.tif", "photos")]
    assert becomes(make_plan(inputs), tmp_path) == {
        "a.jpg": "a_denoised.jpg",
        "of me.ome.tif": "of me_denoised.ome.tif",
        "photos/c.tiff": "photos_denoised/c.tiff",
        "photos/deep/b.PNG": "photos_denoised/deep/b.PNG",
    }


def test_a_folder_keeps_its_structure_and_several_their_names(tmp_path: Path) -> None:
    touch(tmp_path, "one/x/a.png", "two/x/a.png", "b.png")
    out = tmp_path / "out"
    assert becomes(make_plan([tmp_path / "one"], out), tmp_path) == {"one/x/a.png": "out/x/a.png"}
    several = [tmp_path / name for name in ("one", "two", "b.png")]
    assert becomes(make_plan(several, out), tmp_path) == {
        "one/x/a.png": "out/one/x/a.png",
        "two/x/a.png": "out/two/x/a.png",
        "b.png": "out/b.png",
    }


def test_an_output_with_the_ending_of_a_format_is_a_file_for_one_file(tmp_path: Path) -> None:
    (source,) = touch(tmp_path, "a.jpg")
    (work,) = make_plan([source], tmp_path / "b.tif").works
    assert (work.target, work.format) == (tmp_path / "b.tif", "TIFF")
    (work,) = make_plan([source], tmp_path / "b.tif", into_folder=True).works
    assert (work.target, work.format) == (tmp_path / "b.tif/a.jpg", None)
    for output, format_ in (("b.gif", None), ("b.tif", "PNG")):
        with pytest.raises(PlanError, match=output):
            make_plan([source], tmp_path / output, format=format_)
    with pytest.raises(PlanError, match="several inputs or a folder"):
        make_plan([tmp_path], tmp_path / "b.tif")


def test_another_format_changes_the_ending_where_it_says_another(tmp_path: Path) -> None:
    touch(tmp_path, "in/a.jpg", "in/b.TIF", "in/c.tiff")
    plan = make_plan([tmp_path / "in"], tmp_path / "out", "-clean", "tif")
    assert sorted(becomes(plan, tmp_path).values()) == [
        "out/a-clean.tif",
        "out/b-clean.TIF",
        "out/c-clean.tiff",
    ]


def test_two_inputs_of_one_output_are_refused_by_name(tmp_path: Path) -> None:
    touch(tmp_path, "x/a.jpg", "y/a.jpg", "z/b.jpg", "z/b.png")
    with pytest.raises(PlanError, match=r"x/a\.jpg' and '.*y/a\.jpg' would both become '.*out/a"):
        make_plan([tmp_path / "x/a.jpg", tmp_path / "y/a.jpg"], tmp_path / "out")
    with pytest.raises(PlanError, match="would both become"):
        make_plan([tmp_path / "z"], tmp_path / "out", format="PNG")
    assert len(make_plan([tmp_path / "z"], tmp_path / "out").works) == 2
    twice = make_plan([tmp_path / "z/b.jpg", tmp_path / "x/../z/b.jpg"], tmp_path / "out")
    assert {work.target for work in twice.works} == {tmp_path / "out/b.jpg"}


def test_names_that_differ_in_case_alone_clash_where_the_file_system_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = [(path, tmp_path / "out" / path.name) for path in touch(tmp_path, "A.jpg", "b.jpg")]
    pairs[1] = (pairs[1][0], tmp_path / "out" / "a.JPG")
    assert bool(clashes.refuse_clashes(pairs)) == clashes.ignores_case(tmp_path)
    monkeypatch.setattr(clashes, "ignores_case", lambda folder: True)
    assert "would both become" in clashes.refuse_clashes(pairs)


@pytest.mark.parametrize("name", ["a.png", "link.png", "hard.png"])
def test_an_output_is_never_an_input(tmp_path: Path, name: str) -> None:
    """Nor another name of one."""
    source, other = touch(tmp_path, "a.png", "other.png")
    (tmp_path / "link.png").symlink_to(source)
    (tmp_path / "hard.png").hardlink_to(source)
    with pytest.raises(PlanError, match="would be written over the input"):
        make_plan([source], tmp_path / name)
    with pytest.raises(PlanError, match="would be written over the input"):
        make_plan([source, other], tmp_path)
    assert make_plan([source], tmp_path / "new.png").works


def test_fault_r23_what_a_folder_holds_besides_is_listed_with_its_reason(tmp_path: Path) -> None:
    outside, *_ = touch(tmp_path, "outside.png", "in/a.png", "in/.b.png", "in/.git/c.png")
    touch(tmp_path, "in/notes.txt", "in/README", "in/deep/d.png")
    for name, to in (
        ("out.png", outside),
        ("in.png", tmp_path / "in/a.png"),
        ("gone.png", tmp_path / "gone"),
        ("up", tmp_path),
        ("loop", tmp_path / "in"),
    ):
        (tmp_path / "in" / name).symlink_to(to)
    os.mkfifo(tmp_path / "in/pipe.png")
    plan = make_plan([tmp_path / "in"], tmp_path / "out")
    assert becomes(plan, tmp_path).keys() == {"in/a.png", "in/deep/d.png", "in/in.png"}
    assert left_out(plan, tmp_path) == {
        "in/.b.png": "is hidden",
        "in/.git": "is hidden",
        "in/README": "is of a type that is not read",
        "in/gone.png": "is a link that leads nowhere",
        "in/loop": "is a link to a folder that is gone through anyway",
        "in/notes.txt": "is of a type that is not read",
        "in/out.png": "is a link that leads out of the folder",
        "in/pipe.png": "is no file",
        "in/up": "is a link that leads out of the folder",
    }


def test_outputs_in_the_input_folder_are_not_taken_for_inputs(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "clean/a.png")
    plan = make_plan([tmp_path], tmp_path / "clean")
    assert becomes(plan, tmp_path) == {"a.png": "clean/a.png"}
    assert left_out(plan, tmp_path) == {"clean": "is where the outputs go"}
    touch(tmp_path, "in/b.png", "in/b_n.png")
    plan = make_plan([tmp_path / "in"], tmp_path / "in", "_n")
    assert becomes(plan, tmp_path) == {"in/b.png": "in/b_n.png"}
    assert left_out(plan, tmp_path) == {"in/b_n.png": "is what 'b.png' becomes"}


def test_a_folder_named_by_dots_has_its_outputs_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "in/deep/a.png")
    monkeypatch.chdir(tmp_path / "in/deep")
    for given in (".", "../deep"):
        (work,) = make_plan([Path(given)]).works
        assert work.target.resolve() == tmp_path / "in/deep_denoised/a.png"
    (work,) = make_plan([Path("..")]).works
    assert work.target.resolve() == tmp_path / "in_denoised/deep/a.png"


@pytest.mark.parametrize("name", ["deep", RECORD])
def test_fault_r23_an_output_outside_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    """Whatever the link is: a folder of the outputs, or the record of them."""
    touch(tmp_path, "in/deep/a.png", "elsewhere/x")
    (tmp_path / "out").mkdir()
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / "out" / name).symlink_to(elsewhere if name == "deep" else elsewhere / "x")
    with pytest.raises(PlanError, match=rf"out/{name}' leads out of '.*out', to '.*elsewhere"):
        make_plan([tmp_path / "in"], tmp_path / "out")
    inside = touch(tmp_path, "out/really/x")[0].parent
    (tmp_path / "out" / name).unlink()
    (tmp_path / "out" / name).symlink_to(inside if name == "deep" else inside / "x")
    assert len(make_plan([tmp_path / "in"], tmp_path / "out").works) == 1


@on_linux
def test_fault_r22_names_of_any_bytes_are_kept(tmp_path: Path) -> None:
    names = ["two words.png", "line\nbreak.png", "é.png", os.fsdecode(b"\xff\xfe.png"), "-x.png"]
    touch(tmp_path / "in", *names)
    plan = make_plan([tmp_path / "in"], tmp_path / "out")
    assert sorted(work.target.name for work in plan.works) == sorted(names)


def test_a_named_input_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"new\\nline' does not exist"):
        make_plan([*touch(tmp_path, "a.png"), tmp_path / "new\nline"])
    with pytest.raises(PlanError, match="has a / in it"):
        make_plan([tmp_path / "a.png"], suffix="x/y")
