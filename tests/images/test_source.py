"""Which files of a folder are read, whatever they are called, and which are the pinned ones."""

import gzip
import hashlib
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fsspec.implementations.local import LocalFileSystem
from PIL import Image

from denoising_pipeline.images.files import ImageError
from denoising_pipeline.images.idx import idx_bytes
from denoising_pipeline.images.source import (
    IDX_FILES,
    Source,
    SourceError,
    Wanted,
    idx_role,
    open_source,
)

ARRAYS = {
    "train_images": np.arange(60, dtype=np.uint8).reshape(5, 3, 4),
    "train_labels": np.arange(5, dtype=np.uint8),
    "test_images": np.arange(24, dtype=np.uint8).reshape(2, 3, 4),
    "test_labels": np.arange(2, dtype=np.uint8),
}


def write(folder: Path, names: dict[str, str]) -> Path:
    """Write the four arrays under names of their own; packed where the name says so."""
    for role, name in names.items():
        content = idx_bytes(ARRAYS[role])
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        is_packed = name.lower().endswith(".gz")
        (folder / name).write_bytes(gzip.compress(content, mtime=0) if is_packed else content)
    return folder


def opened(folder: Path, pins: Any = None) -> Source:
    return open_source(LocalFileSystem(), str(folder), pins)


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("train-images-idx3-ubyte.gz", "train_images"),
        ("t10k-labels.idx1-ubyte", "test_labels"),
        ("TRAIN-IMAGES.IDX3-UBYTE", "train_images"),
        ("emnist-letters-test-images-idx3-ubyte.gz", "test_images"),
        ("gzip/emnist-balanced-train-labels-idx1-ubyte.gz", "train_labels"),
        ("qmnist-train-labels-idx2-int.gz", "train_labels"),
        ("train-images-idx3-ubyte/train-images-idx3-ubyte", "train_images"),
        ("train-images.png", None),
        ("emnist-letters-mapping.txt", None),
    ],
)
def test_a_name_says_what_an_idx_file_is(name: str, role: str | None) -> None:
    assert idx_role(name) == role


@pytest.mark.parametrize(
    "pattern",
    ["{}", "{}.gz", "emnist-letters-{}.gz", "gzip/{}", "upper", "dots"],
)
def test_four_idx_files_are_found_however_they_are_named(tmp_path: Path, pattern: str) -> None:
    ways = {
        "upper": {role: name.upper() for role, name in IDX_FILES.items()},
        "dots": {role: name.replace("-idx", ".idx") for role, name in IDX_FILES.items()},
    }
    usual = {role: pattern.format(name) for role, name in IDX_FILES.items()}
    names = ways.get(pattern, usual)
    source = opened(write(tmp_path, names))
    assert source.kind == "idx"
    assert source.files == names
    for role, array in ARRAYS.items():
        np.testing.assert_array_equal(source.arrays[role], array)


def test_the_digest_does_not_depend_on_names_and_packing(tmp_path: Path) -> None:
    plain = opened(write(tmp_path / "a", IDX_FILES))
    packed = opened(write(tmp_path / "b", {r: f"x-{n}.gz" for r, n in IDX_FILES.items()}))
    assert plain.digest == packed.digest
    changed = {**IDX_FILES, "test_labels": "t10k-labels-idx1-ubyte"}
    folder = write(tmp_path / "c", changed)
    (folder / changed["test_labels"]).write_bytes(idx_bytes(ARRAYS["test_labels"][::-1]))
    assert opened(folder).digest != plain.digest


def test_a_missing_file_is_named_beside_those_found(tmp_path: Path) -> None:
    folder = write(tmp_path / "letters", IDX_FILES)
    (folder / IDX_FILES["test_labels"]).unlink()
    with pytest.raises(SourceError, match=r"letters/t10k-labels-idx1-ubyte' does not exist") as e:
        opened(folder)
    assert f"Found: {IDX_FILES['train_images']}, " in str(e.value)
    assert "Put the four IDX files" in str(e.value)


def test_files_that_could_both_be_meant_are_refused_unless_they_are_equal(tmp_path: Path) -> None:
    folder = write(tmp_path, IDX_FILES)
    name = IDX_FILES["train_labels"]
    write(folder, {"train_labels": f"{name}.gz"})
    assert opened(folder).files["train_labels"] == name
    (folder / f"{name}.gz").write_bytes(gzip.compress(idx_bytes(ARRAYS["test_labels"])))
    with pytest.raises(SourceError, match=rf"2 files that could be {name}, .*{name}, {name}\.gz"):
        opened(folder)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("mnist", "Run `denoising-pipeline fetch-mnist`"),
        ("fashion-mnist", "Run `denoising-pipeline fetch-fashion-mnist`"),
        ("photographs", "Run `denoising-pipeline fetch-photographs`"),
        ("text", "Run `denoising-pipeline fetch-text`"),
        ("mine", "Put the four IDX files, or images as PNG, JPEG, WebP or TIFF, into"),
    ],
)
def test_a_missing_folder_says_how_its_files_come_there(
    tmp_path: Path, name: str, advice: str
) -> None:
    with pytest.raises(SourceError, match=rf"{name}' does not exist or holds no files\. {advice}"):
        opened(tmp_path / name)


@pytest.mark.parametrize(
    ("wanted", "advice"),
    [
        ("pairs", r"Put pairs of images as .* into '.*text/clean' and '.*text/noisy' \("),
        ("noisy", "Put noisy images as .* into '.*text'; or name another folder .*source=<folder>"),
        ("images", "Run `denoising-pipeline fetch-text`"),
    ],
)
def test_what_is_wanted_decides_what_is_to_be_put_there(
    tmp_path: Path, wanted: Wanted, advice: str
) -> None:
    with pytest.raises(SourceError, match=rf"holds no files\. {advice}"):
        open_source(LocalFileSystem(), str(tmp_path / "text"), wanted=wanted)


def test_a_folder_without_images_is_refused_with_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(SourceError, match=r"neither IDX nor image files \(notes\.txt\)"):
        opened(tmp_path)


def test_a_damaged_idx_file_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path, IDX_FILES)
    path = folder / IDX_FILES["train_images"]
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(SourceError, match=rf"{path}' is truncated.*Remove it"):
        opened(folder)


def photographs(folder: Path) -> Path:
    """Write images in subfolders among other files, one of them broken."""
    for name in ("b.png", "deep/er/a.JPG", "c.tif", ".hidden/d.png", "._b.png", "__MACOSX/b.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 3)).save(folder / name, "PNG")
    for name in ("README.md", ".DS_Store", "LICENCES.txt", "e.webp"):
        (folder / name).write_text("\n CC0: all of them\nby nobody\n")
    return folder


def test_a_folder_of_images_is_read_with_its_subfolders(tmp_path: Path) -> None:
    """Licences, notes and hidden files are passed over, images of other formats are not."""
    source = opened(photographs(tmp_path))
    assert source.kind == "folder"
    assert list(source.files) == ["b.png", "c.tif", "deep/er/a.JPG", "e.webp"]
    assert source.sha256.keys() == source.files.keys()
    assert source.licence == "CC0: all of them"
    assert source.picture("c.tif").pixels.shape == (3, 4, 3)
    with pytest.raises(ImageError, match=r"'e\.webp' is no image"):
        source.picture("e.webp")


def test_linked_folders_are_read(tmp_path: Path) -> None:
    photographs(tmp_path / "elsewhere")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/link").symlink_to(tmp_path / "elsewhere")
    assert "link/b.png" in opened(tmp_path / "mine").files


def test_a_changed_image_changes_the_digest(tmp_path: Path) -> None:
    folder = photographs(tmp_path / "one")
    shutil.copytree(folder, tmp_path / "two")
    assert opened(tmp_path / "two").digest == opened(folder).digest
    Image.new("RGB", (4, 3), "red").save(tmp_path / "two/b.png")
    assert opened(tmp_path / "two").digest != opened(folder).digest


def test_fault_r12_pins_hold_for_files_as_they_lie_and_uncompressed(tmp_path: Path) -> None:
    """Under whatever name the file lies there, and for sources with dots or digits."""
    for name in ("my.mnist", "2024"):
        folder = write(tmp_path / name, {role: f"a-{n}.gz" for role, n in IDX_FILES.items()})
        source = opened(folder)
        right = {IDX_FILES[role]: digest.upper() for role, digest in source.sha256.items()}
        packed = f"a-{IDX_FILES['train_labels']}.gz"
        right[packed] = source.file_sha256(packed)
        key = int(name) if name.isdigit() else name
        opened(folder, {key: right, "other": {"x": "wrong, but not of this source"}})
        for pinned in right:
            with pytest.raises(SourceError, match=rf"{pinned}' is not the pinned file"):
                opened(folder, {key: {**right, pinned: "0" * 64}})


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_fault_r12_one_flipped_byte_is_told_with_both_sums(tmp_path: Path, ending: str) -> None:
    """Of a file as it lies there; the last byte of its images."""
    name = IDX_FILES["train_images"]
    folder = write(tmp_path / "mine", {**IDX_FILES, "train_images": name})
    path = folder / name
    content = path.read_bytes()
    pins = {"mine": {name: opened(folder).sha256["train_images"]}}
    flipped = content[:-1] + bytes([content[-1] ^ 1])
    path.unlink()
    (folder / f"{name}{ending}").write_bytes(gzip.compress(flipped) if ending else flipped)
    found = hashlib.sha256(flipped).hexdigest()
    shown = name if not ending else f"{name}.gz' as '{name}"
    said = f"its SHA-256 is {found}, expected {pins['mine'][name]}"
    with pytest.raises(SourceError, match=rf"/{shown}' is not the pinned file: {said}"):
        opened(folder, pins)


def test_the_pin_of_a_packed_file_gives_way_to_that_of_its_content(tmp_path: Path) -> None:
    """The pins of MNIST are for either form; one alone, of a form that is not there, is refused."""
    folder = write(tmp_path / "mnist", IDX_FILES)
    name = IDX_FILES["train_images"]
    pins = {name: opened(folder).sha256["train_images"], f"{name}.gz": "0" * 64}
    opened(folder, {"mnist": pins})
    with pytest.raises(SourceError, match=rf"{name}\.gz in globals\.yml pins a file that is not"):
        opened(folder, {"mnist": {f"{name}.gz": "0" * 64}})


@pytest.mark.parametrize(
    ("pin", "message"),
    [
        (int("1" * 64), "In quotes, else YAML reads it as a number"),
        ("abc", "64 hexadecimal digits"),
        (None, "64 hexadecimal digits"),
    ],
)
def test_a_pin_that_is_no_sum_is_refused(tmp_path: Path, pin: Any, message: str) -> None:
    folder = write(tmp_path / "mine", IDX_FILES)
    with pytest.raises(SourceError, match=rf"sha256\.mine\.train.* is .*{message}"):
        opened(folder, {"mine": {IDX_FILES["train_images"]: pin}})
    with pytest.raises(SourceError, match="give a sum for each file name"):
        opened(folder, {"mine": "0" * 64})


def test_pins_of_image_files_are_checked_and_misspelt_ones_refused(tmp_path: Path) -> None:
    folder = photographs(tmp_path / "mine")
    right = opened(folder).sha256["b.png"]
    opened(folder, {"mine": {"b.png": right}})
    with pytest.raises(SourceError, match=r"b\.png' is not the pinned file"):
        opened(folder, {"mine": {"b.png": "1" * 64}})
    with pytest.raises(SourceError, match=r"sha256\.mine\.B\.png in globals\.yml pins a file"):
        opened(folder, {"mine": {"B.png": right}})
