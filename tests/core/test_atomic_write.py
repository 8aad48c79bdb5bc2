"""`atomic_write`: a reader sees the whole old file or the whole new one."""

from pathlib import Path
from typing import Any

import fsspec
import pytest

from denoising_pipeline.core.files import atomic_write


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
