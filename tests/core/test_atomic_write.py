"""`atomic_write`: a reader sees the whole old file or the whole new one."""

import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
from fsspec.implementations.local import LocalFileSystem

from denoising_pipeline.core.files import atomic_write, part_of, remove_abandoned


@pytest.fixture(params=["file", "memory"])
def fs(request: pytest.FixtureRequest) -> Any:
    return fsspec.filesystem(request.param)


def test_file_changes_at_the_end_of_the_block(fs: Any, tmp_path: Path) -> None:
    """Until then the old content is read, and afterwards nothing else is there."""
    path = f"{tmp_path}/folder/file"
    for content in (b"old", b"new"):
        before = fs.cat_file(path) if fs.exists(path) else None
        with atomic_write(fs, path) as file:
            file.write(content)
            assert (fs.cat_file(path) if fs.exists(path) else None) == before
        assert fs.cat_file(path) == content
    assert fs.find(str(tmp_path)) == [path]


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_error_leaves_the_old_file_alone(fs: Any, tmp_path: Path, error: BaseException) -> None:
    """The error goes on, the part is removed; Ctrl-C is no exception."""
    path = f"{tmp_path}/file"
    with atomic_write(fs, path) as file:
        file.write(b"old")
    with pytest.raises(type(error)), atomic_write(fs, path) as file:
        file.write(b"half of the ne")
        raise error
    assert fs.cat_file(path) == b"old"
    assert fs.find(str(tmp_path)) == [path]


def test_two_writers_do_not_mix(fs: Any, tmp_path: Path) -> None:
    """Each has a file of its own until it ends; the last to end counts."""
    path = f"{tmp_path}/file"
    with atomic_write(fs, path) as first:
        first.write(b"1")
        with atomic_write(fs, path) as second:
            second.write(b"2")
        assert fs.cat_file(path) == b"2"
        first.write(b"1")
    assert fs.cat_file(path) == b"11"
    assert fs.find(str(tmp_path)) == [path]


def test_folder_of_that_name_is_not_touched(tmp_path: Path) -> None:
    """A folder is no file to be replaced, and no place to move one into."""
    (tmp_path / "file").mkdir()
    with (
        pytest.raises(IsADirectoryError),
        atomic_write(fsspec.filesystem("file"), f"{tmp_path}/file"),
    ):
        pass
    assert list(tmp_path.rglob("*")) == [tmp_path / "file"]


def write_much(path: str, save: bool) -> None:
    """Write 100 kB where a file may have 10 kB, as on a full disk, and print what is said."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with atomic_write(LocalFileSystem(), path) as file:
            if save:
                np.save(file, np.zeros(100_000, np.uint8))
            else:
                file.write(bytes(100_000))
    except OSError as error:
        print(error.errno, error)  # noqa: T201


@pytest.mark.parametrize("save", [False, True], ids=["bytes", "array of numpy"])
def test_fault_p07_a_disk_that_takes_no_more_leaves_the_old_file_and_says_what_to_do(
    tmp_path: Path, save: bool
) -> None:
    """A real limit of the system, in a process of its own."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    code = f"from test_atomic_write import write_much; write_much({str(path)!r}, {save})"
    here = str(Path(__file__).parent)
    command = [sys.executable, "-c", code]
    found = subprocess.run(command, cwd=here, capture_output=True, text=True, check=True).stdout
    assert f"'{path}' cannot be written (" in found
    assert "MB are free there" in found
    assert "start again" in found
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
    assert path.read_bytes() == b"old"


def test_fault_p05_unfinished_files_of_processes_that_are_gone_are_removed(tmp_path: Path) -> None:
    """A process was killed in the middle of writing; another one is still at it."""
    target = tmp_path / "folder" / "file"
    target.parent.mkdir()
    code = (
        "import sys; from pathlib import Path;"
        "from denoising_pipeline.core.files import part_of;"
        "part_of(Path(sys.argv[1])).touch()"
    )
    subprocess.run([sys.executable, "-c", code, str(target)], check=True)
    left, own = next(target.parent.iterdir()), part_of(target)
    own.touch()
    other = left.with_name(left.name.replace(f".{target.name}.", f".{target.name}.0"))
    other.touch()
    remove_abandoned(tmp_path)
    assert set(target.parent.iterdir()) == {own, other}
