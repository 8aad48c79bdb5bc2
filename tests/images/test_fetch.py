"""MNIST as files: the right bytes, whole, whoever writes them."""

import hashlib
import multiprocessing
import shutil
from pathlib import Path

import numpy as np
import pytest

from denoising_pipeline.images.fetch import (
    FASHION_MNIST,
    MNIST_SHA256,
    Mnist,
    fetch_mnist,
    write_mnist,
)
from denoising_pipeline.images.idx import read_idx

RAW = Path(__file__).parents[2] / "data" / "01_raw" / "mnist"
LABELS = "t10k-labels-idx1-ubyte"


def arrays() -> Mnist:
    found = {}
    for name in MNIST_SHA256:
        with (RAW / f"{name}.gz").open("rb") as file:
            found[name] = read_idx(file)
    return found


def fail() -> Mnist:
    raise OSError("no route to host")


def sums(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_files_are_the_published_ones(tmp_path: Path) -> None:
    """The four files, nothing else, of the published content, in a folder that is made."""
    folder = tmp_path / "mnist"
    paths = fetch_mnist(folder, download=arrays)
    assert paths == [folder / name for name in MNIST_SHA256]
    assert sums(folder) == MNIST_SHA256


def test_nothing_is_downloaded_when_all_is_there(tmp_path: Path) -> None:
    """Right files are left alone, and the network is not asked."""
    write_mnist(arrays(), tmp_path)
    before = {path: path.stat().st_ino for path in tmp_path.iterdir()}
    assert fetch_mnist(tmp_path, download=fail) == [tmp_path / name for name in MNIST_SHA256]
    assert {path: path.stat().st_ino for path in tmp_path.iterdir()} == before


def test_compressed_files_of_the_right_content_count(tmp_path: Path) -> None:
    """As they come with the project: nothing is downloaded, and nothing written."""
    for name in MNIST_SHA256:
        shutil.copy(RAW / f"{name}.gz", tmp_path)
    paths = fetch_mnist(tmp_path, download=fail)
    assert paths == [tmp_path / f"{name}.gz" for name in MNIST_SHA256]
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in paths}


@pytest.mark.parametrize("cut", [0, 10, 100, -1], ids=["empty", "header", "part", "checksum"])
def test_fault_r13_a_compressed_file_that_is_not_whole_is_refused_or_replaced(
    tmp_path: Path, cut: int
) -> None:
    """It would be read in place of a plain file beside it."""
    whole = (RAW / f"{LABELS}.gz").read_bytes()
    (tmp_path / f"{LABELS}.gz").write_bytes(whole[:cut])
    with pytest.raises(FileExistsError, match=rf"{LABELS}\.gz"):
        fetch_mnist(tmp_path, download=arrays)
    fetch_mnist(tmp_path, overwrite=True, download=arrays)
    assert sums(tmp_path) == MNIST_SHA256


def test_missing_file_is_added(tmp_path: Path) -> None:
    """Only what is missing is written."""
    write_mnist(arrays(), tmp_path)
    (tmp_path / LABELS).unlink()
    assert write_mnist(arrays(), tmp_path) == [tmp_path / LABELS]


def test_wrong_file_is_replaced_only_on_demand(tmp_path: Path) -> None:
    """Somebody's own file under that name is not lost by accident."""
    (tmp_path / LABELS).write_bytes(b"mine")
    with pytest.raises(FileExistsError, match=LABELS):
        fetch_mnist(tmp_path, download=arrays)
    assert sums(tmp_path) == {LABELS: hashlib.sha256(b"mine").hexdigest()}
    fetch_mnist(tmp_path, overwrite=True, download=arrays)
    assert sums(tmp_path) == MNIST_SHA256


def test_failed_download_says_what_to_do_by_hand(tmp_path: Path) -> None:
    """The error has the cause, the folder and the names of the files."""
    with pytest.raises(ConnectionError, match=rf"(?s)no route.*four files.*'{tmp_path}'.*{LABELS}"):
        fetch_mnist(tmp_path, download=fail)


def test_other_data_is_not_written(tmp_path: Path) -> None:
    """One wrong label and no file appears."""
    changed = dict(arrays())
    changed[LABELS] = np.roll(changed[LABELS], 1)
    with pytest.raises(ValueError, match=f"{LABELS} is not that of MNIST.*expected"):
        write_mnist(changed, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_another_collection_of_that_form_is_not_taken_for_it(tmp_path: Path) -> None:
    """Digits are no clothes, whether they are there or were downloaded."""
    write_mnist(arrays(), tmp_path)
    with pytest.raises(FileExistsError, match="Not the Fashion-MNIST files of these names"):
        fetch_mnist(tmp_path, published=FASHION_MNIST, download=fail)
    with pytest.raises(ValueError, match="is not that of Fashion-MNIST"):
        fetch_mnist(tmp_path, True, arrays, FASHION_MNIST)
    assert sums(tmp_path) == MNIST_SHA256


def test_fault_r14_two_at_once_give_valid_files(tmp_path: Path) -> None:
    """Processes that fetch into the same folder do not disturb each other."""
    context = multiprocessing.get_context("spawn")
    both = [
        context.Process(target=fetch_mnist, args=(tmp_path,), kwargs={"download": arrays})
        for _ in range(2)
    ]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    assert sums(tmp_path) == MNIST_SHA256
