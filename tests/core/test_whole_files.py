"""What is said of files that cannot be written, who writes an unfinished one, and digests."""

import errno
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from fsspec.implementations.local import LocalFileSystem
from unfinished import part_of_one_that_is_gone, part_of_process

from denoising_pipeline.core.files import (
    PART,
    atomic_write,
    file_digest,
    is_abandoned,
    is_of_the_disk,
    is_own,
    part_of,
    part_prefix,
    write_missing,
    writer_of,
)

FILES = LocalFileSystem()
DAY = 86_400


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
def test_an_error_of_the_disk_says_which_file_why_and_what_to_do(
    tmp_path: Path, number: int
) -> None:
    path = tmp_path / "new" / "file"
    with (
        pytest.raises(OSError, match="cannot be written") as caught,
        atomic_write(FILES, str(path)),
    ):
        raise OSError(number, os.strerror(number))
    assert caught.value.errno == number
    start, _, end = str(caught.value).partition("; ")
    assert start == f"'{path}' cannot be written ({os.strerror(number)})"
    free, _, rest = end.partition(" MB")
    there = shutil.disk_usage(tmp_path).free / 1e6
    assert int(free.replace(",", "")) == pytest.approx(there, rel=0.1)
    assert rest == (
        " are free there. Nothing is left of it. Make room, or see to it that the folder may be "
        "written to, and start again."
    )


def test_a_word_of_numpy_about_a_full_disk_is_one_of_the_disk(tmp_path: Path) -> None:
    words = "31360 requested and 30688 written"
    assert is_of_the_disk(OSError(words))
    with (
        pytest.raises(OSError, match=rf"cannot be written \({words}\)"),
        atomic_write(FILES, f"{tmp_path}/file"),
    ):
        raise OSError(words)


@pytest.mark.parametrize("error", [OSError(errno.ENOENT, "written"), OSError("elsewhere")])
def test_what_cannot_be_read_is_no_error_of_the_disk(error: OSError) -> None:
    assert not is_of_the_disk(error)


def test_an_unfinished_file_says_which_process_of_which_host_writes_it(tmp_path: Path) -> None:
    part = part_of(tmp_path / "a.b.npy")
    host, process = writer_of(part)
    assert part.name.startswith(f".a.b.npy.{host}-{os.getpid()}-")
    assert part.name.endswith(PART)
    assert (len(host), process) == (8, os.getpid())
    assert is_own(part)
    assert not is_own(part_of_process(tmp_path / "file", os.getppid()))
    for other in ("file", ".file.part", f".file.{host}-x-0{PART}"):
        assert writer_of(tmp_path / other) == ("", 0)


def test_the_name_of_an_unfinished_file_fits_where_that_of_the_file_does() -> None:
    assert part_prefix("x" * 200) == f".{'x' * 200}."
    assert part_prefix("x" * 201) == f".{'x' * 200}."
    assert part_prefix("ü" * 120) == f".{'ü' * 100}."


def test_an_unfinished_file_is_abandoned_when_its_process_is_gone_or_younger(
    tmp_path: Path,
) -> None:
    """Or, of another host, when nobody has changed it for a day."""
    target = tmp_path / "file"
    gone, own = part_of_one_that_is_gone(target), part_of(target)
    of_init = part_of_process(target, 1)
    assert not is_abandoned(gone)  # it is not there
    host = writer_of(own)[0]
    other = own.with_name(own.name.replace(f".{host}-", ".00000000-"))
    for part in (gone, own, other, of_init):
        part.touch()
    assert [is_abandoned(part) for part in (gone, own, other, of_init)] == [True, *[False] * 3]
    now, began = own.stat().st_mtime, psutil.Process().create_time()
    for age, expected in ((DAY - 60, False), (DAY + 60, True)):
        os.utime(other, (now - age,) * 2)
        assert is_abandoned(other) is expected
    for before, expected in ((5, False), (15, True)):
        os.utime(own, (began - before,) * 2)
        assert is_abandoned(own) is expected


def test_an_unfinished_file_of_a_process_that_nobody_has_waited_for_is_abandoned(
    tmp_path: Path,
) -> None:
    with subprocess.Popen([sys.executable, "-S", "-c", ""]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        (part := part_of_process(tmp_path / "file", process.pid)).touch()
        assert is_abandoned(part)


def test_only_what_is_missing_is_written(tmp_path: Path) -> None:
    (same := tmp_path / "same").write_bytes(b"1")
    before = same.stat()
    write_missing({same: b"1", tmp_path / "deep" / "new": b"2"})
    assert (same.stat().st_ino, same.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert (tmp_path / "deep" / "new").read_bytes() == b"2"


def test_other_files_are_replaced_only_on_demand(tmp_path: Path) -> None:
    (mine := tmp_path / "mine").write_bytes(b"mine")
    (too := tmp_path / "too").write_bytes(b"too")
    wanted = {mine: b"other", too: b"another", tmp_path / "new": b"new"}
    with pytest.raises(FileExistsError) as caught:
        write_missing(wanted)
    assert str(caught.value) == (
        f"Other files of these names are there: {mine}, {too}. Move them away, or allow "
        "overwriting."
    )
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "mine": b"mine",
        "too": b"too",
    }
    write_missing(wanted, overwrite=True)
    assert {path: path.read_bytes() for path in wanted} == wanted


def test_a_digest_is_of_all_that_a_file_holds(tmp_path: Path) -> None:
    """More than is read at once."""
    content = os.urandom(100) * 90_000
    (path := tmp_path / "file").write_bytes(content)
    expected = hashlib.blake2b(content, digest_size=16).hexdigest()
    assert file_digest(FILES, str(path)) == (expected, 9_000_000)
