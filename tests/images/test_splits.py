"""Which image goes where: whole images, and the same ones each time."""

import numpy as np
import pytest

from denoising_pipeline.core.seeding import generator
from denoising_pipeline.images.splits import folder_table, idx_table

NAMES = [f"{number:02}.png" for number in range(12)]


def split(
    names: list[str], test: float | None = None, limit: int | None = None
) -> dict[str, list[str]]:
    table = folder_table("mine", names, test, limit, generator(0, "split", "test"))
    assert table.columns.tolist() == ["split", "index", "label", "name"]
    assert table["label"].isna().all()
    assert table["label"].dtype == "Int64"
    for _, rows in table.groupby("split"):
        assert rows["index"].tolist() == list(range(len(rows)))
    return {part: table.loc[table["split"] == part, "name"].tolist() for part in ("train", "test")}


@pytest.mark.parametrize(
    ("test", "expected"), [(None, 2), (1, 1), (5, 5), (0.25, 3), (0.01, 1), (11, 11)]
)
def test_a_number_or_a_share_of_whole_images_is_held_out(test: float | None, expected: int) -> None:
    found = split(NAMES, test)
    assert len(found["test"]) == expected
    assert sorted(found["train"] + found["test"]) == NAMES
    assert found == split(NAMES, test)


@pytest.mark.parametrize(("names", "test"), [(NAMES, 12), (NAMES[:1], None)])
def test_holding_out_everything_is_refused(names: list[str], test: float | None) -> None:
    with pytest.raises(ValueError, match=rf"mine has {len(names)} image.*preprocessing\.test_imag"):
        split(names, test)


def test_subfolders_decide_where_both_are_there() -> None:
    names = ["Test/x.png", "train/a/b.png", "train/c.png"]
    assert split(names, 0.9) == {"test": names[:1], "train": names[1:]}
    assert split(names, None, 1) == {"test": names[:1], "train": names[1:2]}
    assert len(split(["train/a.png", "train/b.png"])["test"]) == 1
    with pytest.raises(ValueError, match=r"images beside them: val/y\.png, z\.png"):
        split([*names, "val/y.png", "z.png"])


@pytest.mark.parametrize(("bad", "good"), [("test", "train"), ("train", "Test")])
def test_a_subfolder_without_a_usable_image_is_refused(bad: str, good: str) -> None:
    """It decides the split all the same: nothing of the other takes its place."""
    draws = generator(0, "split", "test")
    names = [f"{good}/{name}" for name in NAMES]
    with pytest.raises(ValueError, match=rf"mine: no image of {bad}/ can be used"):
        folder_table("mine", names, None, None, draws, [f"{bad}/x.png"])
    table = folder_table("mine", NAMES, None, None, draws, ["x.png"])
    assert (table["split"] == "test").sum() == 2


def test_the_first_images_are_taken() -> None:
    found = split(NAMES, 2, 6)
    assert sorted(found["train"] + found["test"]) == NAMES[:6]


def test_idx_files_are_listed_with_their_labels() -> None:
    labels = {"train": np.array([3, 1, 2]), "test": np.array([0, 9])}
    table = idx_table(labels, 2)
    assert table["split"].tolist() == ["train", "train", "test", "test"]
    assert table["index"].tolist() == [0, 1, 0, 1]
    assert table["label"].tolist() == [3, 1, 0, 9]
    assert table["label"].dtype == "Int64"


SHOTS = [f"{camera}_{scene}_{shot}.png" for camera in "ab" for scene in "xyz" for shot in range(4)]


@pytest.mark.parametrize(("pattern", "test"), [("(.*)_", 8), ("_._", 8), ("^.", 12), ("(.*)_", 1)])
def test_scenes_are_held_out_whole(pattern: str, test: int) -> None:
    table = folder_table("mine", SHOTS, test, None, generator(0, "split", "test"), (), pattern)
    by_split = table.groupby("split")["scene"].agg(set)
    assert not by_split["train"] & by_split["test"]
    assert (table["split"] == "test").sum() == max(test, 4)
    assert sorted(table["name"]) == SHOTS


def test_without_scenes_the_same_images_are_held_out_as_ever() -> None:
    plain = folder_table("mine", NAMES, 3, None, generator(0, "split", "test"))
    alone = folder_table("mine", NAMES, 3, None, generator(0, "split", "test"), (), r"\d+")
    assert plain["name"].tolist() == alone["name"].tolist()
    held_out = generator(0, "split", "test").permutation(len(NAMES))[:3]
    expected = [NAMES[position] for position in sorted(held_out)]
    assert plain.loc[plain["split"] == "test", "name"].tolist() == expected


def test_a_scene_lies_in_one_subfolder_only() -> None:
    names = ["train/x_1.png", "train/y_1.png", "test/x_2.png", "test/z_1.png"]
    draws = generator(0, "split", "test")
    with pytest.raises(ValueError, match=r"in train/ and in test/: x\. Move all"):
        folder_table("mine", names, None, None, draws, (), "(.*)_")


@pytest.mark.parametrize(
    ("pattern", "words"), [("no", r"'no', finds no scene in 00\.png"), (r"\.", "has one scene")]
)
def test_scenes_that_cannot_be_told_apart_are_refused(pattern: str, words: str) -> None:
    with pytest.raises(ValueError, match=rf"mine.*{words}"):
        folder_table("mine", NAMES, 2, None, generator(0, "split", "test"), (), pattern)
