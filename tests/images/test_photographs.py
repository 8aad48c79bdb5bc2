"""Photographs of installed libraries become a source of images of different sizes."""

from pathlib import Path

import pytest
from PIL import Image

from denoising_pipeline.images.photographs import LICENCES, PHOTOGRAPHS, fetch_photographs


def test_twelve_photographs_of_different_sizes_and_their_licences_are_copied(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "photographs"
    *photographs, text = fetch_photographs(folder)
    assert sorted(folder.iterdir()) == sorted([*photographs, text])
    assert len(photographs) == 12
    images = [Image.open(path) for path in photographs]
    assert [image.mode for image in images].count("RGB") == 11
    assert len({image.size for image in images}) >= 8
    assert min(min(image.size) for image in images) >= 300


def test_every_photograph_has_an_author_and_a_licence(tmp_path: Path) -> None:
    *photographs, text = fetch_photographs(tmp_path)
    assert text.name == LICENCES
    first, *parts = text.read_text(encoding="utf-8").split("\n\n")
    assert "CC0" in first
    for photograph, path, part in zip(PHOTOGRAPHS, photographs, parts, strict=True):
        assert part.startswith(f"{path.name}\n")
        assert photograph.author in part and photograph.licence in part


def test_copies_that_are_there_are_left_alone(tmp_path: Path) -> None:
    before = {path: path.stat().st_ino for path in fetch_photographs(tmp_path)}
    assert {path: path.stat().st_ino for path in fetch_photographs(tmp_path)} == before


def test_a_file_of_the_users_is_replaced_only_on_demand(tmp_path: Path) -> None:
    mine = tmp_path / "coffee.png"
    mine.write_bytes(b"mine")
    with pytest.raises(FileExistsError, match=r"coffee\.png.*Move them away"):
        fetch_photographs(tmp_path)
    assert list(tmp_path.iterdir()) == [mine]
    fetch_photographs(tmp_path, overwrite=True)
    assert Image.open(mine).size == (600, 400)
